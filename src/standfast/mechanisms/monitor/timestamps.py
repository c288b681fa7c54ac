"""Ask time-stamp authorities about the checkpoint that is shown: whom, when, and over HTTP.

RFC 3161, section 3.4. The answer is signed, so plain HTTP will do.
"""

import http.client
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from standfast.core.clock import Clock
from standfast.core.errors import CannotVerify, Unreachable
from standfast.evidence.timestamp.authority import Authority
from standfast.evidence.timestamp.check import ANSWER_LIMIT_BYTES, answered, question
from standfast.evidence.timestamp.shelf import Held, Stamped

QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"

STEP_TIMEOUT_S = 10.0
LASTS_AT_MOST_S = 30.0
"""A whole answer, however slowly it comes; an authority takes a second."""

PIECE_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An authority, and where it answers."""

    authority: Authority
    url: str

    @property
    def name(self) -> str:
        return self.authority.name


Post = Callable[[str, bytes, Clock], bytes]
"""Send a question to an address; return the answer. Raises `CannotVerify` or `Unreachable`."""


def is_due(
    name: str, size: int, stamped: Iterable[Stamped], *, now: datetime, every: timedelta
) -> bool:
    """Whether this authority is to stamp a log of that size. A log that has not grown says nothing
    new; a time-stamp from ahead of now (our clock was wrong) does not keep us from another."""
    own = [each for each in stamped if each.authority == name and each.at <= now + every]
    if size == 0 or any(each.size >= size for each in own):
        return False
    return all(now - each.at >= every for each in own)


def ask(asked: Asked, note: bytes, size: int, nonce: int, clock: Clock, send: Post) -> Held:
    """What the authority says of this note, checked in full. Raises `CannotVerify` or
    `Unreachable`."""
    answer = send(asked.url, question(note, nonce), clock)
    found = answered(answer, note, asked.authority, nonce=nonce, now=clock.now())
    stamped = Stamped(at=found.at, size=size, authority=asked.name)
    return Held(stamped=stamped, note=note, answer=answer)


def post(url: str, body: bytes, clock: Clock) -> bytes:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=STEP_TIMEOUT_S)
    deadline = clock.monotonic() + LASTS_AT_MOST_S
    try:
        connection.request("POST", parts.path or "/", body, {"Content-Type": QUERY_TYPE})
        answer = connection.getresponse()
        if answer.status != HTTPStatus.OK:
            raise CannotVerify(f"it answers {answer.status}")
        said = (answer.headers.get("Content-Type") or "nothing").partition(";")[0].strip().lower()
        if said != REPLY_TYPE:
            raise CannotVerify("it answers something else than a time-stamp")
        return _whole(answer, deadline, clock)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"it does not answer: {error or type(error).__name__}") from error
    finally:
        connection.close()


def _whole(answer: http.client.HTTPResponse, deadline: float, clock: Clock) -> bytes:
    """As it comes, so that who sends a byte now and then is given up as well."""
    found = b""
    while piece := answer.read1(PIECE_BYTES):
        found += piece
        if len(found) > ANSWER_LIMIT_BYTES:
            raise CannotVerify("its answer is longer than any time-stamp")
        if clock.monotonic() > deadline:
            raise Unreachable(f"it takes longer than {LASTS_AT_MOST_S:.0f} s")
    return found
