import pytest

from standfast.proofs.drills.measure import (
    Asked,
    by_second,
    excess_failures,
    failures,
    measure,
    outage_s,
)


def write(number: int, status: int = 200) -> Asked:
    error = "" if status == 200 else f"status {status}"
    return Asked(
        kind="write", id=f"id-{number}", status=status, sent_s=0.0, took_s=0.01, error=error
    )


def read(sent_s: float = 0.0, took_s: float = 0.01, status: int = 200) -> Asked:
    error = "" if status == 200 else "ConnectionResetError"
    return Asked(kind="read", id="", status=status, sent_s=sent_s, took_s=took_s, error=error)


@pytest.mark.parametrize("status", [0, 302, 401, 404, 429, 500, 503])
def test_whatever_is_not_accepted_failed(status: int) -> None:
    assert measure([write(1, status), read()], [])["failed_requests"] == 1


def test_a_write_that_is_stored_twice_is_doubled_even_if_it_was_not_acknowledged() -> None:
    assert measure([write(1)], ["id-1", "id-1"])["doubled_writes"] == 1
    assert measure([write(1, 503)], ["id-1", "id-1"])["doubled_writes"] == 1


def test_a_write_that_was_not_acknowledged_may_be_stored_or_not() -> None:
    for stored in ([], ["id-1"]):
        figures = measure([write(1, 0)], stored)
        assert (figures["failed_requests"], figures["lost_writes"]) == (1, 0)


def test_an_acknowledged_write_that_is_not_stored_is_lost_and_its_request_failed() -> None:
    figures = measure([write(1), write(2)], ["id-1"])
    assert (figures["failed_requests"], figures["lost_writes"]) == (1, 1)


def test_nothing_is_wrong_when_each_acknowledged_write_is_there_once() -> None:
    figures = measure([write(1), write(2), read()], ["id-1", "id-2"])
    assert {figures[name] for name in ("failed_requests", "doubled_writes", "lost_writes")} == {0}
    assert (figures["requests"], figures["writes"]) == (3, 2)


def test_what_could_not_be_listed_is_left_out() -> None:
    figures = measure([write(1), read(status=0)], None)
    assert figures["failed_requests"] == 1
    assert not {"doubled_writes", "lost_writes"} & set(figures)


def test_the_99th_percentile_is_what_99_of_100_did_not_exceed() -> None:
    assert measure([read(took_s=each / 100) for each in range(1, 101)], [])["p99_s"] == 0.99
    assert measure([read(took_s=0.5)], [])["p99_s"] == 0.5


def test_no_request_has_no_time() -> None:
    assert not {"p99_s", "worst_s"} & set(measure([], []))


def test_failures_are_told_by_kind_the_most_frequent_first() -> None:
    asked = [read(status=0), write(1, 503), write(2, 503), write(3)]
    assert failures(asked, 10) == ("2 × write: status 503", "1 × read: ConnectionResetError")
    assert len(failures(asked, 1)) == 1


def test_every_second_is_told_one_without_requests_too() -> None:
    asked = [read(sent_s=0.1, took_s=0.2), read(sent_s=0.9, status=0), read(sent_s=2.0)]
    assert by_second(asked) == ((2, 1, 0.2), (0, 0, 0.0), (1, 0, 0.01))
    assert by_second([]) == ()


def saved(at_s: float, status: int = 200, took_s: float = 0.0) -> Asked:
    return Asked(kind="write", id=f"id-{at_s}", status=status, sent_s=at_s, took_s=took_s)


def test_a_write_that_nobody_was_told_of_and_that_is_there_is_a_ghost() -> None:
    figures = measure([write(1, 0), write(2, 503), write(3)], ["id-1", "id-3"])
    assert (figures["ghost_writes"], figures["lost_writes"]) == (1, 0)


def test_an_outage_lasts_from_the_last_acknowledged_write_to_the_next_one() -> None:
    asked = [saved(1), saved(2), saved(2.5, 503), saved(4, 0), saved(5.25), saved(5.5)]
    assert outage_s(asked, fault_at_s=2.1, ends_s=9) == 3.5, "after 5.5 s nothing was asked"
    assert outage_s(asked, fault_at_s=2.1, ends_s=6) == 3.25


def test_a_write_counts_when_it_is_answered_not_when_it_was_due() -> None:
    asked = [saved(1), saved(2, took_s=1.5), saved(4)]
    assert outage_s(asked, fault_at_s=2.1, ends_s=4.1) == 2.5


def test_what_was_slow_before_the_fault_is_no_outage() -> None:
    asked = [saved(0), saved(5), saved(5.5), saved(6)]
    assert outage_s(asked, fault_at_s=5.1, ends_s=6) == 0.5


def test_an_outage_that_does_not_end_lasts_to_the_end_of_the_load() -> None:
    assert outage_s([saved(1), saved(2, 503)], fault_at_s=1.5, ends_s=30) == 29


def test_without_a_write_before_the_fault_nothing_is_said_of_an_outage() -> None:
    assert outage_s([saved(3), saved(4)], fault_at_s=2, ends_s=5) is None
    assert outage_s([], fault_at_s=2, ends_s=5) is None


@pytest.mark.parametrize(
    ("failed", "allowed_s", "excess"),
    [
        (saved(3, 0), 0, 1),
        (saved(3, 0), 3, 0),
        (saved(5.5, 503), 3, 1),
        (saved(1, 503), 3, 1),
        (saved(1, 0, took_s=20), 3, 0),
        (saved(3), 0, 0),
    ],
)
def test_a_fault_excuses_what_was_under_way_and_what_was_due_within_its_allowance(
    failed: Asked, allowed_s: float, excess: int
) -> None:
    """The fault comes at 2 s."""
    assert len(excess_failures([failed], fault_at_s=2, allowed_s=allowed_s)) == excess
