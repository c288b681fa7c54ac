"""The table of entries at 80 columns, whatever it holds."""

from datetime import UTC, datetime, timedelta

from standfast.cli.entry_words import Known, document, lines, table
from standfast.evidence.entries import Entry
from standfast.evidence.explanation import Explanation
from standfast.evidence.statement import Answers, Availability, Proof, Statement, TextNotice
from standfast.promises.model import Grade, Outcome

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONGEST = "data-protection-officer"


def entry(index: int, predicate: Proof | TextNotice | Availability) -> Entry:
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


LOOKED = Availability(
    starts_at=AT,
    until=AT + timedelta(hours=1),
    every_s=10,
    looks=360,
    answered=356,
    addresses=(
        Answers(address="203.0.113.11", answered=356),
        Answers(address="203.0.113.12", answered=100),
    ),
    outages=((AT + timedelta(seconds=70), AT + timedelta(seconds=110)),),
    down=False,
)


def test_how_available_the_service_was_is_told_in_words_with_every_outage() -> None:
    said = list(lines(entry(7, LOOKED), KNOWN))
    assert said == [
        "Entry 7: how available the service was",
        "  From 1 Mar 2026, 12:00 UTC to 1 Mar 2026, 13:00 UTC, asked every 10 s from",
        "  inside the site:",
        "  356 of 360 looks were answered.",
        "  203.0.113.11 answered 356.",
        "  203.0.113.12 answered 100.",
        "  No answer from 1 Mar 2026, 12:01:10 UTC to 1 Mar 2026, 12:01:50 UTC.",
        "  Signed by vantage.",
    ]


def test_a_count_has_a_row_and_a_document_of_its_own() -> None:
    _, row = table([entry(7, LOOKED)], KNOWN)
    assert row == "    7 2026-03-01 13:00 availability service 98.888 % of 360 looks answered"
    said = document(entry(7, LOOKED), KNOWN)
    assert (said["kind"], said["promise"], said["at"]) == (
        *("availability", "service"),
        "2026-03-01T13:00:00.000Z",
    )
    assert said["says"]["outages"] == [["2026-03-01T12:01:10.000Z", "2026-03-01T12:01:50.000Z"]]
