import csv
import io

from standfast.evidence.spreadsheet import Row, rows, written
from standfast.evidence.statement import Answers, Availability
from standfast.promises.model import Outcome

from .conftest import BAD


def table(told, now):
    return list(csv.DictReader(io.StringIO(written(rows(told.entries(), now=now)))))


def test_each_figure_of_each_proof_is_a_row_beside_its_objective(kept, hour):
    kept.prove(1, 2, BAD)
    found = table(kept, hour(3))
    assert [(row["entry"], row["figure"], row["measured"], row["objective"]) for row in found] == [
        ("2", "doubled_writes", "0", "0"),
        ("2", "failed_requests", "0", "0"),
        ("2", "requests", "3000", ""),
        ("4", "doubled_writes", "0", "0"),
        ("4", "failed_requests", "7", "0"),
        ("4", "requests", "3000", ""),
    ]
    assert (found[-1]["outcome"], found[-1]["grade"]) == ("broken", "rehearsed")
    assert found[-1]["time"] == "2026-03-01T14:06:00.000Z"
    assert {(row["promise"], row["drill"]) for row in found} == {("redundant-web", "web-server")}
    assert {row["counts"] for row in found} == {"yes"}


def test_units_have_a_column_of_their_own(kept, hour):
    objective = {"outage_s": 3, "lost_bytes": 0}
    slot = kept.slot(0, 24, objective=objective, promise="a", drill="b")
    kept.prove(slot, 1, {"outage_s": 0.25}, objective=objective, promise="a", drill="b")
    found = [row for row in table(kept, hour(3)) if row["promise"] == "a"]
    assert [(row["figure"], row["measured"], row["unit"], row["objective"]) for row in found] == [
        ("lost", "", "bytes", "0"),
        ("outage", "0.25", "s", "3"),
    ]


def test_a_proof_without_figures_is_not_left_out(kept, hour):
    kept.prove(1, 2, {}, objective={}, outcome=Outcome.INCONCLUSIVE)
    (row,) = [row for row in table(kept, hour(3)) if row["entry"] == "4"]
    assert (row["outcome"], row["figure"], row["measured"]) == ("inconclusive", "", "")


def test_a_proof_that_does_not_count_says_why(kept, hour):
    kept.prove(1, 30)
    kept.prove(1, 2, promise="never-announced", drill="x")
    counts = {row["entry"]: row["counts"] for row in table(kept, hour(40))}
    assert counts == {
        "2": "yes",
        "4": "it ended after its slot had",
        "5": "no slot ever announced a proof of this promise",
    }


def test_a_text_is_never_a_formula_and_a_negative_figure_stays_a_number():
    cells = Row(*["x"] * len(Row._fields))
    written_row = written([cells._replace(promise="=HYPERLINK(1)", drill="-1+2", measured="-1.5")])
    (row,) = csv.DictReader(io.StringIO(written_row))
    assert (row["promise"], row["drill"], row["measured"]) == ("'=HYPERLINK(1)", "'-1+2", "-1.5")


def test_a_count_of_looks_is_rows_with_neither_outcome_nor_objective(told, hour):
    told.enrol()
    told.add(
        Availability(
            starts_at=hour(0),
            until=hour(1),
            every_s=10,
            looks=360,
            answered=356,
            addresses=(Answers(address="203.0.113.11", answered=356),),
            outages=((hour(0.1), hour(0.2)),),
            down=False,
        )
    )
    found = table(told, hour(3))
    assert [(row["figure"], row["measured"], row["unit"]) for row in found] == [
        ("answered", "356", "count"),
        ("looked", "3600", "s"),
        ("looks", "360", "count"),
        ("outage", "360", "s"),
        ("outages", "1", "count"),
    ]
    assert {(row["promise"], row["outcome"], row["objective"]) for row in found} == {
        ("service", "", "")
    }
    assert found[0]["time"] == "2026-03-01T13:00:00.000Z"
