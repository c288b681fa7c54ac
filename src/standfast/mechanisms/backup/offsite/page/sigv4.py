"""A request to S3, signed: AWS Signature Version 4. Pure, standard library only.

After "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk"
of Amazon S3's API reference. S3 encodes the path once. The examples of that page are the tests.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "s3"
TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """`region` is the one that a request is signed for."""

    id: str
    secret: str = field(repr=False)
    region: str


def signed(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    key: Key,
    now: datetime,
    query: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The headers with which it is sent: those given, all of which are signed (`host` must be among
    them), the time, the body's digest, and the signature. `path` is not encoded yet."""
    digest = hashlib.sha256(body).hexdigest()
    sent = {
        **{name.lower(): value for name, value in headers.items()},
        "x-amz-content-sha256": digest,
        "x-amz-date": now.strftime(TIME),
    }
    names = ";".join(sorted(sent))
    scope = f"{now:%Y%m%d}/{key.region}/{SERVICE}/aws4_request"
    canonical = "\n".join(
        (
            method,
            encoded(path, safe="/"),
            "&".join(sorted(f"{encoded(a)}={encoded(b)}" for a, b in (query or {}).items())),
            *(f"{name}:{' '.join(sent[name].split())}" for name in sorted(sent)),
            "",
            names,
            digest,
        )
    )
    told = hashlib.sha256(canonical.encode()).hexdigest()
    signature = derived(
        key.secret, *scope.split("/"), f"{ALGORITHM}\n{sent['x-amz-date']}\n{scope}\n{told}"
    )
    return {
        **sent,
        "authorization": f"{ALGORITHM} Credential={key.id}/{scope},SignedHeaders={names},"
        f"Signature={signature}",
    }


def derived(secret: str, *words: str) -> str:
    made = f"AWS4{secret}".encode()
    for word in words:
        made = hmac.digest(made, word.encode(), "sha256")
    return made.hex()


def encoded(text: str, *, safe: str = "") -> str:
    """All but the unreserved characters of RFC 3986."""
    return quote(text, safe=f"{safe}-_.~")
