"""Ask customers' witnesses for their cosignatures (C2SP tlog-witness), beside everything else.

They count for no majority: a customer's computer that is away must not stop the log. What they say
is shown once it is there. One that does not answer is asked again later.
"""

import http.client
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Thread
from urllib.parse import urlsplit

from standfast.core.clock import Clock
from standfast.core.errors import CannotVerify, Unreachable
from standfast.evidence.consistency import Read, proof
from standfast.evidence.cosignature import Cosigner, line_of
from standfast.evidence.submission import SIZE_TYPE, Submission

ASK_TIMEOUT_S = 5.0
ANSWER_LIMIT_BYTES = 16_384
AGAIN_AFTER_S = 60.0
"""From one time that a witness gave no cosignature to the next that it is asked."""

TRIES = 3
"""It says which size it has; between two questions others may ask it as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    name: str
    key: Cosigner
    url: str


Post = Callable[[str, bytes], tuple[int, str, bytes]]
"""Send a body to an address; return status, content type and body. Raises `Unreachable`."""


def post(url: str, body: bytes) -> tuple[int, str, bytes]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=ASK_TIMEOUT_S)
    try:
        connection.request("POST", parts.path, body)
        answer = connection.getresponse()
        content_type = answer.headers.get("Content-Type", "")
        return answer.status, content_type, answer.read(ANSWER_LIMIT_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"{url} does not answer: {error or type(error).__name__}") from error
    finally:
        connection.close()


def cosignature(listed: Listed, note: bytes, size: int, read: Read, send: Post = post) -> bytes:
    """What the witness has to say below this checkpoint, not yet verified. Raises `CannotVerify`
    when it refuses, and `Unreachable` when it does not answer."""
    old_size = size
    for _ in range(TRIES):
        asked = Submission(old_size=old_size, proof=proof(read, old_size, size), note=note)
        status, content_type, body = send(f"{listed.url}/add-checkpoint", asked.to_bytes())
        if status == HTTPStatus.OK:
            return body
        if status != HTTPStatus.CONFLICT or content_type != SIZE_TYPE:
            raise CannotVerify(f"it refuses to cosign ({status}): {said(body)}")
        old_size = _known(body)
        if old_size > size:
            raise CannotVerify(f"it has seen {old_size} entries, and here are {size}")
    raise CannotVerify("it says another size each time")


def _known(body: bytes) -> int:
    text = body.decode("ascii", "replace").strip()
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(2**63)):
        raise CannotVerify("it does not say which size it knows")
    return int(text)


def said(body: bytes) -> str:
    """The first line, as far as a person wants to read it."""
    line = body.decode("utf-8", "replace").strip().partition("\n")[0]
    return "".join(each for each in line[:200] if each.isprintable()) or "it says nothing"


def in_a_thread(work: Callable[[], None]) -> None:
    Thread(target=work, daemon=True).start()


@dataclass(slots=True, kw_only=True)
class Collector:
    """One round at a time, each witness asked once in it; `turn` never waits."""

    listed: Sequence[Listed]
    read: Read
    clock: Clock
    say: Callable[[str], None]
    send: Post = post
    start: Callable[[Callable[[], None]], None] = in_a_thread
    busy: bool = False
    given: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    not_before: dict[str, float] = field(default_factory=dict)
    complaints: dict[str, str] = field(default_factory=dict)

    def turn(self, note: bytes, size: int, lacking: Collection[str]) -> Mapping[str, bytes]:
        """What those that are lacking have said below this note, once for each time that they were
        asked."""
        now = self.clock.monotonic()
        found = {
            each.name: line
            for each in self.listed
            if each.name in lacking and (line := self._said(each.name, note))
        }
        due = [
            each
            for each in self.listed
            if each.name in lacking
            and each.name not in found
            and now >= self.not_before.get(each.name, 0.0)
        ]
        if due and not self.busy:
            self.busy = True
            self.start(lambda: self._round(due, note, size))
        return found

    def _said(self, name: str, note: bytes) -> bytes:
        about, line = self.given.get(name, (b"", b""))
        return line if about == note else b""

    def _round(self, due: Sequence[Listed], note: bytes, size: int) -> None:
        try:
            for each in due:
                self._ask(each, note, size)
        finally:
            self.busy = False

    def _ask(self, listed: Listed, note: bytes, size: int) -> None:
        """A complaint is said once, until it is another one."""
        try:
            line = cosignature(listed, note, size, self.read, self.send)
            if not line_of(listed.key, note, line):
                raise CannotVerify("what it answers is no cosignature of its key")
        except (CannotVerify, Unreachable, OSError) as error:
            self.not_before[listed.name] = self.clock.monotonic() + AGAIN_AFTER_S
            if self.complaints.get(listed.name) != str(error):
                self.complaints[listed.name] = str(error)
                self.say(f"witness {listed.name}: {error}")
            return
        self.complaints.pop(listed.name, None)
        self.given[listed.name] = (note, line)
