"""A recovery envelope's bytes: docs/recovery-envelope.md, which a foreign program can follow.

    standfast recovery envelope 1
    {"cipher":"AES-256-GCM", …}          what is needed to open it; authenticated with the content
    base64 of the sealed content
    sha256 HEX                           of all lines before it: damage is told from a wrong
                                         passphrase, before anybody is asked for one

The checksum protects against accidents alone. What somebody altered on purpose, checksum and all,
does not open, because the first two lines are authenticated too.
"""

import hashlib
import json
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from standfast.core.errors import ConfigError, Refused

INTRO = b"standfast recovery envelope "
VERSION = 1
LAST_LINE = re.compile(rb"sha256 [0-9a-f]{64}\r?\n\Z")
WIDTH = 76
"""Of a line of base64 (RFC 2045, 6.8): it survives mail and paper."""

FILE_LIMIT = 4 * 1024 * 1024
HEADER_LIMIT = 4096
"""Bytes. Real ones have a few kilobytes and a few hundred bytes."""

ANOTHER_COPY = "Standfast did not write it as it is: take another copy."

KEY_BYTES, SALT_BYTES, NONCE_BYTES = 32, 16, 12

MEMORY_KIB, ITERATIONS, LANES = 64 * 1024, 3, 4
"""RFC 9106, section 4, the second recommended option: any computer has that much memory."""

MOST_MEMORY_KIB, MOST_ITERATIONS, MOST_LANES = 256 * 1024, 16, 16
"""What a header may ask for: a forged one costs a second, and not the computer."""

LEAST_MEMORY_KIB = 8 * MOST_LANES
"""Argon2 needs eight blocks for each lane (RFC 9106, section 3.1)."""


class Header(BaseModel):
    """The second line. `written_at` is RFC 3339. Whoever has the file can read it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    site: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
    written_at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
    cipher: Literal["AES-256-GCM"] = "AES-256-GCM"
    nonce: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{16}$")]
    kdf: Literal["argon2id"] = "argon2id"
    salt: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{22}==$")]
    memory_kib: int = Field(default=MEMORY_KIB, ge=LEAST_MEMORY_KIB, le=MOST_MEMORY_KIB)
    iterations: int = Field(default=ITERATIONS, ge=1, le=MOST_ITERATIONS)
    lanes: int = Field(default=LANES, ge=1, le=MOST_LANES)

    def key(self, passphrase: str) -> bytes:
        return Argon2id(
            salt=b64decode(self.salt),
            length=KEY_BYTES,
            iterations=self.iterations,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        ).derive(passphrase.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A whole and undamaged envelope, not yet opened. `authenticated`: its first two lines."""

    file: str
    header: Header
    authenticated: bytes
    ciphertext: bytes = field(repr=False)

    def opened(self, passphrase: str) -> bytes:
        """Raises `Refused` when this passphrase does not open it."""
        cipher, nonce = AESGCM(self.header.key(passphrase)), b64decode(self.header.nonce)
        try:
            return cipher.decrypt(nonce, self.ciphertext, self.authenticated)
        except InvalidTag:
            raise Refused(
                f"{self.file} is whole, and this passphrase does not open it",
                remedy="It was typed without an error, so it belongs to another envelope: each "
                "`standfast keys envelope` draws a new one.",
            ) from None


def seal(content: bytes, passphrase: str, *, site: str, written_at: str) -> bytes:
    """`passphrase` in its one form (`passphrase.py`)."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    header = Header(
        site=site,
        written_at=written_at,
        nonce=b64encode(nonce).decode(),
        salt=b64encode(secrets.token_bytes(SALT_BYTES)).decode(),
    )
    said = json.dumps(header.model_dump(), sort_keys=True, separators=(",", ":")).encode()
    authenticated = INTRO + str(VERSION).encode() + b"\n" + said + b"\n"
    ciphertext = AESGCM(header.key(passphrase)).encrypt(nonce, content, authenticated)
    body = b64encode(ciphertext)
    lines = b"".join(body[at : at + WIDTH] + b"\n" for at in range(0, len(body), WIDTH))
    return authenticated + lines + last_line(authenticated + lines)


def last_line(before: bytes) -> bytes:
    return b"sha256 " + hashlib.sha256(before).hexdigest().encode() + b"\n"


def read(data: bytes, file: str) -> Sealed:
    """`file` is its name, for errors. No passphrase is needed yet, and nothing is trusted.

    Raises `ConfigError` for what is no envelope, or one of a newer version; `Refused` for one that
    is cut off, damaged, or asks for too much.
    """
    intro, _, rest = data.partition(b"\n")
    refuse_foreign(intro, len(data), file)
    last = LAST_LINE.search(rest)
    if last is None:
        raise Refused(
            f"{file} is cut off: after {len(data)} bytes its last line is missing",
            remedy="Fetch it again from where it is kept; it has to be copied whole.",
        )
    if data[-len(last[0]) :] != last_line(data[: -len(last[0])]):
        raise Refused(
            f"{file} is damaged: its content does not have the checksum of its last line",
            remedy="Fetch it again, as a binary file: no line may change. Else take another copy.",
        )
    said, _, body = rest[: last.start()].partition(b"\n")
    return Sealed(
        file=file,
        header=header_of(said, file),
        authenticated=intro + b"\n" + said + b"\n",
        ciphertext=decoded(body, file),
    )


def decoded(body: bytes, file: str) -> bytes:
    try:
        return b64decode(b"".join(body.splitlines()), validate=True)
    except ValueError:
        raise Refused(f"{file}: its content is not base64", remedy=ANOTHER_COPY) from None


def refuse_foreign(intro: bytes, size: int, file: str) -> None:
    version = intro.removeprefix(INTRO).rstrip(b"\r")
    if not intro.startswith(INTRO) or not version.isdigit() or size > FILE_LIMIT:
        raise ConfigError(
            f"{file} is no recovery envelope",
            remedy="Name the file that `standfast keys envelope` wrote.",
        )
    if version != str(VERSION).encode():
        raise ConfigError(
            f"{file} is a recovery envelope of version {version.decode()[:9]}, "
            f"and {VERSION} is known here",
            remedy="Was it written by a newer Standfast? Use that one.",
        )


def header_of(said: bytes, file: str) -> Header:
    try:
        if len(said) > HEADER_LIMIT:
            raise Refused(
                f"{file}: its second line is longer than {HEADER_LIMIT} bytes",
                remedy=ANOTHER_COPY,
            )
        return Header.model_validate_json(said)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'header'}: {each['msg']}"
            for each in error.errors()
        )
        raise Refused(
            f"{file} says what no envelope says: {wrong}",
            remedy=ANOTHER_COPY,
        ) from None
