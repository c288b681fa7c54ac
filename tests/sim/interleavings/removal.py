"""The removal, as a monitor does it: it reads, and later changes all of it or nothing.

It may be wrong in everything it sees of the machines: here it acts whenever the keys let it.
"""

from .around import without_lease
from .patroni import Outcomes
from .state import READ, Known, Machine, Rules, State, but


def monitors(state: State, rules: Rules) -> Outcomes:
    for place, at in enumerate(state.monitors):
        if place and state.monitors[place - 1] == at:
            continue  # one is as good as the other
        rest = state.monitors[:place] + state.monitors[place + 1 :]
        match at:
            case "":
                if is_possible(state, rules):
                    yield "reads the claim", becoming(state, rest, READ)
            case "has read":
                if state.leader and not is_too_soon(state, rules):
                    yield from remove(state, rest, rules)
            case _:
                machine = at.removeprefix("revoke ")
                ended = without_lease(becoming(state, rest, ""), machine, rules)
                yield f"revokes the lease of {machine}", ended


def becoming(state: State, rest: tuple[str, ...], at: str) -> State:
    return state._replace(monitors=tuple(sorted((*rest, at))))


def is_possible(state: State, rules: Rules) -> bool:
    """What `removal.barred` asks of the keys, and no more of what a monitor sees."""
    writer, member = state.sync
    names_somebody = bool(member) and writer == state.leader
    return names_somebody and (state.shown or not rules.asks_for_a_sign)


def is_too_soon(state: State, rules: Rules) -> bool:
    """Since the last removal, a minute ago, every loop that was under way has ended, and everybody
    alive has heard of it."""
    return rules.loops_end and bool(state.a.late or state.b.late)


def remove(state: State, rest: tuple[str, ...], rules: Rules) -> Outcomes:
    leader = state.leader
    then = becoming(state, rest, f"revoke {leader}" if rules.revokes else "")
    then = then.with_leader("", rules)
    if rules.rewrites_sync:
        then = then.with_sync(state.sync, rules)
    then = then._replace(a=told(then.a, state, rules), b=told(then.b, state, rules))
    yield f"removes the claim of {leader}", then


def told(m: Machine, before: State, rules: Rules) -> Machine:
    """Its watch has two events before it, where the removal wrote two keys that matter."""
    if m.known is None:
        return m
    half = Known("", before.sync, False)
    if rules.puts_first:
        half = Known(m.known.leader, before.sync, True)
    if not rules.rewrites_sync:
        half = before.known()._replace(leader="")
    return but(m, half=half, late=2)
