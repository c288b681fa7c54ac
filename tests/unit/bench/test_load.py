"""What the load makes of an answer, and that the checker can read what it prints."""

import argparse
import itertools
import json
import re
import threading
from typing import Any

import psycopg
import pytest

from .programs import ROOT, program
from .tale import HEADER

load = program("load")
checker = program("checker")

ROW = load.Row(server="10.79.0.4", timeline=2, synchronous_commit="on")


def notice(severity: str) -> Any:
    return load.Notice(severity=severity, sqlstate="01000", message="canceling wait")


def test_a_success_without_a_word_is_acknowledged() -> None:
    assert load.of_success(ROW, ()) == ("ok", {"server": "10.79.0.4", "timeline": 2})
    assert load.of_success(ROW, (notice("NOTICE"),))[0] == "ok"


def test_a_success_with_a_warning_is_unknown() -> None:
    outcome, said = load.of_success(ROW, (notice("NOTICE"), notice("WARNING")))
    assert (outcome, said["why"]) == ("unknown", "warning 01000: canceling wait")


@pytest.mark.parametrize("setting", ["off", "local"])
def test_a_success_that_waited_for_no_secondary_is_unknown(setting: str) -> None:
    row = load.Row(server=None, timeline=1, synchronous_commit=setting)
    assert load.of_success(row, ())[0] == "unknown"


@pytest.mark.parametrize(
    ("sent", "severity", "sqlstate", "outcome"),
    [
        (False, None, None, "fail"),
        (False, "FATAL", "57P03", "fail"),
        (True, "ERROR", "25006", "fail"),
        (True, "ERROR", "23505", "fail"),
        (True, "ERROR", "42P01", "fail"),
        (True, "FATAL", "57P01", "unknown"),
        (True, "FATAL", "25P03", "unknown"),
        (True, "ERROR", "57014", "unknown"),
        (True, "ERROR", "53100", "unknown"),
        (True, "ERROR", "40001", "unknown"),
        (True, None, None, "unknown"),
    ],
)
def test_an_error_is_a_failure_only_if_surely_nothing_was_done(
    sent: bool, severity: str | None, sqlstate: str | None, outcome: str
) -> None:
    found = load.of_error(
        sent=sent, severity=severity, sqlstate=sqlstate, message="a\nb", cut=False
    )
    assert found[0] == outcome
    assert found[1]["why"].endswith(f"{sqlstate or 'connection'}: a")


def test_a_write_that_was_given_up_is_unknown() -> None:
    found = load.of_error(sent=True, severity=None, sqlstate=None, message="", cut=True)
    assert found == ("unknown", {"why": "deadline"})


def test_a_turn_that_passed_is_left_out() -> None:
    assert load.next_turn(first=10.0, every_s=0.5, now=10.0) == 10.5
    assert load.next_turn(first=10.0, every_s=0.5, now=10.7) == 11.0
    assert load.next_turn(first=10.0, every_s=0.5, now=14.2) == 14.5


def test_a_row_is_looked_up_after_its_own_fault_and_after_the_next() -> None:
    numbers = load.Numbers(100)
    spans = []
    for _ in range(4):
        for number in [numbers.take() for _ in range(10)]:
            numbers.over(number)
        low, high, unread = numbers.span(everything=False)
        numbers.unread = (numbers.unread[1], unread)
        spans.append((low, high))
    assert spans == [(100, 109), (100, 119), (110, 129), (120, 139)]
    assert numbers.span(everything=True)[:2] == (100, 139)


def test_what_is_under_way_at_a_read_is_looked_up_again() -> None:
    numbers = load.Numbers(100)
    first, second = numbers.take(), numbers.take()
    numbers.over(second)
    assert numbers.span(everything=False) == (100, 101, first)
    numbers.over(first)
    assert numbers.span(everything=False) == (100, 101, 102)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("db-1=10.79.0.4", ("db-1", ("10.79.0.4", 5432))),
        ("db-1=10.79.0.4:6000", ("db-1", ("10.79.0.4", 6000))),
        ("db-1=[fd00::4]:6000", ("db-1", ("fd00::4", 6000))),
    ],
)
def test_a_direct_machine_has_a_place(text: str, place: tuple[str, tuple[str, int]]) -> None:
    assert load.place(text) == place


@pytest.mark.parametrize("text", ["db-1", "=10.79.0.4", "db-1=", "db-1=10.79.0.4:port"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        load.place(text)


def test_numbers_of_the_direct_connections_are_exact_in_any_json_reader() -> None:
    in_the_year_2200 = 7_258_118_400_000
    assert load.BLOCK * load.MOST_DIRECT + in_the_year_2200 < 2**53
    assert in_the_year_2200 < load.BLOCK


class Answers:
    """A link whose server says what a test wants."""

    def __init__(self, *answers: Any) -> None:
        self.answers = iter(answers)
        self.notices: list[Any] = []
        self.sent, self.was_cut, self.connection = True, False, None

    def ask(self, statement: Any, values: Any, limit_s: float) -> Any:
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self.notices.clear()


def test_what_is_printed_is_a_history_that_the_checker_reads() -> None:
    printed: list[str] = []
    history = load.History(printed.append, itertools.count(1.0).__next__)
    numbers = load.Numbers(1)
    wrote = ("10.79.0.4", "00000002", "on")
    link = Answers(
        wrote, wrote, psycopg.OperationalError("gone"), ("10.79.0.4", "00000002", "local")
    )
    client = load.Client(
        **{"name": 0, "via": "listener", "link": link, "numbers": numbers, "history": history},
        **{"statement": load.writing("t"), "first_turn": 0.0, "every_s": 1.0},
    )
    for _ in range(4):
        client.write()
    reader = load.Reader(
        link=Answers(("10.79.0.4", "00000002", [[1, 1], [3, 3]])),
        streams=(numbers,),
        history=history,
        statement=load.reading("t"),
    )
    reader.read({"read": 17})
    history.say("end")
    history.flush()
    lines = [json.dumps(HEADER) + "\n", *"".join(printed).splitlines(keepends=True)]
    read = checker.parsed(lines)
    assert [write.outcome for write in read.writes.values()] == ["ok", "ok", "unknown", "unknown"]
    assert (read.reads[0].id, read.reads[0].asked) == ("17", ((1, 4),))
    found = checker.judged("printed", read)
    assert (found.acknowledged, found.unknown, found.ghosts) == (2, 2, [3])


def test_a_client_writes_at_its_turns_until_it_is_stopped() -> None:
    stop, printed = threading.Event(), []
    history = load.History(printed.append, itertools.count(1.0).__next__)
    link = Answers(("10.79.0.4", "00000002", "on"), psycopg.OperationalError("gone"))
    link.close = stop.set
    client = load.Client(
        **{"name": 0, "via": "listener", "link": link, "numbers": load.Numbers(1)},
        **{"history": history, "statement": load.writing("t"), "first_turn": 0.0, "every_s": 0.01},
    )
    client.keep_on(stop)
    history.flush()
    types = [json.loads(line)["type"] for line in "".join(printed).splitlines()]
    assert types == ["invoke", "ok", "invoke", "unknown"]


def test_the_example_in_the_documentation_is_judged_as_it_says() -> None:
    page = (ROOT / "docs" / "failover-history.md").read_text()
    example = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert example is not None
    found = checker.judged("page", checker.parsed(example[1].splitlines(keepends=True)))
    (fault,) = found.faults
    assert (found.verdict, found.ghosts) == ("ok", [2])
    assert fault.outage_s == pytest.approx(2.1)
    assert fault.redundancy_s == pytest.approx(1.0)
