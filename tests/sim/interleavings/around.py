"""What happens to a machine at any time: PostgreSQL, the network, its lease and its power.

A machine that dies in the middle of a loop leaves what an error there leaves (`patroni.py`) and its
death right after it, which therefore is all that is followed.
"""

from functools import cache

from .patroni import Outcomes
from .state import BETWEEN_LOOPS, Known, Machine, Read, Rules, State, but, dead


def happens(state: State, x: str, o: str, rules: Rules) -> Outcomes:
    m = state.of(x)
    believes = m.known is None or m.known.leader == x or m.at == "renew"
    if m.lease and (believes or state.leader == x) and may_run_out(state, x, o, rules):
        yield "is without a lease, which has run out", without_lease(state, x, rules)
    if m.at == "dead":
        yield "is started", state.having(x, but(m, at="idle", known=state.known()))
        return
    if m.at in BETWEEN_LOOPS:
        yield "loses its power", state.cut().having(x, dead(m, state.leader == x))
    if m.known is not None:
        yield from hears(state, x, m)
    yield from postgres(state, x, o, m)


def hears(state: State, x: str, m: Machine) -> Outcomes:
    """The watch of etcd. What it holds changes nothing for the loop that is under way."""
    if m.half:
        yield "hears of the first half of the removal", state.having(x, hearing(m, m.half, x))
    if m.half or m.known != state.known():
        yield "hears of everything", state.having(x, hearing(m, state.known(), x))


@cache
def hearing(m: Machine, known: Known, x: str) -> Machine:
    """Who does not think that it leads asks for a lease anew before it tries to."""
    lease = m.lease or (known.leader != x and m.at != "renew")
    late = 0 if m.at in BETWEEN_LOOPS else m.late
    return but(m, known=known, half=None, lease=lease, late=late)


def postgres(state: State, x: str, o: str, m: Machine) -> Outcomes:
    """A write for which the other is waited for is on both, and changes nothing here that `is up to
    date` does not. Who follows has what the other has, and no more: what that one lacks is gone."""
    other = state.of(o)
    if m.postgres == "primary":
        if not m.waits and not other.lacks:
            yield "acknowledges a write alone", state.having(o, but(other, lacks=True))
        crashed = but(m, postgres="down", waits=False, is_old=False)
        yield "loses its PostgreSQL", state.cut().having(x, crashed)
    elif state.streams == x:
        yield "is cut off", state.cut()
        if m.lacks != other.lacks:
            yield "is up to date", state.having(x, but(m, lacks=other.lacks))
    elif m.postgres == "standby" and m.follows and other.postgres == "primary":
        yield f"receives from {o}", state._replace(streams=x)


def may_run_out(state: State, x: str, o: str, rules: Rules) -> bool:
    """`loops_end`: since the last renewal, twenty seconds ago, every loop that was under way has
    ended, whoever is alive has heard who leads, and has given up the lead if it was not him."""
    m, other = state.of(x), state.of(o)
    if not rules.loops_end:
        return True
    if m.at not in BETWEEN_LOOPS:
        return False
    if state.leader != x or other.at == "dead":
        return True
    knows = other.known == state.known() and not other.half
    begun = other.at == "idle" or other.read == Read(state.sync, True)
    return knows and begun and other.postgres != "primary"


def without_lease(state: State, x: str, rules: Rules) -> State:
    ended = state.having(x, but(state.of(x), lease=False))
    return ended.with_leader("", rules) if state.leader == x else ended
