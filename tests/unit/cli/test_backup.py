"""What is said at three in the morning of the copies that there are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any

import pytest

from standfast.cli.backup import Seen, chosen_of, document, exit_status, holding_up, lines
from standfast.core.errors import ConfigError
from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.chain import Leg, Run
from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.retention import Policy
from standfast.mechanisms.backup.shelf import Shelf
from standfast.mechanisms.hosts.machine import Machine, Reach, Role

SUNDAY = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
NOW = SUNDAY + timedelta(days=3, hours=5)
POLICY = Policy(fulls=2)


def copy(name: str, kind: Kind, began: datetime, first: int, *needs: str) -> Copy:
    return Copy(
        name=name,
        kind=kind,
        began_at=began,
        finished_at=began + timedelta(seconds=95),
        first_segment=wal.name(1, first),
        last_segment=wal.name(1, first + 1),
        needs=needs,
        database_bytes=48_300_000_000,
        stored_bytes=9_100_000_000,
    )


OLD = copy("20261115-020000F", Kind.FULL, SUNDAY - timedelta(days=7), 10)
FULL = copy("20261122-020000F", Kind.FULL, SUNDAY, 200)
DAILY = copy(
    f"{FULL.name}_20261123-020000D", Kind.DIFFERENTIAL, SUNDAY + timedelta(days=1), 300, FULL.name
)
TURNS = tuple(
    copy(
        f"{FULL.name}_20261124-0{hour}0000I",
        Kind.INCREMENTAL,
        SUNDAY + timedelta(days=2, hours=hour),
        400 + 10 * hour,
        FULL.name,
    )
    for hour in range(3)
)
SHELF = Shelf(
    copies=(OLD, FULL, DAILY, *TURNS),
    legs=(Leg(timeline=1, begins=0),),
    commits={
        Run(first=5, last=150): SUNDAY - timedelta(days=1),
        Run(first=190, last=500): NOW - timedelta(seconds=7, milliseconds=500),
    },
)
KNOWN = Seen(machine="backup-1", holds_database=False, shelf=SHELF)
SILENT = Seen(machine="backup-2", holds_database=False, shelf=None, problem="backup-2: no answer")


def said(seen: Seen, *, every: bool = False) -> list[str]:
    found = list(lines(seen, POLICY, NOW, every=every))
    assert all(len(line) <= 80 for line in found), found
    return found


def test_first_comes_what_can_be_brought_back_the_newest_window_before_the_others() -> None:
    assert said(KNOWN)[:6] == [
        "backup-1",
        "  any second from 2026-11-22 02:01:36 to 2026-11-25 06:59:52 UTC",
        "  any second from 2026-11-15 02:01:36 to 2026-11-21 02:00:00 UTC",
        "  the newest change is 8 s old",
        "  GAP: nothing between 2026-11-21 02:00:00 and 2026-11-22 02:01:36 UTC",
        "  with the next full copy this begins at 2026-11-22 02:01:36 UTC",
    ]


def test_where_the_next_full_copy_takes_everything_that_is_said() -> None:
    shown = list(lines(KNOWN, Policy(fulls=1), NOW, every=False))
    assert "  with the next full copy this begins where that one ends" in shown
    plenty = "\n".join(lines(KNOWN, Policy(fulls=9, differentials=9), NOW, every=False))
    assert "with the next full copy" not in plenty


def test_larger_copies_and_the_newest_are_shown_the_others_counted() -> None:
    assert said(KNOWN)[6:] == [
        "  incremental   2026-11-24 04:00:00  took 95 s    9.1 GB for 48.3 GB",
        f"    {TURNS[2].name}",
        "  differential  2026-11-23 02:00:00  took 95 s    9.1 GB for 48.3 GB",
        f"    {DAILY.name}",
        "  full          2026-11-22 02:00:00  took 95 s    9.1 GB for 48.3 GB",
        f"    {FULL.name}",
        "  full          2026-11-15 02:00:00  took 95 s    9.1 GB for 48.3 GB",
        f"    {OLD.name}",
        "  and 2 incremental copies (--all shows them)",
    ]


def test_all_of_them_have_their_wal_when_it_is_asked_for() -> None:
    shown = said(KNOWN, every=True)
    assert sum("    WAL " in line for line in shown) == len(SHELF.copies)
    assert "    WAL 00000001000000000000000A to 00000001000000000000000B" in shown
    assert not any("--all" in line for line in shown)


def test_a_copy_that_lacks_wal_is_marked() -> None:
    torn = replace(SHELF, commits={Run(first=201, last=500): NOW})
    shown = said(replace(KNOWN, shelf=torn))
    assert f"    {FULL.name}  LACKS WAL" in shown
    assert f"    {TURNS[2].name}" in shown


def test_a_machine_that_holds_a_database_is_said_to_go_with_it() -> None:
    assert "would be lost with it" in said(replace(KNOWN, holds_database=True))[0]


def test_who_did_not_answer_and_who_has_nothing_are_said_apart() -> None:
    assert said(SILENT) == ["backup-2", "  not known: backup-2: no answer"]
    empty = replace(KNOWN, shelf=Shelf(copies=(), legs=(), commits={}))
    assert said(empty) == ["backup-1", "  NOTHING CAN BE BROUGHT BACK FROM HERE"]


def reached(name: str, ago: timedelta) -> Seen:
    commits = {Run(first=190, last=500): NOW - ago}
    return replace(KNOWN, machine=name, shelf=replace(SHELF, commits=commits))


def test_a_machine_that_holds_up_the_primarys_wal_is_named_and_no_other() -> None:
    well = reached("backup-1", timedelta(seconds=5))
    late = reached("backup-2", timedelta(minutes=16))
    said = list(holding_up((well, late, SILENT), NOW))
    assert said[0] == "backup-2 HAS TAKEN NO CHANGE since 2026-11-25 06:44:00 UTC."
    assert said[-1] == "  standfast logs backup-2 --unit standfast-repository.service"
    assert all(len(line) <= 80 for line in said)
    assert not list(holding_up((well, reached("backup-2", timedelta(minutes=14))), NOW))


def test_while_nothing_is_written_no_machine_is_to_blame() -> None:
    idle = timedelta(hours=2)
    assert not list(holding_up((reached("backup-1", idle), reached("backup-2", idle)), NOW))


def test_the_status_tells_nothing_to_restore_from_no_answer() -> None:
    empty = replace(KNOWN, shelf=Shelf(copies=(), legs=(), commits={}))
    assert exit_status((KNOWN, KNOWN)) == 0
    assert exit_status((KNOWN, SILENT)) == 3
    assert exit_status((KNOWN, SILENT, empty)) == 1


def test_the_document_has_every_copy_and_what_will_go() -> None:
    found: dict[str, Any] = dict(document(KNOWN, POLICY, NOW))
    assert found["windows"][1] == {
        "since": "2026-11-22T02:01:36.000Z",
        "until": "2026-11-25T06:59:52.000Z",
    }
    assert found["gaps"] == [
        {"after": "2026-11-21T02:00:00.000Z", "before": "2026-11-22T02:01:36.000Z"}
    ]
    going = {each["name"]: each["kept_after_next_full"] for each in found["copies"]}
    assert going == {each.name: each is not OLD for each in SHELF.copies}
    assert found["copies"][0]["wal"] == {"first": wal.name(1, 10), "last": wal.name(1, 11)}
    silent = document(SILENT, POLICY, NOW)
    assert (silent["answered"], silent["copies"], silent["windows"]) == (False, [], [])


def machine(name: str, *roles: Role) -> Machine:
    address = IPv4Address("10.0.0.1")
    return Machine(name=name, roles=frozenset(roles), address=address, reach=Reach(host=name))


def test_a_copy_that_counts_comes_before_one_that_is_lost_with_the_database() -> None:
    both = machine("one", Role.DATABASE, Role.BACKUP)
    apart = machine("two", Role.BACKUP)
    assert chosen_of((both, apart), None) == "two"
    assert chosen_of((both,), None) == "one"
    assert chosen_of((both, apart), "one") == "one"
    with pytest.raises(ConfigError, match="web-1 is no backup machine") as wrong:
        chosen_of((both, apart), "web-1")
    assert wrong.value.remedy == "Name one of: two, one."
