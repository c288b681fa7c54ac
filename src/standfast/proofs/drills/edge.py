"""Drill `edge`: cut the power of one edge while visitors read and save at every public address.

    something down? refuse → load, at each address by visitors of its own ────────→ what is stored?
                                power cut … power on … its address is with it again

A browser would try the next address of a name. These visitors do not: each keeps to one, so an
address that nobody takes over is seen to be silent. The load goes on until the machine has its own
address back: that must not interrupt anybody for long either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from standfast.core.errors import CannotVerify, Refused
from standfast.mechanisms.hosts.machine import Machine, Role
from standfast.proofs.drills import report
from standfast.proofs.drills.any_machine import refuse_if_degraded
from standfast.proofs.drills.course import Course, refuse_unless_possible
from standfast.proofs.drills.dark import go_dark, ran
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.drills.measure import Asked, measure, silence_s
from standfast.proofs.drills.mix import place
from standfast.proofs.drills.power_cut import PowerCut

WHOLE = Course(rate_per_s=40, duration_s=40, calm_s=4, cut_s=8, pinned=True)
"""A machine made here has its address back ten seconds after its power."""

SHORT = Course(rate_per_s=40, duration_s=14, calm_s=3, cut_s=7, pinned=True)
"""An address that stays with a dead machine is silent for as long as that has no power."""

END_S = 3.0
"""What is asked in the last seconds of the load has to be answered at every address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeDrill:
    def prepare(self, ground: Ground) -> None:
        refuse_if_degraded(ground)
        ground.sign_up()

    def run(self, ground: Ground, *, short: bool) -> Ran:
        course, edges = SHORT if short else WHOLE, ground.having(Role.EDGE)
        target = chosen(ground, edges)
        refuse_unless_possible(course)
        refuse_if_degraded(ground)
        dark = go_dark(ground, course, target)
        addresses = tuple(map(str, ground.contract["addresses"]))
        heard = by_address(dark.found.requests, course, addresses)
        silences = silent_s(heard, fault_at_s=dark.fault.at_s, ends_s=course.duration_s)
        back_s = dark.cut.back_s()
        measured = figures(dark.found, heard, silences, course, back_s)
        told = report.story(dark.words, dark.cut, dark.found, measured)
        made = ran(
            ground,
            course,
            dark,
            measured=measured,
            story=(*told, *map(silence, silences.items())),
            seen=seen(dark.cut, dark.found, course, silences),
            back_s=back_s,
        )
        assert back_s is not None
        if not short and measured["outage_s"] <= ground.objective["outage_s"]:
            must_have_seen_the_way_back(dark.cut, back_s, course)
        return made


def chosen(ground: Ground, edges: Sequence[Machine]) -> str:
    names = tuple(each.name for each in edges)
    if len(names) < 2:
        raise Refused("there is only one edge, so none can be spared")
    if ground.chosen is not None and ground.chosen not in names:
        raise Refused(
            f"{ground.chosen} is no edge of this site", remedy=f"Its edges are: {', '.join(names)}."
        )
    return ground.chosen or ground.drawn(names)


def by_address(
    requests: Sequence[Asked], course: Course, addresses: Sequence[str]
) -> Mapping[str, tuple[Asked, ...]]:
    """Which were asked where: by their numbers, which follow from when they were due."""
    heard: dict[str, list[Asked]] = {address: [] for address in addresses}
    for each in requests:
        number = round(each.sent_s * course.rate_per_s)
        at = place(number, sessions=course.sessions, places=len(addresses))
        heard[addresses[at]].append(each)
    return {address: tuple(found) for address, found in heard.items()}


def silent_s(
    heard: Mapping[str, Sequence[Asked]], *, fault_at_s: float, ends_s: float
) -> Mapping[str, float]:
    """By address: the longest time without an answer, from the power cut on. Raises `CannotVerify`
    where there was none before it."""
    found: dict[str, float] = {}
    for address, requests in heard.items():
        longest = silence_s(requests, fault_at_s=fault_at_s, ends_s=ends_s)
        if longest is None:
            raise CannotVerify(
                f"nothing was answered at {address} before the power cut, so its silence after it "
                "says nothing",
                remedy="Run `standfast status`.",
            )
        found[address] = longest
    return found


def figures(
    found: Found,
    heard: Mapping[str, Sequence[Asked]],
    silences: Mapping[str, float],
    course: Course,
    back_s: float | None,
) -> dict[str, float]:
    """`outage_s`: of the worst address. `silent_addresses`: those at which not all was answered in
    the end."""
    late_s = course.duration_s - END_S
    ends = ([each for each in asked if each.sent_s >= late_s] for asked in heard.values())
    return {
        **measure(found.requests, found.stored),
        "outage_s": max(silences.values()),
        "silent_addresses": sum(
            not end or not all(each.acknowledged for each in end) for end in ends
        ),
        **({} if back_s is None else {"back_s": round(back_s, 1)}),
    }


def must_have_seen_the_way_back(cut: PowerCut, back_s: float, course: Course) -> None:
    """Raises `CannotVerify` if the visitors had gone by then."""
    assert cut.restored is not None
    if cut.restored.at_s + back_s > course.duration_s - END_S:
        raise CannotVerify(
            f"{cut.machine} took its address back {back_s:.0f} s after its power came back, when "
            "nobody asked any more",
            remedy="How its way back is met was not seen. Is the computer overloaded?",
        )


def silence(found: tuple[str, float]) -> str:
    address, longest_s = found
    return f"{address} was without an answer for {longest_s:.1f} s at most"


def seen(
    cut: PowerCut, found: Found, course: Course, silences: Mapping[str, float]
) -> Mapping[str, Any]:
    return {
        **report.seen(cut, found, rate_per_s=course.rate_per_s),
        "silent_s": dict(silences),
    }
