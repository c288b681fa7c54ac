"""Three monitors in one process, each on its own folder, that see each other as the real ones do:
through etcd (in memory) and through what `daemons/pages.py` would hand over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.monitor.memory_store import MemoryStore

from standfast.core.errors import Unreachable
from standfast.daemons.pages import file_for
from standfast.evidence import merkle
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.cosignature import cosignatures, cosigner, witness_name
from standfast.evidence.draft import Drafts
from standfast.evidence.head import majority
from standfast.evidence.log import Log
from standfast.evidence.note import Verifier
from standfast.evidence.read import Record, read_log
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.transport import FolderTransport, Missing
from standfast.evidence.witness import Witness
from standfast.mechanisms.monitor.mirror import Mirror, Turn
from standfast.mechanisms.monitor.session import LEASE_S, Session

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORIGIN = "example.localhost/trust/log"
KEY = Ed25519Signer.from_seed(ORIGIN, bytes(32))
NAMES = ("monitor-1", "monitor-2", "monitor-3")


@dataclass
class HandClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - NOON).total_seconds() + 1000

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def witness_key(name: str, draw: int = 0) -> Ed25519Signer:
    seed = bytes([draw]) + name.encode().ljust(31)
    return Ed25519Signer.from_seed(witness_name(ORIGIN, name), seed)


@dataclass
class WatchedSigner:
    """Remembers every checkpoint that it was ever asked to sign: one for all monitors."""

    name: str = KEY.name
    public_key: bytes = KEY.public_key
    roots: dict[int, set[bytes]] = field(default_factory=dict)

    def sign(self, data: bytes) -> bytes:
        checkpoint = Checkpoint.from_text(data.decode())
        self.roots.setdefault(checkpoint.size, set()).add(checkpoint.root)
        return KEY.sign(data)


@dataclass
class Steps:
    """Counts what one monitor does to the world outside itself; `before` or `after` the step
    number `stop`, something happens."""

    stop: int = -1
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    done: int = 0

    def around(self, act: Callable[[], Any]) -> Any:
        number, self.done = self.done, self.done + 1
        if number == self.stop:
            self.before()
        made = act()
        if number == self.stop:
            self.after()
        return made


@dataclass
class SteppedStore:
    """etcd, each question a step."""

    store: MemoryStore
    steps: Steps

    def __getattr__(self, name: str) -> Any:
        return lambda *words: self.steps.around(lambda: getattr(self.store, name)(*words))


@dataclass
class Pages:
    """What a monitor hands to another one; nothing when it is off."""

    home: Path
    is_on: Callable[[], bool]

    def fetch(self, path: str) -> bytes:
        if not self.is_on():
            raise Unreachable("no answer")
        found = file_for(f"/{path}", self.home)
        if found is None:
            raise Missing(f"the log has no {path}")
        return found.read_bytes()


@dataclass
class Three:
    """Monitors that are on take turns until nobody has anything to do. `bare` was shown before
    there were witnesses."""

    folder: Path
    names: tuple[str, ...] = NAMES
    clock: HandClock = field(default_factory=HandClock)
    signer: WatchedSigner = field(default_factory=WatchedSigner)
    wanted: list[bytes] = field(default_factory=list)
    on: set[str] = field(default_factory=set)
    steps: dict[str, Steps] = field(default_factory=dict)
    mirrors: dict[str, Mirror] = field(default_factory=dict)
    shown: list[Checkpoint] = field(default_factory=list)
    keys: dict[str, Ed25519Signer] = field(default_factory=dict)
    bare: bytes = b""

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.clock.monotonic)
        self.keys |= {name: witness_key(name) for name in self.names}
        for name in self.names:
            self.start(name)

    def start(self, name: str) -> None:
        """A process that knows only what is on its disk."""
        home = self.folder / name
        self.on.add(name)
        steps = self.steps[name] = Steps()
        store = SteppedStore(self.store, steps)

        def write(path: Path, content: bytes) -> None:
            def put() -> None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

            steps.around(put)

        key = Verifier.of(KEY.name, KEY.public_key)
        log = Log(home / "www" / "log", key, write=write)
        self.mirrors[name] = Mirror(
            machine=name,
            log=log,
            drafts=Drafts(folder=home / "drafts", origin=ORIGIN, write=write),
            signer=self.signer,
            witness=Witness(folder=home / "witness", log=key, signer=self.keys[name], write=write),
            witnesses={each: cosigner(signer) for each, signer in self.keys.items()},
            store=store,
            session=Session(store=store, clock=self.clock),
            peers=self.peers(name),
            clock=self.clock,
            leaves=lambda: self.missing(log),
        )

    def peers(self, name: str) -> Mapping[str, Pages]:
        return {
            other: Pages(self.folder / other, lambda other=other: other in self.on)
            for other in self.names
            if other != name
        }

    def missing(self, log: Log) -> list[bytes]:
        held = {log.entry(n) for n in range(log.published.size)}
        return [each for each in self.wanted if each not in held]

    def turn(self, name: str) -> Turn:
        turn = self.mirrors[name].turn()
        self.shown.append(self.mirrors[name].log.published)
        self.must_be_cosigned(name)
        return turn

    def settle(self) -> None:
        """Long enough for a lease to end and for everybody to look several times."""
        for _ in range(3):
            self.clock.sleep(LEASE_S / 2)
            for _ in range(2):
                for name in sorted(self.on):
                    self.turn(name)

    def want(self, *leaves: bytes) -> None:
        self.wanted += leaves

    def writer(self) -> str:
        return self.store.read()["/standfast-evidence/writer"].data.decode()

    def published(self, name: str) -> tuple[bytes, ...]:
        log = self.mirrors[name].log
        return tuple(log.entry(n) for n in range(log.published.size))

    def record(self, name: str) -> Record:
        folder = self.folder / name / "www" / "log"
        return read_log(FolderTransport(folder), Verifier.of(KEY.name, KEY.public_key).vkey)

    def must_be_cosigned(self, name: str) -> None:
        """Whatever is shown anywhere at any time, a majority of witnesses stands by."""
        note = self.mirrors[name].log.published_note
        if note and note != self.bare:
            assert len(self.cosigners(note)) >= majority(self.names)

    def cosigners(self, note: bytes) -> list[str]:
        found = cosignatures(note, map(cosigner, self.keys.values()))
        return [each.witness.name.rpartition("/")[2] for each in found]

    def must_be_one_log(self) -> None:
        """All that is on shows the same, whole; each entry once; nothing that was ever shown or
        signed contradicts it."""
        first, *others = (self.published(name) for name in sorted(self.on))
        assert all(each == first for each in others)
        assert sorted(first) == sorted(self.wanted), "logged once each"
        hashes = [merkle.leaf_hash(each) for each in first]
        for name in self.on:
            held = self.mirrors[name].drafts.held()
            assert all(then.size >= len(first) for then in held), "kept what is long logged"
            record = self.record(name)
            wrong = [each for each in record.complaints if "does not count" not in each]
            assert [each for each in wrong if "more of this sort" not in each] == []
        assert all(len(roots) == 1 for roots in self.signer.roots.values()), "two of one size"
        for size, (root,) in self.signer.roots.items():
            assert merkle.root(hashes[:size]) == root
        for each in self.shown:
            assert merkle.root(hashes[: each.size]) == each.root


@pytest.fixture
def three(tmp_path: Path) -> Three:
    return Three(tmp_path)
