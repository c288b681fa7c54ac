"""Read one HTTP/1.1 answer out of whatever pieces arrive (RFC 9112). Pure: bytes in, answer out.

A drill must tell an answer from half of one, so this reads strictly: what is cut short or
garbled is an error and never an answer. Standard library only.
"""

from collections.abc import Generator
from dataclasses import dataclass

HEAD_LIMIT_BYTES = 64 * 1024
"""What web servers themselves accept at most for the lines before a body."""

BODY_LIMIT_BYTES = 32 * 1024 * 1024
"""The list of everything that a run stored, with room."""

BODILESS = frozenset({204, 304})
"""RFC 9112, section 6.3: answers that have no body whatever their headers say."""


class Garbled(ValueError):
    """The answer is cut short, too long, or not HTTP/1.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`headers`: names in lower case, in the order sent. `reusable`: the connection stays good."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    reusable: bool

    @property
    def accepted(self) -> bool:
        """A redirection is no success: it may lead to the sign-in page."""
        return 200 <= self.status < 300

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for each, value in self.headers if each == name)


Reader = Generator[None, None, Answer]


class Reading:
    """One answer being read. After `feed` or `end` returned it, the reading is over."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._ended = False
        self._course = self._read()
        next(self._course)

    def feed(self, data: bytes) -> Answer | None:
        self._buffer += data
        return self._step()

    def end(self) -> Answer | None:
        """The connection has ended: whole now, or never."""
        self._ended = True
        return self._step()

    def _step(self) -> Answer | None:
        try:
            next(self._course)
        except StopIteration as done:
            answer: Answer = done.value
            return answer
        return None

    def _read(self) -> Reader:
        status, headers = 100, tuple[tuple[str, str], ...]()
        while status < 200:  # RFC 9110, section 15.2: interim answers come before the real one
            status, headers = parse_head((yield from self._until(b"\r\n\r\n")))
        fields = dict(headers)
        kept = "close" not in fields.get("connection", "").lower()
        if status in BODILESS:
            body = b""
        elif "chunked" in fields.get("transfer-encoding", "").lower():
            body = yield from self._chunks()
        elif "content-length" in fields:
            body = yield from self._take(number(fields["content-length"], base=10))
        else:
            body, kept = (yield from self._rest()), False
        reusable = kept and not self._buffer and not self._ended
        return Answer(status=status, headers=headers, body=body, reusable=reusable)

    def _more(self) -> Generator[None, None, None]:
        if self._ended:
            raise Garbled("the connection was closed before the answer was whole")
        yield

    def _until(self, mark: bytes) -> Generator[None, None, bytes]:
        while (at := self._buffer.find(mark)) < 0:
            if len(self._buffer) > HEAD_LIMIT_BYTES:
                raise Garbled("the head of the answer is too long")
            yield from self._more()
        found = bytes(self._buffer[:at])
        del self._buffer[: at + len(mark)]
        return found

    def _take(self, count: int) -> Generator[None, None, bytes]:
        if count > BODY_LIMIT_BYTES:
            raise Garbled(f"a body of {count} bytes is more than a drill reads")
        while len(self._buffer) < count:
            yield from self._more()
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _chunks(self) -> Generator[None, None, bytes]:
        """RFC 9112, section 7.1. Trailers are read and dropped."""
        body = bytearray()
        while length := number((yield from self._until(b"\r\n")).partition(b";")[0], base=16):
            body += yield from self._take(length)
            if (yield from self._take(2)) != b"\r\n" or len(body) > BODY_LIMIT_BYTES:
                raise Garbled("a chunk of the answer is too long")
        while (yield from self._until(b"\r\n")):
            pass
        return bytes(body)

    def _rest(self) -> Generator[None, None, bytes]:
        while not self._ended:
            if len(self._buffer) > BODY_LIMIT_BYTES:
                raise Garbled("the body is more than a drill reads")
            yield
        return (yield from self._take(len(self._buffer)))


def parse_head(head: bytes) -> tuple[int, tuple[tuple[str, str], ...]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1."):
        raise Garbled("the answer is not HTTP/1.1")
    status = number(rest[:3], base=10)
    if not 100 <= status <= 599:
        raise Garbled(f"{status} is no status")
    pairs = (line.partition(":") for line in lines)
    return status, tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)


def number(text: str | bytes, *, base: int) -> int:
    try:
        value = int(text, base)
    except ValueError as error:
        raise Garbled("the answer has no number where one must be") from error
    if value < 0:
        raise Garbled("the answer has a negative length")
    return value
