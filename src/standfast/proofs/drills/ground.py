"""What a drill may touch of a site, and what it hands back: the same for every drill."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any, Protocol
from uuid import UUID

from cryptography.x509 import Certificate

from standfast.core.clock import Clock
from standfast.core.errors import Unreachable
from standfast.evidence import merkle
from standfast.evidence.statement import ShownCertificate
from standfast.mechanisms.backup.offsite.store import Store
from standfast.mechanisms.hosts.bundle import Flow
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.rollout.links import Link
from standfast.promises.model import Figures
from standfast.proofs.drills.watching import Serving

LOAD = "standfast.proofs.drills.load"


class Power(Protocol):
    def cut(self, machine: str) -> None:
        """Off, as if the plug were pulled, within 100 ms."""

    def restore(self, machine: str) -> None:
        """On again; returns before the machine has started. Safe to repeat."""


class Disks(Protocol):
    """Those of machines made here. Disks are counted among the members of a machine's volume, as
    often round as one likes. What would lose data is `Refused`."""

    def overwrite(self, machine: str, number: int, run: UUID) -> int:
        """Bytes drawn from the run, over everything that one disk holds. Return how many."""

    def fail(self, machine: str, number: int) -> None:
        """One disk is dead from now on."""

    def mend(self, machine: str) -> None:
        """A new disk in the place of each dead one. Safe to repeat."""


class Vantage(Protocol):
    def start(self, plan: bytes) -> IO[bytes]:
        """Start `load.py` where customers are; give it `plan`, return what it prints: a pipe."""

    def look(self, module: str, asked: bytes, *, limit_s: float) -> bytes:
        """Run another program of ours there, to its end; return all that it prints. Raises
        `CommandFailed`, or `Unreachable` after `limit_s`."""


class Asking(Protocol):
    def ask(self, machine: str, verb: str, **values: Any) -> dict[str, Any]:
        """Ask a machine's agent, as the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What came back from a backup machine, beside the database of `machine`. `newest`: the time of
    its last change; None where there was none to replay."""

    machine: str
    copy: str
    newest: datetime | None


class Recovery(Protocol):
    """`standfast recover --into site`, in its steps, with what is there set aside before."""

    def must_be_possible(self) -> None:
        """Looks, and raises what keeps it from being done."""

    def lose(self) -> None:
        """Every database machine has its database set aside. The power is cut next."""

    def reach(self) -> None:
        """Wait until the database machines, switched on again, let somebody in."""

    def bring(self) -> Brought:
        """Raises `StandfastError` where nothing comes back."""

    def take_over(self) -> None:
        """What came back is the site's, and the service answers."""

    def put_back(self) -> None:
        """What was set aside is the site's again, and the service answers."""

    def keep(self) -> Mapping[str, str]:
        """The end of it: mirrored again, and what was set aside is kept where this says."""

    def stop(self) -> None:
        """From another thread: whatever goes on raises soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What became of a site that was taken for lost `lost_at`, at another place. `problem`: why
    nobody got in; then what is not known is left as it is. `newest`: the time of its newest change.
    `entries` and `root` (hex): of the evidence log that it shows. `envelope`: how the operators'
    own stands. `gone`: what could not be seen from there. `seconds`: its steps."""

    lost_at: datetime
    problem: str = ""
    signed_in_at: datetime | None = None
    newest: datetime | None = None
    snapshot: str = ""
    name: str = ""
    addresses: tuple[str, ...] = ()
    entries: int = 0
    root: str = ""
    envelope: str = ""
    gone: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


class Facility(Protocol):
    """Another place, at which the site can come back while it lives on here."""

    def must_be_possible(self) -> None:
        """Looks, and raises what keeps it from being done."""

    def rehearse(self) -> Returned:
        """`standfast recover --site`, and a customer signs in; nothing of it is left. Where it
        fails it says why; raises `StandfastError` where it could not even be tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The record as customers are shown it: the hashes of its entries, which its key has signed.
    `log` is that key in one line, `policy` whose cosignatures are required (C2SP tlog-policy)."""

    log: str
    policy: str
    leaves: tuple[bytes, ...]

    @property
    def size(self) -> int:
        return len(self.leaves)

    def root(self, size: int) -> str:
        """Of its first entries, in hexadecimal."""
        return merkle.root(self.leaves[:size]).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """`contract`: addresses, port, host, ca_file, account, password and the canary's requests.
    `serving` says of every web machine whether the service answers on it, `well` of one machine
    whether all its units run, and its public address is with it; both are called from a second
    thread too. `objective` is this site's.
    `programs` is the folder of our own source on every machine, `database` the service's.
    `store` is off site, where the site has one; `recovery` brings the database back in its place,
    `facility` the whole site at another.
    `run` is drawn at random for this run: machines and the ids of writes are drawn from it. `names`
    are the site's; `shown` says which certificates the log names, `authorities` who signs for the
    site itself, `published` reads the log as customers do. `python` is the interpreter of our
    daemons on every machine. `chosen`: the machine that the operator named. `flows`: what may open
    a connection to each machine. `mirrored`: those whose volumes are meant to be; `disks` are there
    where a drill may break them."""

    machines: tuple[Machine, ...]
    connections: Mapping[str, Connection]
    agents: Asking
    power: Power
    vantage: Vantage
    contract: Mapping[str, Any]
    links: Callable[[], tuple[Link, ...]]
    flows: Callable[[], Mapping[str, tuple[Flow, ...]]]
    programs: str
    python: str
    published: Callable[[], Published]
    database: str
    store: Store | None
    recovery: Recovery
    facility: Facility
    serving: Serving
    well: Callable[[str], bool]
    objective: Figures
    sign_up: Callable[[], None]
    names: tuple[str, ...]
    shown: Callable[[], tuple[ShownCertificate, ...]]
    authorities: Callable[[], tuple[Certificate, ...]]
    clock: Clock
    tell: Callable[[str], None]
    run: UUID
    chosen: str | None = None
    mirrored: tuple[str, ...] = ()
    disks: Disks | None = None
    made_here: bool = True

    def having(self, role: Role) -> tuple[Machine, ...]:
        return having(self.machines, role)

    def drawn(self, names: tuple[str, ...]) -> str:
        return names[self.run.int % len(names)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one run found. `seen` is what goes into the evidence beside the figures: plain JSON.
    `stand_ins`: what of this run was not the real thing, beside what the machines tell."""

    target: str
    run: str
    measured: dict[str, float]
    story: tuple[str, ...]
    seen: Mapping[str, Any]
    started_at: datetime
    ended_at: datetime
    stand_ins: tuple[str, ...] = ()


class NotBack(Unreachable):
    """The machine has its power and does not serve. What was measured stands: `ran`."""

    def __init__(self, ran: Ran, within_s: float) -> None:
        super().__init__(
            f"{ran.target} does not serve {within_s:.0f} s after its power came back",
            remedy=f"Run `standfast logs {ran.target}`; what was measured is still true.",
        )
        self.ran = ran


class Drill(Protocol):
    """One way to prove a part of a promise: a deliberate fault, or an observation."""

    def prepare(self, ground: Ground) -> None:
        """Refuse what cannot be done, and make ready what it needs; nothing is disturbed yet."""

    def run(self, ground: Ground, *, short: bool) -> Ran:
        """Attack, or observe. `short`: the planted fault is in place and will show soon.

        Raises `Refused` before anything was done; `Unreachable` or `CannotVerify` when nothing can
        be claimed; `NotBack` with the measurement. What was switched off is on again in any case.
        """
