"""What a witness has seen of the front, in a file of its own: one line for each sighting, signed by
the witness's key, each naming the one before it.

    sightings-2026-11.jsonl     of a month in UTC, beside what it cosigned last

A line is a DSSE 1.0 envelope with a type of its own, so it passes for nothing else that this key
signs. What is altered, or left out between two lines, shows; what is cut off at the end does not:
the newest line is as new as its owner lets it be. Nothing is ever deleted here: a look every five
minutes makes about seven megabytes a month.
"""

import base64
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from standfast.core.files import write_atomically
from standfast.evidence.cosignature import cosigner
from standfast.evidence.envelope import pae
from standfast.evidence.signing import Signer, signed
from standfast.mechanisms.witness.sighting import Sighting

PAYLOAD_TYPE = "application/vnd.standfast.sighting+json"
LINE_LIMIT_BYTES = 1_000_000
"""A site that answers at every port makes the longest line."""

COMPLAINTS_LIMIT = 20
"""Beyond them nobody reads on."""

FIRST = ""
"""What the first line of all says of the one before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a whole diary says: of so many sightings so many were answered and so many without any
    trouble; `complaints` about its lines."""

    first: str = ""
    last: str = ""
    sightings: int = 0
    answered: int = 0
    good: int = 0
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diary:
    """`folder` is that of one log's witness."""

    folder: Path
    signer: Signer

    def add(self, sighting: Sighting) -> None:
        """A line that a power failure cut off is a complaint ever after, and stops nothing."""
        said = {
            "sighting": sighting.document(),
            "answered": sighting.answered,
            "previous": digest(self._last_line()),
        }
        line = envelope(written(said), self.signer)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"sightings-{sighting.at:%Y-%m}.jsonl"
        if not path.exists():
            write_atomically(path, line + b"\n")
            return
        with path.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            whole = file.read() == b"\n"
            file.write((b"" if whole else b"\n") + line + b"\n")

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("sightings-*.jsonl"))

    def _last_line(self) -> bytes:
        if not (files := self.files):
            return b""
        with files[-1].open("rb") as file:
            file.seek(max(0, files[-1].stat().st_size - LINE_LIMIT_BYTES))
            return file.read().rstrip(b"\n").rpartition(b"\n")[2]

    def told(self) -> Told:
        """Read all of it, and check each line."""
        told, before = Told(), b""
        for name, number, line in self._lines():
            try:
                said = opened(line, self.signer)
                wrong = "" if said["previous"] == digest(before) else "a line before it is missing"
                told = after(told, said)
            except (ValueError, KeyError, TypeError) as error:
                wrong = str(error) or type(error).__name__
            if wrong:
                told = complained(told, f"{name}, line {number}: {wrong}")
            before = line
        return told

    def _lines(self) -> Iterator[tuple[str, int, bytes]]:
        for path in self.files:
            with path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    yield path.name, number, line.rstrip(b"\n")


def digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest() if line else FIRST


def envelope(payload: bytes, signer: Signer) -> bytes:
    document = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [
            {
                "keyid": cosigner(signer).id,
                "sig": base64.b64encode(signer.sign(pae(PAYLOAD_TYPE, payload))).decode(),
            }
        ],
    }
    return written(document)


def written(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def opened(line: bytes, signer: Signer) -> Mapping[str, Any]:
    """Raises `ValueError`, `KeyError` or `TypeError` for what this signer did not write."""
    document = json.loads(line)
    payload = base64.b64decode(document["payload"], validate=True)
    (signature,) = document["signatures"]
    proper = base64.b64decode(signature["sig"], validate=True)
    if document["payloadType"] != PAYLOAD_TYPE or not signed(
        signer.public_key, proper, pae(PAYLOAD_TYPE, payload)
    ):
        raise ValueError("this witness has not signed it")
    said = json.loads(payload)
    if not isinstance(said, dict):
        raise ValueError("it is no sighting")
    return said


def after(told: Told, said: Mapping[str, Any]) -> Told:
    sighting = said["sighting"]
    return replace(
        told,
        first=told.first or sighting["at"],
        last=sighting["at"],
        sightings=told.sightings + 1,
        answered=told.answered + bool(said["answered"]),
        good=told.good + (sighting["trouble"] is None),
    )


def complained(told: Told, complaint: str) -> Told:
    if len(told.complaints) >= COMPLAINTS_LIMIT:
        return told
    return replace(told, complaints=(*told.complaints, complaint))
