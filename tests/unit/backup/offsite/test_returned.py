"""What comes back is held against what it was, and finds its tablespaces beside it."""

from pathlib import Path

import pytest

from standfast.mechanisms.backup.offsite.fetch import largest
from standfast.mechanisms.backup.offsite.orders import Note, Return
from standfast.mechanisms.backup.offsite.returned import ALIKE, compared, point_inside

TAKEN: dict[str, list[int | str]] = {"shop.public.week": [3, "12"], "cluster.roles": [8, "7"]}


def test_tables_that_are_as_they_were_pass() -> None:
    assert compared(dict(TAKEN), TAKEN) == ALIKE


@pytest.mark.parametrize(
    "found",
    [
        {**TAKEN, "shop.public.week": [3, "13"]},
        {**TAKEN, "shop.public.week": [2, "12"]},
        {**TAKEN, "shop.public.new": [0, "0"]},
        {"cluster.roles": TAKEN["cluster.roles"]},
        {},
    ],
)
def test_whatever_differs_is_named(found: dict[str, list[int | str]]) -> None:
    said = compared(found, TAKEN)
    assert said != ALIKE
    assert "shop.public" in said


def test_tablespaces_lead_to_where_the_data_is_now(tmp_path: Path) -> None:
    links = tmp_path / "data" / "pg_tblspc"
    links.mkdir(parents=True)
    (links / "16400").symlink_to("/var/lib/x/passed/tablespaces/16400/ts")
    point_inside(links, Path("/var/lib/x/passed"), tmp_path)
    assert (links / "16400").readlink() == tmp_path / "tablespaces" / "16400" / "ts"


def test_the_file_that_is_cut_short_is_the_largest_and_no_link(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "small").write_bytes(b"x")
    (tmp_path / "1" / "large").write_bytes(b"x" * 100)
    (tmp_path / "1" / "link").symlink_to("/proc/kcore")
    assert largest(tmp_path).name == "large"


def test_orders_and_notes_are_read_as_they_were_written() -> None:
    order = Return(
        run="1",
        snapshot="ab",
        folder="/x",
        copy="F",
        taken_at="2026-11-29T03:30:00.000Z",
        identifier="75",
        reach="0/5000028",
    )
    assert Return.from_json(order.to_json()) == order
    note = Note(run="1", problem="", seconds=2.5)
    assert Note.from_json(note.to_json()) == note
