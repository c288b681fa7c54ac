"""Small machines: folders in which the real programs move databases, a Patroni that leads what it
finds when nobody else does, and keys as etcd has them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from ipaddress import IPv4Address
from pathlib import Path, PurePosixPath
from typing import cast

from standfast.core.command import Result
from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.recovery.in_place.lost import Loss
from standfast.mechanisms.recovery.in_place.ordeal import LOST
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
RECEIVED = "standfast.mechanisms.backup.receiver.received"
KEYS = ("leader", "sync", "status", "history", "config", "initialize", "members/db-1")


class Killed(BaseException):
    pass


@dataclass(slots=True)
class World:
    """`last`: the number of the command that is not carried out any more. `closed`: no copy is
    handed out."""

    last: int | None = None
    commands: int = 0
    etcd: dict[str, str] = field(default_factory=lambda: dict.fromkeys(KEYS, "db-1"))
    bootstrapped: list[str] = field(default_factory=list)
    closed: bool = False

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
    unpacked: bytes = b""

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
            case ["find", before, *_]:
                if (self.home / PurePosixPath(before).name).exists():
                    (self.home / PurePosixPath(before).name).rmdir()
            case ["systemd-run", *_] if self.world.closed:
                self.state = State(run=words[-1], phase=Phase.FAILED, problem="nobody is let in")
            case ["systemd-run", *_]:
                database(self.home / "recovered" / "data", "new")
                self.state = State(
                    run=words[-1],
                    phase=Phase.BROUGHT,
                    copied=True,
                    reached="2026-11-29T13:00:00.000Z",
                )
            case ["runuser", *_] if "tar" in words:
                self.unpacked = stdin
            case ["rm", "-rf", _]:
                self.state, self.unpacked = State(), b""
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
        if module == LOST:
            return self.lost(words[0])
        if module == RECEIVED:
            return 0, f"received by {self.name}"
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

    def lost(self, verb: str) -> tuple[int, str]:
        loss = Loss(data=self.data, still=lambda: not self.active)
        verbs = {"lose": loss.lose, "back": loss.back, "keep": loss.keep, "forget": loss.forget}
        try:
            verbs.get(verb, lambda: None)()
        except StandfastError as error:
            return 1, error.problem
        return 0, json.dumps(asdict(loss.look()))

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


def text(folder: Path) -> str:
    return (folder / "PG_VERSION").read_text()
