from standfast.proofs.drills.measure import Asked, measure


def write(number: int, status: int) -> Asked:
    return Asked(kind="write", id=f"id-{number}", status=status, sent_s=0.0, took_s=0.01)


def test_a_request_without_an_answer_failed() -> None:
    assert measure([write(1, 0)], [])["failed_requests"] == 1


def test_a_write_that_is_stored_twice_is_doubled() -> None:
    assert measure([write(1, 200)], ["id-1", "id-1"])["doubled_writes"] == 1


def test_an_acknowledged_write_that_is_not_stored_is_lost() -> None:
    assert measure([write(1, 200), write(2, 0)], [])["lost_writes"] == 1


def test_nothing_is_wrong_when_each_acknowledged_write_is_there_once() -> None:
    figures = measure([write(1, 200), write(2, 503)], ["id-1"])
    assert (figures["failed_requests"], figures["doubled_writes"], figures["lost_writes"]) == (
        1,
        0,
        0,
    )
