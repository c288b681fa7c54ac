"""The table of entries at 80 columns, whatever it holds."""

from datetime import UTC, datetime, timedelta

from standfast.cli.entry_words import Known, table
from standfast.evidence.entries import Entry
from standfast.evidence.explanation import Explanation
from standfast.evidence.statement import Proof, Statement, TextNotice
from standfast.promises.model import Grade, Outcome

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONGEST = "data-protection-officer"


def entry(index: int, predicate: Proof | TextNotice) -> Entry:
    return Entry(index=index, signer="vantage", statement=Statement(site="s", predicate=predicate))


def proof() -> Proof:
    return Proof(
        slot=1,
        promise=LONGEST,
        drill="challenge",
        outcome=Outcome.INCONCLUSIVE,
        grade=Grade.REHEARSED,
        stand_ins=("a robot",),
        objective={},
        measured={},
        started_at=AT,
        ended_at=AT + timedelta(minutes=1),
        run="run",
        story=(),
        seen={},
    )


KNOWN = Known(
    objected={1_234_567: "it ends in the future"},
    explained={1_234_567: (Explanation(index=2, at=AT, text="x"),)},
    slots={},
)


def test_of_a_proof_nothing_is_cut_off_and_no_line_is_too_long() -> None:
    entries = [entry(1_234_567, proof()), entry(3, TextNotice(text="word " * 90, at=AT))]
    lines = list(table(entries, KNOWN))
    assert max(map(len, lines)) <= 80
    column = lines[0].index("says")
    said = " ".join(line[column:] for line in lines[1:-2])
    assert said == "inconclusive, rehearsed, does not count, explained"


def test_a_notice_takes_two_lines_at_most_and_shows_that_there_is_more() -> None:
    lines = list(table([entry(3, TextNotice(text="word " * 90, at=AT))], KNOWN))
    assert len(lines) == 3
    assert lines[-1].endswith(" …")
