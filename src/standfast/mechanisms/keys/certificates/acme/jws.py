"""Signed requests as ACME wants them (RFC 8555, section 6.2), by ES256 alone. Pure."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

COORDINATE_BYTES = 32


def signed(
    key: ec.EllipticCurvePrivateKey,
    payload: Mapping[str, Any] | None,
    *,
    url: str,
    nonce: str,
    account: str,
) -> bytes:
    """The body of a request. `account` is its address; empty as long as there is none, then the key
    itself says who asks. No payload: only to read (RFC 8555, section 6.3)."""
    who = {"kid": account} if account else {"jwk": public(key)}
    header = encoded(compact({"alg": "ES256", "nonce": nonce, "url": url, **who}))
    body = "" if payload is None else encoded(compact(payload))
    return compact(
        {
            "protected": header,
            "payload": body,
            "signature": encoded(signature(key, f"{header}.{body}".encode())),
        }
    )


def signature(key: ec.EllipticCurvePrivateKey, text: bytes) -> bytes:
    """Both numbers one after the other (RFC 7518, section 3.4), not in DER."""
    r, s = decode_dss_signature(key.sign(text, ec.ECDSA(SHA256())))
    return r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")


def public(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (encoded(each.to_bytes(COORDINATE_BYTES, "big")) for each in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def thumbprint(key: ec.EllipticCurvePrivateKey) -> str:
    """Of the account's key. Who serves it after a token shows that the account's owner controls a
    name (RFC 8555, section 8.1); it is no secret."""
    return encoded(hashlib.sha256(compact(public(key))).digest())


def compact(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
