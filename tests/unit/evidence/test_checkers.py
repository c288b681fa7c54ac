import os
import signal

import pytest

from standfast.evidence.checkers import PAYS_FROM, Checkers
from standfast.evidence.signing import Ed25519Signer

SIGNER = Ed25519Signer.from_seed("a", bytes(32))
OTHER = Ed25519Signer.from_seed("b", bytes([1] * 32))


def checks(count: int):
    """Every third one is false."""
    return [
        (SIGNER.public_key, (OTHER if n % 3 == 0 else SIGNER).sign(b"%d" % n), b"%d" % n)
        for n in range(count)
    ]


ANSWERS = [n % 3 != 0 for n in range(30)]


def test_for_few_signatures_nothing_is_started():
    with Checkers(PAYS_FROM - 1) as checkers:
        assert checkers.count == 0
        assert checkers.begin(checks(30)).result() == ANSWERS


def test_many_are_checked_by_others_and_each_answer_belongs_to_its_question():
    with Checkers(PAYS_FROM) as checkers:
        assert checkers.count == (os.cpu_count() if os.cpu_count() > 1 else 0)
        waiting = [checkers.begin(checks(size)) for size in (30, 0, 1, 30, 7)]
        assert [each.result() for each in waiting] == [ANSWERS[:size] for size in (30, 0, 1, 30, 7)]


def test_afterwards_none_of_them_is_left():
    with Checkers(PAYS_FROM) as checkers:
        processes = checkers.processes
        assert all(map(alive, processes))
    assert not any(map(alive, processes))


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core starts none")
def test_when_they_are_killed_the_answers_are_the_same():
    with Checkers(PAYS_FROM) as checkers:
        for process in checkers.processes:
            os.kill(process, signal.SIGKILL)
        for _ in range(4):
            assert checkers.begin(checks(30)).result() == ANSWERS


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
