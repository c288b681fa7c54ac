"""What is asked of a witness over HTTP, and what it answers: C2SP tlog-witness 1.0, without HTTP.

    old SIZE
    hashes that lead from there, in base64, one a line
    (an empty line)
    the checkpoint, as it is signed

The order in which a witness looks, and the status of each refusal, are the format's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from standfast.core.errors import CannotVerify
from standfast.evidence.base64_text import decoded, encoded
from standfast.evidence.checkpoint import SIZE_LIMIT, Checkpoint
from standfast.evidence.merkle import HASH_BYTES
from standfast.evidence.note import NOTE_LIMIT_BYTES, note_text
from standfast.evidence.witness import Conflict, Refuse, Witness

PROOF_LIMIT = 63
LIMIT_BYTES = NOTE_LIMIT_BYTES + 64 * 64
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    old_size: int
    proof: tuple[bytes, ...]
    note: bytes

    def to_bytes(self) -> bytes:
        lines = (f"old {self.old_size}", *map(encoded, self.proof), "")
        return "".join(f"{line}\n" for line in lines).encode() + self.note

    @classmethod
    def from_bytes(cls, data: bytes) -> "Submission":
        """Read exactly what `to_bytes` writes; anything else raises `CannotVerify`."""
        head, empty_line, note = data.partition(b"\n\n")
        try:
            first, *hashes = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise _bad("it has letters that none has") from None
        if not empty_line or len(hashes) > PROOF_LIMIT or len(data) > LIMIT_BYTES:
            raise _bad("it is longer than any, or no checkpoint follows")
        return cls(old_size=_size(first), proof=tuple(map(_hash, hashes)), note=note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`alarm`: why what was signed contradicts what was signed before."""

    status: HTTPStatus
    body: str
    content_type: str = TEXT_TYPE
    alarm: str = ""


def answer(data: bytes, witnesses: Iterable[Witness], now: datetime) -> Answer:
    """`witnesses`: one for each log that is known here."""
    try:
        asked = Submission.from_bytes(data)
        text = note_text(asked.note)
        checkpoint = Checkpoint.from_text(text)
    except CannotVerify as error:
        return refused(HTTPStatus.BAD_REQUEST, error.problem)
    witness = next((each for each in witnesses if each.log.name == checkpoint.origin), None)
    if witness is None:
        return refused(HTTPStatus.NOT_FOUND, f"the log {checkpoint.origin} is not known here")
    try:
        witness.opened(asked.note)
    except CannotVerify as error:
        return refused(HTTPStatus.FORBIDDEN, error.problem)
    if asked.old_size > checkpoint.size:
        return refused(HTTPStatus.BAD_REQUEST, "the old size is beyond the checkpoint's")
    found = witness.answer(asked.note, asked.proof, now, from_size=asked.old_size)
    if isinstance(found, Conflict):
        return Answer(
            status=HTTPStatus.CONFLICT, body=f"{found.last.size}\n", content_type=SIZE_TYPE
        )
    if isinstance(found, Refuse):
        return Answer(
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            body=f"{found.why}\n",
            alarm=found.why if found.is_contradiction else "",
        )
    return Answer(status=HTTPStatus.OK, body=found)


def refused(status: HTTPStatus, why: str) -> Answer:
    return Answer(status=status, body=f"{why}\n")


def _size(line: str) -> int:
    text = line.removeprefix("old ")
    if text == line or not (text.isascii() and text.isdigit()) or len(text) > len(str(SIZE_LIMIT)):
        raise _bad("its first line is not `old` and a size")
    if str(int(text)) != text or int(text) >= SIZE_LIMIT:
        raise _bad("its size is not written as it is to be")
    return int(text)


def _hash(line: str) -> bytes:
    found = decoded(line)
    if found is None or len(found) != HASH_BYTES:
        raise _bad("a line of its proof is no hash")
    return found


def _bad(problem: str) -> CannotVerify:
    return CannotVerify(f"this is no checkpoint with its proof: {problem}")
