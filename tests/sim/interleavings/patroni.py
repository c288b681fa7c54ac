"""Patroni's loop, step by step, as `patroni/ha.py` of 4.1 has it. It may be held up before each.

    idle → reads its copy of etcd
      it leads:         renew → status → look, or prepromote where PostgreSQL is a standby
      nobody leads:     acquire → load → look, or prepromote
      another leads:    a primary is demoted, a standby follows
    prepromote → promote           writes itself alone into /sync, and then becomes primary
    look → drop → alone → history  what it sees of the other in PostgreSQL, and /sync after it:
    look → wait → again → add      the names in PostgreSQL first to add, /sync first to remove

A loop may end before every step (an error), a change may be made and its answer be lost, and a
primary may be demoted at any time (no etcd). Left out is what only makes Patroni more careful: that
a standby asks the other's REST API whether a primary is alive, and `failsafe_mode`, in which it
stands back for twenty seconds.
"""

from collections.abc import Iterator
from functools import cache

from .state import OTHER, Machine, Read, Rules, State, Sync, but, idle, standby

Outcomes = Iterator[tuple[str, State]]
"""What happens, and what is then."""

WITHOUT_POSTGRES = frozenset(
    {"renew", "status", "acquire", "load", "drop", "drop, look", "drop, wait", "add"}
)
"""What is asked of etcd alone. All else ends in an error where PostgreSQL has gone meanwhile."""

NEEDS_READ = frozenset({"look", "drop", "drop, look", "drop, wait", "wait", "again", "add"})


def loop(state: State, x: str, o: str, rules: Rules) -> Outcomes:
    """The next step of `x`; `o` is the other machine."""
    m = state.of(x)
    match m.at:
        case "idle":
            yield from begin(state, x, m, rules)
            return
        case "rebuild":
            yield "reads etcd anew", state.having(x, but(m, at="idle", known=state.known()))
            return
    yield "has an error, and ends its loop", state.having(x, idle(m))
    if m.postgres == "down" and m.at not in WITHOUT_POSTGRES:
        return
    match m.at:
        case "renew":
            yield from renew(state, x, m, rules)
        case "status":
            yield from write_status(state, x, m, rules)
        case "acquire":
            yield from acquire(state, x, m, rules)
        case "load":
            yield "reads again", state.having(x, reconciling(m, read(m)))
        case "prepromote":
            for how, then in write_sync(state, x, (x, ""), "promote", rules):
                yield f"writes itself alone into /sync{how}", then
        case "promote":
            promoted = but(idle(m), postgres="primary", waits=False, follows=False)
            yield "is promoted", state.cut()._replace(newest=x).having(x, promoted)
        case _:
            yield from reconcile(state, x, o, rules)


def begin(state: State, x: str, m: Machine, rules: Rules) -> Outcomes:
    assert m.known is not None
    leader, (_, member), _ = m.known
    if m.postgres == "down":
        yield "starts PostgreSQL as a standby", state.having(x, but(m, postgres="standby"))
        if leader == state.leader == x and member:
            released = state.with_leader("", rules)
            after = but(m, postgres="standby", known=m.known._replace(leader=""))
            yield "hands the lead over", released.having(x, after)
            yield "hands it over, and the answer is lost", unheard(released, x)
        return
    if m.postgres == "primary":
        yield "demotes itself, without etcd", demoted(state, x)
    begun = but(m, late=1) if m.late == 0 and state.of(OTHER[x]).late == 2 else m
    if leader == x:
        yield "reads that it leads", state.having(x, but(begun, at="renew", read=read(m)))
    elif m.postgres == "primary" and (leader or m.is_old):
        yield "reads that it does not lead, and demotes itself", demoted(state, x)
    elif leader and not m.follows:
        yield "reads that the other leads, and follows", state.having(x, but(m, follows=True))
    elif not leader and (m.postgres == "primary" or x in m.known.sync):
        yield "reads that nobody leads", state.having(x, but(begun, at="acquire"))


def renew(state: State, x: str, m: Machine, rules: Rules) -> Outcomes:
    """With its lease alive it believes its copy; with a new one it looks at the key."""
    if m.lease:
        yield "renews its lease", state.having(x, but(m, at="status"))
    elif state.leader in ("", x):
        yield "claims the lead on a new lease", leading(state, x, but(m, at="status"), rules)
        yield "claims the lead, and the answer is lost", unheard(leading(state, x, m, rules), x)
    else:
        yield "finds that another leads, and demotes itself", demoted(state, x)


def write_status(state: State, x: str, m: Machine, rules: Rules) -> Outcomes:
    then = reconciling(m, m.read)
    written = state._replace(shown=True).compared("status", rules)
    yield "writes /status", written.having(x, then)
    yield "has nothing new for /status", state.having(x, then)


def acquire(state: State, x: str, m: Machine, rules: Rules) -> Outcomes:
    if not state.leader:
        yield "takes the lead", leading(state, x, but(m, at="load"), rules)
        taken = leading(state, x, m, rules)
        yield "takes the lead, and the answer is lost", unheard(taken, x)
        if m.postgres == "primary":
            yield "takes the lead unheard, and demotes itself", unheard(demoted(taken, x), x)
    elif m.postgres == "primary":
        yield "cannot take the lead, and demotes itself", demoted(state, x)
    else:
        yield "cannot take the lead", state.having(x, idle(m))


def reconcile(state: State, x: str, o: str, rules: Rules) -> Outcomes:
    """`Ha._process_multisync_replication`, and the history after it."""
    m = state.of(x)
    has_all = state.streams == o and not state.of(o).lacks
    match m.at:
        case "look":
            then = wanted(m, x, o, streams=state.streams == o, has_all=has_all)
            seen = "streaming" if state.streams == o else "gone"
            yield f"sees {o} {seen}", state.having(x, moved(m, then))
        case "drop" | "drop, look" | "drop, wait":
            then = m.at.removeprefix("drop, ") if m.at != "drop" else "alone"
            for how, after in write_sync(state, x, (x, ""), then, rules):
                yield f"takes {o} out of /sync{how}", after
        case "alone":
            yield "waits for nobody from now on", state.having(x, moved(m, "history", waits=False))
        case "wait":
            yield f"waits for {o} from now on", state.having(x, moved(m, "again", waits=True))
        case "again":
            then = "add" if has_all else "history"
            yield (
                f"sees {o} {'up to date' if has_all else 'behind'}",
                state.having(x, moved(m, then)),
            )
        case "add":
            for how, after in write_sync(state, x, (x, o), "history", rules):
                yield f"writes {o} into /sync{how}", after
        case "history":
            ended = state.having(x, idle(m))
            other = state.of(o)
            outlived = other.postgres == "primary" and state.newest == x
            yield "ends its loop", ended.having(o, but(other, is_old=True)) if outlived else ended


def wanted(m: Machine, x: str, o: str, *, streams: bool, has_all: bool) -> str:
    """Where its loop goes after it has looked."""
    assert m.read is not None
    writer, member = m.read.sync
    if writer != x:
        return "drop, look"
    is_member = member == o
    is_ready = streams and m.waits and (is_member or has_all)
    if streams == is_member == m.waits:
        return "history"
    if not streams:
        return "drop" if is_member else "alone"
    if is_ready:
        return "add"
    return "drop, wait" if is_member else "wait"


def write_sync(state: State, x: str, sync: Sync, then: str, rules: Rules) -> Outcomes:
    """By comparison with what this loop has read."""
    m = state.of(x)
    assert m.read is not None
    if not m.read.is_new:
        yield ", in vain", state.having(x, idle(m))
        return
    written = state.with_sync(sync, rules)
    m = written.of(x)
    assert m.known is not None
    known = m.known._replace(sync=sync, is_new=True)
    knows = but(m, known=known, half=None, read=Read(sync, True))
    yield "", written.having(x, moved(knows, then))
    yield ", and the answer is lost", unheard(written, x)


def read(m: Machine) -> Read:
    assert m.known is not None
    return Read(m.known.sync, m.known.is_new)


def reconciling(m: Machine, what: Read | None) -> Machine:
    return but(m, at="look" if m.postgres == "primary" else "prepromote", read=what)


@cache
def moved(m: Machine, then: str, **changes: object) -> Machine:
    return but(m, at=then, read=m.read if then in NEEDS_READ else None, **changes)


def unheard(state: State, x: str) -> State:
    """After a question without an answer Patroni reads its copy anew, from another voter."""
    m = but(state.of(x), at="rebuild", read=None, known=None, half=None, late=0)
    return state.having(x, m)


def leading(state: State, x: str, m: Machine, rules: Rules) -> State:
    assert m.known is not None
    m = but(m, lease=True, known=m.known._replace(leader=x))
    return state.with_leader(x, rules).having(x, m)


def demoted(state: State, x: str) -> State:
    return state.cut().having(x, standby(state.of(x)))
