"""What is derived step by step as a log grows is what is derived from all of it at once."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from tests.unit.evidence.conftest import BAD, GOOD, OBJECTIVE, hour

from standfast.core.units import duration
from standfast.evidence.dossier import dossiers, objections
from standfast.evidence.entries import NO_ENTRIES, Entries, by_kind, folded
from standfast.evidence.scope import left_out
from standfast.evidence.slots import Announced, Course, Proven, Span, announced, missed
from standfast.evidence.state import LOOKING_BACK, derive
from standfast.evidence.statement import Kind, ScopeNotice, Unpromised
from standfast.pages.trust.changes import changes
from standfast.pages.trust.feed import happenings
from standfast.pages.trust.text import versions

PROMISES = ("redundant-web", "restore-works")
DRILLS = ("web-server", "restore", None)
HOURS = 24 * 200
"""More than twice as long as anything is looked back."""


def some_log(told, draw: random.Random):
    """A log of months in which nearly everything that can be wrong is, now and then."""
    told.enrol(0)
    at = 0.0
    while at < HOURS:
        promise, drill = draw.choice(PROMISES), draw.choice(DRILLS)
        at += draw.choice((1, 6, 30, 100))
        begins = at - draw.choice((0, 0, 0, 500, HOURS / 2))
        match draw.randrange(9):
            case 0 | 1 | 2:
                objective = draw.choice((OBJECTIVE, OBJECTIVE, {"failed_requests": 5}))
                until = begins + draw.choice((12, 24, 24, 3000))
                told.slot(begins, until, promise=promise, drill=drill, objective=objective)
            case 3 | 4 | 5 | 6:
                slots = [n for n, each in enumerate(told.entries()) if each.kind is Kind.SLOT]
                slot = draw.choice([*slots, 0, 10_000])
                measured = draw.choice((GOOD, GOOD, GOOD, BAD, {}))
                drill = drill or "web-server"
                told.prove(slot, begins + 0.5, measured, promise=promise, drill=drill)
            case 7:
                red = draw.choice((BAD, BAD, GOOD))
                told.calibrate(begins, red=red, promise=promise, drill=drill or "web-server")
            case _:
                told.add(
                    ScopeNotice(
                        text="said",
                        at=hour(at),
                        not_promised=tuple(
                            Unpromised(promise=each, statement="It is so.", why="not yet")
                            for each in draw.sample(PROMISES, draw.randrange(3))
                        ),
                    )
                )
    return told.entries()


def everything(entries, now):
    found = dossiers(entries, now=now)
    return {
        "states": derive(entries, now=now),
        "announced": tuple(announced(entries, now=now)),
        "dossiers": [(each.promise, each.drill, each.slots, each.proofs) for each in found],
        "newest": [(each.newest, each.calibrated, each.objections) for each in found],
        "objections": objections(entries, now=now),
        "left out": left_out(entries),
        "versions": versions(entries, now=now),
        "changes": changes(entries, now=now),
        "happenings": happenings(entries, now=now),
        "kinds": by_kind(entries),
    }


@pytest.mark.parametrize("seed", range(25))
def test_a_log_that_grows_says_what_it_says_when_it_is_read_at_once(told, seed):
    draw = random.Random(seed)
    entries = some_log(told, draw)
    grown = NO_ENTRIES
    steps = sorted({0, len(entries), *(draw.randrange(len(entries)) for _ in range(6))})
    for start, end in pairwise(steps):
        grown = grown.then(entries[start:end])
        now = hour(draw.choice((HOURS + 1, HOURS / 2, HOURS * 2)))
        assert everything(grown, now) == everything(tuple(entries[:end]), now)
    assert grown == entries


@pytest.mark.parametrize("seed", range(25))
def test_what_was_missed_is_found_from_the_end_as_from_the_beginning(told, seed):
    draw = random.Random(seed)
    entries = some_log(told, draw)
    for now in map(hour, (HOURS + 1, HOURS / 2, HOURS * 2)):
        since = now - LOOKING_BACK
        for each in dossiers(entries, now=now):
            proofs = [counted.proof for counted in each.proofs]
            found = missed(each.course, Proven.by(proofs), since=since, now=now)
            assert found == missed_by_the_book(each.slots, proofs, now, since)


def missed_by_the_book(slots, proofs, now, since):
    """Every slot is asked about every proof, and every gap is looked at."""
    found = {
        Span(each.slot.starts_at, each.slot.until)
        for each in slots
        if each.slot.until < now
        and not any(
            proof.slot == each.index or each.slot.starts_at <= proof.ended_at <= each.slot.until
            for proof in proofs
        )
    }
    found |= set(gaps_by_the_book(slots, now))
    return tuple(sorted(each for each in found if each.until >= since))


def gaps_by_the_book(slots, now: datetime) -> Iterator[Span]:
    covered, period = None, timedelta()
    for each in sorted(slots, key=lambda each: each.covers_from):
        if covered is not None and each.covers_from - covered > period:
            yield Span(covered, each.covers_from)
        covered = max(covered or each.slot.until, each.slot.until)
        period = timedelta(seconds=each.slot.period_s)
    if covered is not None and now - covered > period:
        yield Span(covered, now)


def test_a_course_that_grows_is_the_one_that_is_made_at_once(told):
    for begins in (0, 48, 24, 24, 200, 100):
        told.slot(begins, begins + 24)
    slots = tuple(announced(told.entries(), now=hour(1000)))
    whole, grown = Course().then(slots), Course()
    for each in slots:
        grown = grown.then([each])
    assert grown == whole
    for moment in map(hour, range(0, 250, 6)):
        assert whole.lasting(moment) == [each for each in slots if each.slot.until >= moment]


def test_a_drill_that_is_named_only_later_is_meant_by_slots_that_named_none(told):
    told.slot(0, 24, drill=None)
    before = Entries(told.entries())
    assert [each.drill for each in announced(before, now=hour(1))] == [""]
    told.prove(0, 1)
    after = before.then(told.entries()[1:])
    assert [each.drill for each in announced(after, now=hour(2))] == ["web-server"]
    assert [(each.drill, len(each.proofs)) for each in dossiers(after, now=hour(2))] == [
        ("web-server", 1)
    ]


def test_what_was_folded_is_not_folded_again_and_what_is_new_is(kept):
    seen: list[tuple[int, int]] = []

    def count(before, entries, since):
        seen.append((before or 0, since))
        return len(entries)

    entries = Entries(kept.entries()[:3])
    assert [folded(entries, count), folded(entries, count)] == [3, 3]
    grown = entries.then(kept.entries()[3:])
    assert folded(grown, count) == 4
    assert folded(entries, count) == 3
    assert seen == [(0, 0), (3, 3)]


def test_entries_are_equal_to_a_tuple_of_them(kept):
    assert Entries(kept.entries()) == kept.entries()
    assert NO_ENTRIES == ()
    assert isinstance(announced(kept.entries(), now=hour(9))[0], Announced)
    assert duration(LOOKING_BACK) == "90 d"
