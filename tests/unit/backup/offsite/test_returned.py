"""What comes back is held against what it was, and finds its tablespaces beside it."""

from pathlib import Path

import pytest

from standfast.core.clock import SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import CannotVerify
from standfast.mechanisms.backup.offsite.fetch import largest
from standfast.mechanisms.backup.offsite.orders import Note, Return
from standfast.mechanisms.backup.offsite.returned import ALIKE, Returned, compared, point_inside
from standfast.mechanisms.backup.orders import Order
from standfast.mechanisms.backup.pgbackrest.machine import PgBackRest
from standfast.mechanisms.backup.restore import Report
from standfast.mechanisms.backup.scratch import Scratch

TAKEN: dict[str, list[int | str]] = {"shop.public.week": [3, "12"], "cluster.roles": [8, "7"]}
RETURN = Return(
    run="1",
    snapshot="ab",
    folder="/x",
    copy="F",
    taken_at="2026-11-29T03:30:00.000Z",
    identifier="75",
    reach="0/5000028",
)


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


@pytest.mark.parametrize("inside", ["/var/lib/y/ts", "../ts", None])
def test_a_tablespace_that_lies_elsewhere_is_refused(tmp_path: Path, inside: str | None) -> None:
    links = tmp_path / "pg_tblspc"
    links.mkdir()
    if inside is None:
        (links / "16400").mkdir()
    else:
        (links / "16400").symlink_to(inside)
    with pytest.raises(CannotVerify, match="16400 does not lie beside the data"):
        point_inside(links, Path("/var/lib/x/passed"), tmp_path)


def test_what_holds_no_database_has_not_come_back(tmp_path: Path) -> None:
    """A failed check with its reason, as an old snapshot of something else is."""
    (tmp_path / "data").mkdir()
    returned = Returned(
        engine=PgBackRest(runner=SystemRunner()),
        scratch=Scratch(
            folder=tmp_path,
            programs=Path("/usr/bin"),
            user="nobody",
            runner=SystemRunner(),
            clock=SystemClock(),
        ),
        clock=SystemClock(),
        order=Order(run="1", identifier="75", reach="0/5000028"),
        report=Report(run="1"),
        asked=RETURN,
        note=Note(run="1", seconds=1.0, problem=""),
    )
    returned.run()
    (check,) = returned.report.checks
    assert (check.name, check.found, check.passed) == (
        "restored",
        "what came back is no database",
        False,
    )


def test_the_file_that_is_cut_short_is_the_largest_and_no_link(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "small").write_bytes(b"x")
    (tmp_path / "1" / "large").write_bytes(b"x" * 100)
    (tmp_path / "1" / "link").symlink_to("/proc/kcore")
    assert largest(tmp_path).name == "large"


def test_orders_and_notes_are_read_as_they_were_written() -> None:
    assert Return.from_json(RETURN.to_json()) == RETURN
    note = Note(run="1", problem="", seconds=2.5)
    assert Note.from_json(note.to_json()) == note
