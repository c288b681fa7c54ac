"""Time-stamps beside the log: for each, the checkpoint that was stamped and the authority's answer.

    timestamps/index.json           which there are
    timestamps/SIZE-NAME.checkpoint what was stamped: the signed note, byte for byte
    timestamps/SIZE-NAME.tsr        what the authority NAME answered (RFC 3161)
    timestamps/NAME.pem             the root that vouches for the authority

They are no part of the log: nothing commits to them, and a log without them is whole. Each stands
for itself, by the authority's signature. The index is a list of names; what it says of times is for
whoever only wants to look. It is written last, so it names only what is there.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from standfast.core.errors import CannotVerify
from standfast.core.units import parse_stamp, stamp
from standfast.evidence.checkpoint import SIZE_LIMIT, Checkpoint
from standfast.evidence.log import write_durably
from standfast.evidence.note import NOTE_LIMIT_BYTES, Verifier
from standfast.evidence.read import read_checkpoint
from standfast.evidence.timestamp.authority import Authority, is_name
from standfast.evidence.timestamp.check import Timestamp, kept
from standfast.evidence.transport import FolderTransport, Missing, Transport

FOLDER = "timestamps"
INDEX = f"{FOLDER}/index.json"
VERSION = 1
LISTED_LIMIT = 10_000
"""Names in one index: three authorities, daily, for nine years. Beyond it the oldest are no longer
listed, and stay where they are."""

INDEX_LIMIT_BYTES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Stamped:
    """`at` is what the index says, until the answer itself was read."""

    at: datetime
    size: int
    authority: str

    @property
    def note_path(self) -> str:
        return f"{FOLDER}/{self.size}-{self.authority}.checkpoint"

    @property
    def answer_path(self) -> str:
        return f"{FOLDER}/{self.size}-{self.authority}.tsr"

    @property
    def document(self) -> Mapping[str, Any]:
        return {"authority": self.authority, "size": self.size, "at": stamp(self.at)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A time-stamp with what it is of, neither checked yet."""

    stamped: Stamped
    note: bytes
    answer: bytes


def root_path(name: str) -> str:
    return f"{FOLDER}/{name}.pem"


def command(stamped: Stamped) -> str:
    """For a shell, in the folder of the three files: it answers `Verification: OK`."""
    note, answer, root = (
        path.removeprefix(f"{FOLDER}/")
        for path in (stamped.note_path, stamped.answer_path, root_path(stamped.authority))
    )
    return f"openssl ts -verify -data {note} -in {answer} -CAfile {root}"


def listed(transport: Transport) -> tuple[Stamped, ...]:
    """The oldest first. None where there is no index; raises `CannotVerify` where it is none."""
    try:
        return read_index(transport.fetch(INDEX))
    except Missing:
        return ()


def read_index(data: bytes) -> tuple[Stamped, ...]:
    if len(data) > INDEX_LIMIT_BYTES:
        raise _no_index("it is longer than 2 MB")
    try:
        document = json.loads(data)
        found = [_read(each) for each in document["timestamps"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _no_index(str(error) or type(error).__name__) from error
    if document.get("version") != VERSION or len(found) > LISTED_LIMIT:
        raise _no_index("it is of another version, or too long")
    return tuple(sorted(set(found)))


def _read(each: Any) -> Stamped:
    size, authority = each["size"], each["authority"]
    if type(size) is not int or not 0 < size < SIZE_LIMIT or not is_name(str(authority)):
        raise ValueError("a line is not about a time-stamp")
    return Stamped(at=parse_stamp(each["at"]), size=size, authority=authority)


def written_index(stamped: Iterable[Stamped]) -> bytes:
    newest = sorted(set(stamped))[-LISTED_LIMIT:]
    document = {"version": VERSION, "timestamps": [each.document for each in newest]}
    return json.dumps(document, indent=1).encode() + b"\n"


def fetched(transport: Transport, stamped: Stamped) -> Held:
    """Raises `CannotVerify` where one of the two is missing or too long."""
    note, answer = (transport.fetch(path) for path in (stamped.note_path, stamped.answer_path))
    if len(note) > NOTE_LIMIT_BYTES:
        raise CannotVerify(f"{stamped.note_path} is longer than any checkpoint")
    return Held(stamped=stamped, note=note, answer=answer)


def opened(
    held: Held, authority: Authority, log: Verifier, *, now: datetime
) -> tuple[Checkpoint, Timestamp]:
    """What existed, and when. Raises `CannotVerify` unless the log's key has signed it, it is of
    the size by which it is called, and the authority stands by the time."""
    checkpoint = read_checkpoint(held.note, log)
    if checkpoint.size != held.stamped.size:
        raise CannotVerify(f"it is of {checkpoint.size} entries")
    return checkpoint, kept(held.answer, held.note, authority, now=now)


def keep(folder: Path, held: Held, authority: Authority) -> None:
    """Beside the log in `folder`."""
    before = listed(FolderTransport(folder))
    for path, content in (
        (root_path(authority.name), authority.pem),
        (held.stamped.note_path, held.note),
        (held.stamped.answer_path, held.answer),
    ):
        write_durably(folder / path, content)
    write_durably(folder / INDEX, written_index((*before, held.stamped)))


def rebuild(
    folder: Path, authorities: Mapping[str, Authority], log: Verifier, *, now: datetime
) -> None:
    """Write the index anew from the files themselves, of those that hold."""
    transport = FolderTransport(folder)
    found: list[Stamped] = []
    for path in sorted((folder / FOLDER).glob("*.tsr")):
        size, _, name = path.stem.partition("-")
        if name not in authorities or not (size.isascii() and size.isdigit()):
            continue
        with suppress(CannotVerify):
            held = fetched(transport, Stamped(at=now, size=int(size), authority=name))
            _, timestamp = opened(held, authorities[name], log, now=now)
            found.append(replace(held.stamped, at=timestamp.at))
    write_durably(folder / INDEX, written_index(found))


def _no_index(problem: str) -> CannotVerify:
    return CannotVerify(f"{INDEX} is no list of time-stamps: {problem}")
