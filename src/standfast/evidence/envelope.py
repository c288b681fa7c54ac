"""A leaf of the log: a statement and the signature of the machine that made it (DSSE 1.0).

Every leaf can be checked alone, apart from the log that holds it. `keyid` carries the name and the
identifier of the key; it only says which key to try, what counts is the signature.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from standfast.core.errors import CannotVerify
from standfast.evidence.note import Verifier
from standfast.evidence.signing import Signer
from standfast.evidence.statement import AnyPredicate, Statement, canonical

PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
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
    payload, keyid, signature = _read(envelope)
    signer = next((each for each in keys if each.id == keyid), None)
    if signer is None:
        raise CannotVerify(f"it is signed by {keyid!r}, which was not enrolled before it")
    if not signer.verifies(signature, pae(PAYLOAD_TYPE, payload)):
        raise CannotVerify(f"the signature of {signer.name} under it is false")
    return Opened(statement=Statement.from_payload(payload), signer=signer)


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
    return Claimed(statement=Statement.from_payload(payload), keyid=keyid, by_log=by_log)


class Signature(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    keyid: str
    sig: str


class Envelope(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    payload: str
    payload_type: Literal["application/vnd.in-toto+json"] = Field(alias="payloadType")
    signatures: tuple[Signature]


def _read(envelope: bytes) -> tuple[bytes, str, bytes]:
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
        base64.b64encode(payload),
        PAYLOAD_TYPE.encode(),
        canonical(keyid),
        base64.b64encode(signature),
    )
