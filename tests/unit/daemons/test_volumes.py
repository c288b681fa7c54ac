"""The watch over volumes: what it keeps, and what it tells whoever asks."""

import json
from pathlib import Path

from tests.unit.clocks import HandClock

from standfast.core.command import SystemRunner
from standfast.daemons.volumes import Notes, Watch, is_older
from standfast.mechanisms.hosts.volumes import state
from standfast.mechanisms.hosts.volumes.model import Kind, Member, Scrub, Volume

NOW = 1_796_000_000.0
WELL = Volume(
    folder="/srv",
    kind=Kind.BTRFS,
    name="9efccdf9",
    members=(Member(name="1"), Member(name="2")),
    copies=2,
)


def told(*volumes: Volume, read_through: dict[str, float] | None = None) -> dict[str, object]:
    document = state.document(
        volumes, looked_at=NOW, since=NOW - 500, read_through=read_through or {}, replaced=()
    )
    return dict(state.aged(json.loads(json.dumps(document)), now=NOW + 2))


def test_what_is_told_is_dated_by_the_machines_own_clock() -> None:
    said = told(WELL, read_through={"9efccdf9": NOW - 60})
    assert said["age_s"] == 2
    (volume,) = said["volumes"]  # type: ignore[misc]
    assert volume["scrub_age_s"] == 62
    assert volume["whole"]


def test_a_volume_that_was_never_read_through_was_not_due_before_somebody_watched() -> None:
    (volume,) = told(WELL)["volumes"]  # type: ignore[misc]
    assert volume["scrub_age_s"] == 502


def test_where_nobody_watches_nothing_is_told(tmp_path: Path) -> None:
    assert state.read(tmp_path / "volumes.json") == {"age_s": None, "volumes": []}


def test_notes_are_read_as_they_were_kept(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    assert Notes.read(path, now=NOW) == Notes(since=NOW)
    notes = Notes(
        since=NOW,
        read_through={"9efccdf9": NOW},
        replaced=[state.Replaced(member="2", spare="/dev/standfast-disk-3", at=NOW)],
    )
    path.write_bytes(notes.to_json())
    assert Notes.read(path, now=NOW + 100) == notes


def test_a_scrub_that_was_just_begun_is_not_taken_for_the_one_before_it() -> None:
    """Its program says in whole seconds when it began, and a moment late."""
    begun = Scrub(began_at=NOW + 0.7, finished=False)
    assert is_older(None, begun)
    assert is_older(Scrub(began_at=NOW - 1, finished=True), begun)
    assert not is_older(Scrub(began_at=NOW, finished=True), begun)


def test_a_watch_looks_at_what_is_on_no_mirror_and_says_so(tmp_path: Path) -> None:
    watch = Watch(
        folders=("/proc",),
        disks=(),
        runner=SystemRunner(),
        clock=HandClock(),
        notes=Notes(since=NOW),
        kept_at=tmp_path / "kept" / "notes.json",
        told_at=tmp_path / "told" / "volumes.json",
    )
    assert watch.step() > 1
    (volume,) = json.loads(watch.told_at.read_text())["volumes"]
    assert (volume["kind"], volume["mirrored"], volume["whole"]) == ("plain", False, False)
    assert volume["troubles"] == ["/proc is on one disk"]
    assert json.loads(watch.kept_at.read_text())["since"] == NOW
