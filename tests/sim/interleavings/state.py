"""What two machines, etcd and the monitors know, as far as it can matter for a lost write.

Two databases, `a` (the primary at first) and `b`. Revisions of etcd are no numbers here: whoever
has read `/sync` remembers whether it is still the one that he read, which is all that a comparison
asks; likewise a monitor remembers whether all that its transaction compares is as it was. Writes
are not counted: what matters is whether a machine lacks one that was acknowledged. So there are
finitely many states, and every one of them can be visited.
"""

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, NamedTuple

OTHER = {"a": "b", "b": "a"}

Sync = tuple[str, str]
"""Who wrote it, and who may be promoted beside him ("" for nobody)."""

READ = "has read"
"""A monitor that would find all that it compares as it was."""

BETWEEN_LOOPS = frozenset({"idle", "rebuild", "dead"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A version of the removal; by default the one that was chosen.

    `compares`: what its transaction compares. `asks_for_a_sign`: acts only after the leader wrote
    `/status` since it took the lead. `loops_end`: what Patroni itself relies on
    (docs/simulation.md).
    """

    monitors: int = 1
    compares: frozenset[str] = frozenset({"leader", "sync", "status"})
    asks_for_a_sign: bool = True
    rewrites_sync: bool = True
    puts_first: bool = False
    revokes: bool = False
    loops_end: bool = True


class Known(NamedTuple):
    """Patroni's copy of etcd, which the events of a watch bring up to date one by one. `is_new`:
    `/sync` was not written since, so a comparison with it succeeds."""

    leader: str
    sync: Sync
    is_new: bool


class Read(NamedTuple):
    """What one loop of Patroni took from its copy, and goes on with until it ends."""

    sync: Sync
    is_new: bool


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Machine:
    """A database machine. Equal ones are one object, so that comparing and hashing cost nothing.

    `postgres`: primary, standby or down. `waits`: its synchronous_standby_names names the other.
    `at`: where Patroni's loop is (`patroni.py`). `half`: what its copy will be once the first event
    of a removal has reached it and not the second; None when both have. `lacks`: a write that was
    acknowledged. `is_old`: a later timeline is in /history. `follows`: its walreceiver asks the
    other for what is new. `late`: 2 until it begins a loop that knows of the last removal, 1 in a
    loop that began while the other's was at 2.
    """

    postgres: str = "standby"
    waits: bool = False
    at: str = "idle"
    read: Read | None = None
    known: Known | None = None
    half: Known | None = None
    lease: bool = True
    lacks: bool = False
    is_old: bool = False
    follows: bool = False
    late: int = 0


VALUES = tuple(each.name for each in fields(Machine))


@cache
def machine(**values: Any) -> Machine:
    return Machine(**values)


@cache
def but(m: Machine, **changes: Any) -> Machine:
    """With other values. What was made once is not made again: there are some thousand."""
    return machine(**{name: getattr(m, name) for name in VALUES} | changes)


@cache
def idle(m: Machine) -> Machine:
    return but(m, at="idle", read=None, late=2 if m.half else 0)


@cache
def standby(m: Machine) -> Machine:
    """As it is once Patroni has demoted it."""
    return but(idle(m), postgres="standby", waits=False, is_old=False)


@cache
def dead(m: Machine, has_lease: bool) -> Machine:
    """Its data are left, and its lease as long as it lasts."""
    gone = but(m, postgres="down", waits=False, at="dead", read=None, known=None, half=None)
    return but(gone, lease=has_lease, is_old=False, follows=False, late=0)


@cache
def outdated(m: Machine) -> Machine:
    """After somebody wrote `/sync`."""
    return but(m, read=old(m.read), known=old(m.known), half=old(m.half))


def old(seen: Any) -> Any:
    return seen and seen._replace(is_new=False)


class State(NamedTuple):
    """`shown`: `/status` was written since somebody took the lead. `newest`: who was promoted last.
    `streams`: who has a walreceiver connected to the other. A monitor is "", `READ`, or about to
    revoke somebody's lease."""

    leader: str
    shown: bool
    sync: Sync
    a: Machine
    b: Machine
    newest: str
    streams: str
    monitors: tuple[str, ...]

    def of(self, name: str) -> Machine:
        return self.a if name == "a" else self.b

    def having(self, name: str, machine: Machine) -> "State":
        leader, shown, sync, a, b, newest, streams, monitors = self
        if name == "a":
            return State(leader, shown, sync, machine, b, newest, streams, monitors)
        return State(leader, shown, sync, a, machine, newest, streams, monitors)

    def known(self) -> Known:
        """What there is to be known of etcd."""
        return Known(self.leader, self.sync, True)

    def with_sync(self, sync: Sync, rules: Rules) -> "State":
        written = self._replace(sync=sync, a=outdated(self.a), b=outdated(self.b))
        return written.compared("sync", rules)

    def with_leader(self, leader: str, rules: Rules) -> "State":
        return self._replace(leader=leader, shown=False).compared("leader", rules)

    def compared(self, key: str, rules: Rules) -> "State":
        """After that key was written: who has read and compares it will change nothing."""
        if key not in rules.compares or READ not in self.monitors:
            return self
        begins = ("" if each == READ else each for each in self.monitors)
        return self._replace(monitors=tuple(sorted(begins)))

    def cut(self) -> "State":
        """Without a walreceiver that is connected."""
        return self._replace(streams="") if self.streams else self


def start(rules: Rules) -> State:
    """A primary whose secondary has everything."""
    known = Known("a", ("a", "b"), True)
    blank = but(Machine(), known=known)
    return State(
        leader="a",
        shown=True,
        sync=("a", "b"),
        a=but(blank, postgres="primary", waits=True),
        b=but(blank, follows=True),
        newest="a",
        streams="b",
        monitors=("",) * rules.monitors,
    )


def is_lost(state: State) -> bool:
    """Whether an acknowledged write is on neither machine's history, or is missing where the
    primary is that leads. So it is, too, as soon as both have acknowledged what the other lacks."""
    a, b = state.a, state.b
    if a.lacks and b.lacks:
        return True
    return (a.lacks and leads(state, "a")) or (b.lacks and leads(state, "b"))


def leads(state: State, name: str) -> bool:
    return state.leader == name and state.of(name).postgres == "primary"
