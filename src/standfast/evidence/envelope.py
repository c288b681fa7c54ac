"""A leaf of the log: a statement and the signature of the machine that made it (DSSE 1.0).

Every leaf can be checked alone, apart from the log that holds it. `keyid` carries the name and the
identifier of the key; it only says which key to try, what counts is the signature.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from standfast.core.errors import CannotVerify
from standfast.evidence import plain
from standfast.evidence.base64_text import exact
from standfast.evidence.note import Verifier
from standfast.evidence.signing import KEYS_KEPT, Check, Signer, signed_each
from standfast.evidence.statement import AnyPredicate, Statement, canonical

PAYLOAD_TYPE = "application/vnd.in-toto+json"

HEAD, BETWEEN, END = b'{"payload":"', b'","sig":"', b'"}]}'
MIDDLE = b'","payloadType":"%b","signatures":[{"keyid":"' % PAYLOAD_TYPE.encode()
"""What is the same in all envelopes, around payload, key's identifier and signature."""


class Opened(NamedTuple):
    statement: Statement
    signer: Verifier


def pae(payload_type: str, body: bytes) -> bytes:
    """What is signed: type and body with their lengths, so that neither can pass for the other."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)


def seal(payload: bytes, signer: Signer) -> bytes:
    """Return the envelope's bytes: a leaf."""
    signature = signer.sign(pae(PAYLOAD_TYPE, payload))
    return _written(payload, Verifier.of(signer.name, signer.public_key).id, signature)


def leaf(site: str, predicate: AnyPredicate, signer: Signer) -> bytes:
    return seal(Statement(site=site, predicate=predicate).payload(), signer)


def opened(envelope: bytes, keys: Iterable[Verifier]) -> Opened:
    """Raises `CannotVerify` unless one of `keys` signed it and it is written as `seal` writes."""
    known = by_id(keys)
    sealed = Sealed.of([envelope], known)
    return sealed.unsealed(signed_each(sealed.checks))[0].by(known)


def by_id(keys: Iterable[Verifier]) -> Mapping[str, Verifier]:
    """Of two with one identifier the first counts."""
    return {each.id: each for each in reversed(tuple(keys))}


class Unsealed(NamedTuple):
    """An envelope of which everything is known but whether its key may sign: that is for who has
    read the entries before it. Many can be unsealed at once, in any order.

    `keyid` is None for what is no envelope. `signer` is the key that was found to have signed it;
    `left` is what another key's signature would be checked by, where none was found: payload and
    signature. `problem` says why there is no statement.
    """

    keyid: str | None
    statement: Statement | None
    signer: Verifier | None
    left: tuple[bytes, bytes] | None
    problem: str

    def by(self, keys: Mapping[str, Verifier]) -> Opened:
        """Raises `CannotVerify` unless one of these keys signed it."""
        if self.keyid is None:
            raise CannotVerify(self.problem)
        signer = keys.get(self.keyid)
        if signer is None:
            raise CannotVerify(f"it is signed by {self.keyid!r}, which was not enrolled before it")
        if signer is not self.signer and not self._is_signed_by(signer):
            raise CannotVerify(f"the signature of {signer.name} under it is false")
        if self.statement is None:
            raise CannotVerify(self.problem)
        return Opened(self.statement, signer)

    def _is_signed_by(self, signer: Verifier) -> bool:
        if self.left is None:
            return signer == self.signer
        payload, signature = self.left
        return signer.verifies(signature, pae(PAYLOAD_TYPE, payload))


Read = tuple[bytes, str, bytes]
"""Payload, key's identifier, signature."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Envelopes that were read, each, or why it could not be. `named` are the keys that they name,
    None where that is not known yet, and `checks` what these have to be asked."""

    read: Sequence[Read | str]
    named: Sequence[Verifier | None]
    checks: Sequence[Check]

    @classmethod
    def of(cls, envelopes: Iterable[bytes], keys: Mapping[str, Verifier]) -> Self:
        """`keys` are those that are known already, by their identifiers."""
        read = list(map(_read_or_why, envelopes))
        named = [keys.get(each[1]) if isinstance(each, tuple) else None for each in read]
        checks = [
            (key.public_key, each[2], pae(PAYLOAD_TYPE, each[0]))
            for key, each in zip(named, read, strict=True)
            if key is not None and isinstance(each, tuple)
        ]
        return cls(read, named, checks)

    def unsealed(self, good: Iterable[bool]) -> list[Unsealed]:
        """`good` are the answers."""
        answers = iter(good)
        return [
            Unsealed(None, None, None, None, each)
            if isinstance(each, str)
            else _with_statement(each, key if key is not None and next(answers) else None)
            for each, key in zip(self.read, self.named, strict=True)
        ]


def _read_or_why(envelope: bytes) -> Read | str:
    try:
        return _read(envelope)
    except CannotVerify as error:
        return error.problem


def _with_statement(read: Read, signer: Verifier | None) -> Unsealed:
    payload, keyid, signature = read
    left = (payload, signature) if signer is None else None
    try:
        return Unsealed(keyid, plain.statement(payload), signer, left, "")
    except CannotVerify as error:
        return Unsealed(keyid, None, signer, left, error.problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """`by_log`: the log's key signed it. Else `keyid` names another key, and only the whole log
    shows whether that was enrolled, and what it is."""

    statement: Statement
    keyid: str
    by_log: bool


def claimed(envelope: bytes, log: Verifier) -> Claimed:
    """Open an envelope with no more than the log's key. Raises `CannotVerify` when it is none, and
    when it names the log's key and is not signed by it."""
    payload, keyid, signature = _read(envelope)
    by_log = keyid == log.id
    if by_log and not log.verifies(signature, pae(PAYLOAD_TYPE, payload)):
        raise CannotVerify(f"the signature of {log.name} under it is false")
    return Claimed(statement=plain.statement(payload), keyid=keyid, by_log=by_log)


class Signature(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    keyid: str
    sig: str


class Envelope(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    payload: str
    payload_type: Literal["application/vnd.in-toto+json"] = Field(alias="payloadType")
    signatures: tuple[Signature]


def _read(envelope: bytes) -> Read:
    return _in_quotes(envelope) or _as_json(envelope)


def _in_quotes(envelope: bytes) -> Read | None:
    """The quick way: what stands between quotation marks. None, which decides nothing, for what is
    written otherwise, or has a key whose name needs marks of its own."""
    at = envelope.find(b'"', len(HEAD))
    keyid, between, sig = envelope[at + len(MIDDLE) : -len(END)].partition(BETWEEN)
    if not (
        between
        and envelope.startswith(HEAD)
        and envelope.startswith(MIDDLE, at)
        and envelope.endswith(END)
    ):
        return None
    payload, name, signature = exact(envelope[len(HEAD) : at]), _plain_name(keyid), exact(sig)
    return None if not payload or name is None or not signature else (payload, name, signature)


@lru_cache(KEYS_KEPT)
def _plain_name(keyid: bytes) -> str | None:
    try:
        name = keyid.decode()
    except ValueError:
        return None
    return name if canonical(name) == b'"%b"' % keyid else None


def _as_json(envelope: bytes) -> tuple[bytes, str, bytes]:
    try:
        outer = Envelope.model_validate_json(envelope)
        payload = base64.b64decode(outer.payload, validate=True)
        signature = base64.b64decode(outer.signatures[0].sig, validate=True)
    except (ValueError, binascii.Error) as error:
        raise CannotVerify("it is no DSSE envelope with one signature") from error
    keyid = outer.signatures[0].keyid
    if _written(payload, keyid, signature) != envelope:
        raise CannotVerify("its envelope is not written the one way it is to be written")
    return payload, keyid, signature


def _written(payload: bytes, keyid: str, signature: bytes) -> bytes:
    """Canonical: its keys are in order, and base64 needs no escapes."""
    return b'{"payload":"%b","payloadType":"%b","signatures":[{"keyid":%b,"sig":"%b"}]}' % (
        binascii.b2a_base64(payload, newline=False),
        PAYLOAD_TYPE.encode(),
        canonical(keyid),
        binascii.b2a_base64(signature, newline=False),
    )
