"""Answers in whatever pieces the network makes of them."""

import pytest

from standfast.proofs.drills.answer import BODY_LIMIT_BYTES, Answer, Garbled, Reading

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length:5\r\nSet-Cookie: a=1\r\nSET-COOKIE: b=2\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4;name=value\r\nhell\r\n1\r\no\r\n0\r\nTrailer: x\r\n\r\n"
)


def read(*pieces: bytes) -> Answer | None:
    reading = Reading()
    answers = [reading.feed(piece) for piece in pieces]
    assert not any(answers[:-1])
    return answers[-1]


@pytest.mark.parametrize("whole", [PLAIN, CHUNKED])
def test_an_answer_is_the_same_in_one_piece_and_byte_by_byte(whole: bytes) -> None:
    answer = read(whole)
    assert answer is not None
    assert answer == read(*(whole[at : at + 1] for at in range(len(whole))))
    assert (answer.status, answer.body, answer.reusable) == (200, b"hello", True)


@pytest.mark.parametrize("whole", [PLAIN, CHUNKED])
def test_half_an_answer_is_never_an_answer(whole: bytes) -> None:
    for length in range(len(whole)):
        reading = Reading()
        assert reading.feed(whole[:length]) is None
        with pytest.raises(Garbled, match="before the answer was whole"):
            reading.end()


def test_every_cookie_line_is_there() -> None:
    answer = read(PLAIN)
    assert answer is not None
    assert answer.all("set-cookie") == ("a=1", "b=2")


def test_interim_answers_are_passed_over() -> None:
    answer = read(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + PLAIN)
    assert answer is not None
    assert answer.status == 200


def test_an_answer_without_a_length_lasts_until_the_connection_ends() -> None:
    reading = Reading()
    assert reading.feed(b"HTTP/1.1 200 OK\r\n\r\nhel") is None
    assert reading.feed(b"lo") is None
    answer = reading.end()
    assert answer is not None
    assert (answer.body, answer.reusable) == (b"hello", False)


def test_an_answer_without_a_body_has_none_whatever_its_length_says() -> None:
    answer = read(b"HTTP/1.1 204 No Content\r\nContent-Length: 10\r\n\r\n")
    assert answer is not None
    assert answer.body == b""


def test_a_connection_that_will_close_or_says_more_is_not_used_again() -> None:
    closing = read(b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n")
    talking = read(PLAIN + b"HTTP/1.1 408 Too Late\r\n")
    assert closing is not None
    assert talking is not None
    assert not closing.reusable
    assert not talking.reusable


@pytest.mark.parametrize("status", [301, 302, 304, 401, 404, 429, 500, 503])
def test_only_two_hundreds_are_accepted(status: int) -> None:
    answer = read(f"HTTP/1.1 {status} Words\r\nContent-Length: 0\r\n\r\n".encode())
    assert answer is not None
    assert not answer.accepted


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 999 No\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (BODY_LIMIT_BYTES + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
        b"x" * 70_000,
    ],
)
def test_what_is_no_answer_is_refused(said: bytes) -> None:
    with pytest.raises(Garbled):
        Reading().feed(said)
