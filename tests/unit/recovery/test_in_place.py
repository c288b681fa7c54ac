"""Killed before any of its commands, a recovery in place is ended by the same again.

The machines are small: folders in which the real program moves databases, a Patroni that leads what
it finds when nobody else does, and keys as etcd has them.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import cast

import pytest

from standfast.core.command import Result
from standfast.core.errors import Refused, StandfastError, Unreachable
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.recovery.in_place.site import FOLDER, SWAP, InPlace
from standfast.mechanisms.recovery.in_place.swap import MARK, Swap
from standfast.mechanisms.recovery.point_in_time.look import Found
from standfast.mechanisms.recovery.point_in_time.orders import Order, Phase, State

ORDER = Order(
    folder=FOLDER,
    to=None,
    copy="one",
    copy_bytes=1000,
    first_segment="000000010000000000000003",
    segments=9,
    repository=1,
    programs="/programs",
    begun="2026-11-29T13:00:00.000Z",
)
SHOWN = (
    "Database system identifier:           77\n"
    "Latest checkpoint's REDO WAL file:    000000020000000000000006\n"
    "Latest checkpoint's TimeLineID:       2\n"
)
KEYS = ("leader", "sync", "status", "history", "config", "initialize", "members/db-1")


class Killed(BaseException):
    pass


@dataclass(slots=True)
class World:
    """`last`: the number of the command that is not carried out any more."""

    last: int | None = None
    commands: int = 0
    etcd: dict[str, str] = field(default_factory=lambda: dict.fromkeys(KEYS, "db-1"))
    bootstrapped: list[str] = field(default_factory=list)

    def count(self) -> None:
        if self.commands == self.last:
            raise Killed
        self.commands += 1


@dataclass(slots=True)
class Small:
    """One machine. `off`: it does not answer."""

    machine: Machine
    home: Path
    world: World
    active: bool = True
    off: bool = False
    order: Order | None = None
    state: State = field(default_factory=State)
    copies: int = 0

    @property
    def name(self) -> str:
        return self.machine.name

    @property
    def data(self) -> Path:
        return self.home / "data"

    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60, check: bool = True
    ) -> Result:
        if self.off:
            raise Unreachable(f"{self.name} does not answer")
        self.world.count()
        status, text = self.answer(list(argv), stdin)
        if check and status:
            raise StandfastError(f"{argv} ended with status {status}: {text}")
        return Result(status=status, stdout=text.encode(), stderr=text.encode())

    def answer(self, words: list[str], stdin: bytes) -> tuple[int, str]:
        match words:
            case ["systemctl", "stop", _]:
                self.active = False
            case ["systemctl", "start", "--no-block", _]:
                self.copies += 1
            case ["systemctl", "start", _]:
                self.started()
            case ["systemctl", "is-active", *_]:
                return (0 if self.active else 3), ""
            case ["sh", "-c", *_] if stdin:
                self.order = Order.from_json(stdin)
            case ["sh", "-c", *_]:
                (before,) = list(self.home.glob("before-*")) or [self.home / "none"]
                return (0 if before.exists() and any(before.iterdir()) else 1), ""
            case ["systemd-run", *_]:
                database(self.home / "recovered" / "data", "new")
                self.state = State(run=words[-1], phase=Phase.BROUGHT, copied=True, reached="then")
            case ["rm", "-rf", _]:
                self.state = State()
                for path in sorted((self.home / "recovered").rglob("*"), reverse=True):
                    path.rmdir() if path.is_dir() else path.unlink()
            case ["rm", "-f", _]:
                self.order = None
            case [*_] if "-m" in words:
                module, *rest = words[words.index("-m") + 1 :]
                return self.program(module, rest)
            case [*_] if "etcdctl" in words:
                return self.agreed(words)
            case ["/programs/pg_controldata", _]:
                return 0, SHOWN
            case [*_] if words[-1].endswith("pg_is_in_recovery()"):
                leads = self.active and self.world.etcd.get("leader") == self.name
                return 0, "f" if leads else "t"
            case ["curl", *_] if words[-1].endswith("/health"):
                return 0, '{"health": "true"}'
            case ["curl", *_]:
                return 0, json.dumps({"members": self.members()})
        return 0, ""

    def members(self) -> list[dict[str, str]]:
        role = "leader" if self.world.etcd.get("leader") == self.name else "replica"
        first = {"name": self.name, "role": role, "state": "running"}
        return [first, {"name": "another", "role": "sync_standby", "state": "streaming"}]

    def started(self) -> None:
        """As Patroni does: nobody leads, and there is a database; or it copies whoever leads."""
        self.active = True
        if (self.data / "PG_VERSION").exists():
            self.world.etcd.setdefault("leader", self.name)
        elif "initialize" not in self.world.etcd:
            self.world.bootstrapped.append(self.name)
        elif "leader" in self.world.etcd:
            database(self.data, "new")
            (self.data / MARK).write_text(ORDER.run)

    def program(self, module: str, words: list[str]) -> tuple[int, str]:
        if module != SWAP:
            found = Found(
                folder=FOLDER,
                order=self.order,
                state=self.state,
                running=False,
                entries=0,
                ancestor="/",
                free_bytes=10**12,
            )
            return 0, json.dumps([found.to_dict()])
        swap = Swap(
            data=self.data,
            run=words[2],
            programs=Path(words[3]),
            runner=Controldata(),
            still=lambda: not self.active,
        )
        try:
            {"take": swap.take, "aside": swap.set_aside}.get(words[0], lambda: None)()
        except StandfastError as error:
            return 1, error.problem
        return 0, json.dumps(asdict(swap.look()))

    def agreed(self, words: list[str]) -> tuple[int, str]:
        keys, key = self.world.etcd, words[-1].removeprefix("/standfast/shop/")
        if "put" in words:
            keys[words[-2].removeprefix("/standfast/shop/")] = words[-1]
        elif "get" in words:
            return 0, keys.get(key, "")
        elif "del" in words:
            gone = [each for each in keys if each == key or (key[-1] == "/" and key in each)]
            for each in gone:
                del keys[each]
        return 0, ""


class Controldata:
    def run(self, command: object, *, check: bool = True) -> Result:
        return Result(status=0, stdout=SHOWN.encode(), stderr=b"")


class StillClock:
    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> object:
        from datetime import UTC, datetime

        return datetime(2026, 11, 29, 13, 0, int(self.at) % 60, tzinfo=UTC)

    def monotonic(self) -> float:
        self.at += 1
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def database(folder: Path, what: str) -> None:
    (folder / "pg_wal" / "archive_status").mkdir(parents=True, exist_ok=True)
    (folder / "PG_VERSION").write_text(what)


def site(tmp_path: Path) -> dict[str, Small]:
    world = World()
    roles = {
        "db-1": Role.DATABASE,
        "db-2": Role.DATABASE,
        "backup-1": Role.BACKUP,
        "monitor-1": Role.MONITOR,
    }
    made = {
        name: Small(
            machine=Machine(
                name=name,
                roles=frozenset({role}),
                address=IPv4Address(f"10.0.0.{number}"),
                reach=Reach(host=name),
            ),
            home=tmp_path / name,
            world=world,
        )
        for number, (name, role) in enumerate(roles.items(), 1)
    }
    for name in ("db-1", "db-2"):
        database(made[name].data, "old")
    return made


def in_place_of(machines: dict[str, Small]) -> InPlace:
    return InPlace(
        connections=cast(dict[str, Connection], machines),
        clock=StillClock(),  # type: ignore[arg-type]
        tell=lambda who, what: None,
        site="shop",
        database="shop",
    )


def recover(machines: dict[str, Small]) -> None:
    in_place = in_place_of(machines)
    before = in_place.under_way()
    name, order = before or ("db-1", ORDER)
    if before is None:
        in_place.begin(name, order)
    in_place.bring(name, order)
    in_place.take_over(name, order)
    in_place.mirror(name)
    in_place.finish(name)


def text(folder: Path) -> str:
    return (folder / "PG_VERSION").read_text()


def must_be_recovered(machines: dict[str, Small]) -> None:
    first, second = machines["db-1"], machines["db-2"]
    assert text(first.data) == "new"
    assert text(second.data) == "new"
    for each in (first, second):
        assert text(each.home / f"before-{ORDER.run}") == "old"
        assert each.active
    assert first.world.etcd["leader"] == "db-1"
    assert first.world.etcd["initialize"] == "77"
    assert "config" in first.world.etcd
    assert first.world.bootstrapped == []
    assert first.order is None
    assert machines["backup-1"].copies >= 1


def commands_of_one(tmp_path: Path) -> int:
    machines = site(tmp_path)
    recover(machines)
    must_be_recovered(machines)
    return machines["db-1"].world.commands


def test_killed_before_any_command_the_same_again_ends_it(tmp_path: Path) -> None:
    for last in range(commands_of_one(tmp_path / "whole")):
        machines = site(tmp_path / str(last))
        world = machines["db-1"].world
        world.last = last
        with pytest.raises(Killed):
            recover(machines)
        kept = [
            text(each)
            for each in (machines["db-1"].data, machines["db-1"].home / f"before-{ORDER.run}")
            if (each / "PG_VERSION").exists()
        ]
        assert "old" in kept, last
        world.last = None
        recover(machines)
        must_be_recovered(machines)


def test_up_in_the_middle_begins_no_empty_database(tmp_path: Path) -> None:
    """Whoever gives up and says `up` has every Patroni started."""
    for last in range(commands_of_one(tmp_path / "whole")):
        machines = site(tmp_path / str(last))
        world = machines["db-1"].world
        world.last = last
        with pytest.raises(Killed):
            recover(machines)
        for name in ("db-1", "db-2"):
            machines[name].started()
        assert world.bootstrapped == [], last


def test_where_both_lost_their_database_there_is_nothing_to_keep(tmp_path: Path) -> None:
    machines = site(tmp_path)
    for name in ("db-1", "db-2"):
        for path in sorted(machines[name].data.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    recover(machines)
    assert text(machines["db-1"].data) == text(machines["db-2"].data) == "new"
    assert list((machines["db-1"].home / f"before-{ORDER.run}").iterdir()) == []


def test_a_machine_that_leads_and_is_not_reached_keeps_the_other_from_starting(
    tmp_path: Path,
) -> None:
    machines = site(tmp_path)
    machines["db-2"].off = True
    machines["db-2"].world.etcd["leader"] = "db-2"
    with pytest.raises(Refused, match="db-2 still leads"):
        recover(machines)
    assert text(machines["db-1"].data) == "old"


def test_without_the_other_machine_it_comes_back_all_the_same(tmp_path: Path) -> None:
    machines = site(tmp_path)
    machines["db-2"].off = True
    recover(machines)
    assert text(machines["db-1"].data) == "new"
    assert text(machines["db-2"].data) == "old"


def test_it_may_be_given_up_until_the_old_database_is_moved(tmp_path: Path) -> None:
    given_up = 0
    for last in range(commands_of_one(tmp_path / "whole")):
        machines = site(tmp_path / str(last))
        world = machines["db-1"].world
        world.last = last
        with pytest.raises(Killed):
            recover(machines)
        world.last = None
        in_place = in_place_of(machines)
        before = in_place.under_way()
        if before is None:
            continue
        moved = list((tmp_path / str(last)).glob("db-1/before-*"))
        if moved:
            with pytest.raises(Refused, match="out of its place"):
                in_place.abandon(*before)
            continue
        in_place.abandon(*before)
        given_up += 1
        assert in_place.under_way() is None
        assert text(machines["db-1"].data) == "old"
        assert machines["db-1"].active
        assert world.etcd["leader"] in ("db-1", "db-2")
    assert given_up > 5
