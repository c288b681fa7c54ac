"""Every state that can be reached, breadth first: what is found is as short as it can be."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from .around import happens
from .patroni import loop
from .removal import monitors
from .state import OTHER, Rules, State, is_lost, start

Reached = dict[State, tuple[State, str, str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`story`: how a write is lost, one step a line; empty where none is."""

    states: int
    steps: int
    story: tuple[str, ...]


def explore(rules: Rules) -> Found:
    first = start(rules)
    reached: Reached = {first: None}
    waiting = deque([first])
    count = 0
    while waiting:
        state = waiting.popleft()
        for who, what, then in steps(state, rules):
            count += 1
            if then in reached:
                continue
            reached[then] = (state, who, what)
            if is_lost(then):
                return Found(states=len(reached), steps=count, story=story(reached, then))
            waiting.append(then)
    return Found(states=len(reached), steps=count, story=())


def steps(state: State, rules: Rules) -> Iterator[tuple[str, str, State]]:
    for x, o in OTHER.items():
        if state.of(x).at != "dead":
            for what, then in loop(state, x, o, rules):
                yield x, what, then
        for what, then in happens(state, x, o, rules):
            yield x, what, then
    for what, then in monitors(state, rules):
        yield "a monitor", what, then


def story(reached: Reached, end: State) -> tuple[str, ...]:
    lines = []
    step = reached[end]
    while step is not None:
        before, who, what = step
        lines.append(f"{who} {what}")
        step = reached[before]
    return tuple(reversed(lines))
