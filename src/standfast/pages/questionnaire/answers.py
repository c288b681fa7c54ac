"""What may be answered to each question now, and on what grounds: a pure function of the record.

The answer is that of the weakest promise asked for. A rehearsal is never a yes, and neither is what
a person attests, what was not proven in time, or what is not promised at all.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.explanation import Explanation, explanations
from standfast.evidence.read import Record
from standfast.evidence.scope import LeftOut, left_out
from standfast.evidence.state import PartState, PromiseState
from standfast.pages.questionnaire.questions import QUESTIONS, Question
from standfast.pages.trust import words
from standfast.promises.model import Figures, Grade, State


class Verdict(StrEnum):
    """From the strongest to the weakest."""

    YES = "yes"
    ATTESTED = "attested"
    REHEARSED = "rehearsed"
    UNPROVEN = "unproven"
    NOT_PROMISED = "not promised"
    NO = "no"


WEAKEST_FIRST = tuple(reversed(Verdict))
Explained = Mapping[int, tuple[Explanation, ...]]
OF_KEPT: Mapping[Grade | None, Verdict] = {
    Grade.REAL: Verdict.YES,
    Grade.ATTESTED: Verdict.ATTESTED,
    Grade.REHEARSED: Verdict.REHEARSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One promise. `index` is the entry that says most about it, if any does."""

    promise: str
    statement: str
    verdict: Verdict
    said: tuple[str, ...]
    index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    question: Question
    grounds: tuple[Ground, ...]

    @property
    def verdict(self) -> Verdict:
        return min((each.verdict for each in self.grounds), key=WEAKEST_FIRST.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    site: str
    checkpoint: Checkpoint
    made_at: datetime
    answers: tuple[Answer, ...]


def answered(record: Record, states: Iterable[PromiseState], *, now: datetime) -> Answers:
    """`states` are those derived from the record at `now`."""
    by_promise = {each.promise: each for each in states}
    withdrawn = {each.promise: each for each in left_out(record.entries)}
    explained = explanations(record.entries)
    return Answers(
        site=record.entries[0].statement.site if record.entries else "",
        checkpoint=record.checkpoint,
        made_at=now,
        answers=tuple(
            Answer(
                question=question,
                grounds=tuple(
                    ground(each, by_promise, withdrawn, explained) for each in question.promises
                ),
            )
            for question in QUESTIONS
        ),
    )


def ground(
    promise: str,
    states: Mapping[str, PromiseState],
    withdrawn: Mapping[str, LeftOut],
    explained: Explained,
) -> Ground:
    if state := states.get(promise):
        return Ground(
            promise=promise,
            statement=state.statement,
            verdict=verdict(state),
            said=tuple(of_state(state, explained)),
            index=state.weakest.latest,
        )
    notice = withdrawn.get(promise)
    because = f": {notice.why} (since {words.day(notice.since)})" if notice else ""
    return Ground(
        promise=promise,
        statement=notice.statement if notice else "",
        verdict=Verdict.NOT_PROMISED,
        said=(f"This site makes no such promise{because}.",),
        index=notice.index if notice else None,
    )


def verdict(state: PromiseState) -> Verdict:
    match state.state:
        case State.KEPT:
            return OF_KEPT.get(state.grade, Verdict.UNPROVEN)
        case State.UNPROVEN:
            return Verdict.UNPROVEN
        case State.BROKEN:
            return Verdict.NO


def of_state(state: PromiseState, explained: Explained) -> Iterator[str]:
    until = f", to be proven again by {words.moment(state.due_at)}" if state.due_at else ""
    yield f"{words.state(state.state, state.grade)}{until}."
    if state.state is State.UNPROVEN:
        yield words.sentence(words.plain(state.reason))
    if state.grade is Grade.REHEARSED:
        yield f"Rehearsed, because of stand-ins: {'; '.join(state.stand_ins)}."
    for part in state.parts:
        yield of_part(part)
        for each in explained.get(part.latest, ()) if part.latest is not None else ():
            yield f"Explained on {words.day(each.at)} in entry {each.index}: {each.text}"


def of_part(part: PartState) -> str:
    if part.measured is None or part.proven_at is None:
        return f"Drill {part.drill}: never proven."
    red = f"its check seen red {words.moment(part.calibrated_at)}" if part.calibrated_at else ""
    return (
        f"Drill {part.drill}, {words.moment(part.proven_at)}: "
        f"{figures(part.objective, part.measured)}; {red or 'its check was never seen red'}."
    )


def figures(objective: Figures, measured: Figures) -> str:
    return ", ".join(
        f"{words.name(key)} {words.figure(key, measured[key])} "
        f"(promised: {words.limit(key, objective[key])})"
        for key in words.in_order(objective)
        if key in measured
    )
