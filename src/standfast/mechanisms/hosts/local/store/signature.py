"""Who asks: AWS Signature Version 4, from its secret and what was sent. Pure, standard library.

After "Authenticating Requests: Using the Authorization Header" of Amazon S3's API reference: the
path is encoded once, and what the body's digest must be is in a header of its own. A body that is
signed in chunks is not understood here.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from standfast.mechanisms.hosts.local.store.refusals import Code, RefusedRequest
from standfast.mechanisms.hosts.local.store.request import Request

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
"""Instead of the body's digest: TLS has kept it whole."""

CLOCKS_APART = timedelta(minutes=15)
"""As S3 has it: an old request that was overheard is worth nothing."""

TIME = "%Y%m%dT%H%M%SZ"
AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<id>[^/,\s]+)/(?P<day>\d{{8}})/(?P<region>[^/,\s]+)"
    r"/s3/aws4_request,\s*SignedHeaders=(?P<headers>[a-z0-9;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an `Authorization` says."""

    id: str
    day: str
    region: str
    headers: tuple[str, ...]
    signature: str


def claimed(request: Request) -> Claim:
    found = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        raise RefusedRequest(Code.ACCESS_DENIED, "the request is not signed by version 4")
    return Claim(
        id=found["id"],
        day=found["day"],
        region=found["region"],
        headers=tuple(found["headers"].split(";")),
        signature=found["signature"],
    )


def signer(request: Request, secrets: Mapping[str, str], now: datetime) -> str:
    """The id of the key that signed it. Raises `RefusedRequest` for whoever has none."""
    claim = claimed(request)
    if claim.id not in secrets:
        raise RefusedRequest(Code.UNKNOWN_KEY, f"no key is called {claim.id}")
    if "host" not in claim.headers or "x-amz-date" not in claim.headers:
        raise RefusedRequest(Code.ACCESS_DENIED, "host and time have to be signed")
    asked_at = moment(request.headers.get("x-amz-date", ""))
    if asked_at is None or abs(now - asked_at) > CLOCKS_APART:
        raise RefusedRequest(Code.TOO_SKEWED, "the request is of another time than this")
    if not hmac.compare_digest(claim.signature, signature(request, claim, secrets[claim.id])):
        raise RefusedRequest(Code.BAD_SIGNATURE, "the signature is of another request or key")
    return claim.id


def moment(said: str) -> datetime | None:
    try:
        return datetime.strptime(said, TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def signature(request: Request, claim: Claim, secret: str) -> str:
    scope = f"{claim.day}/{claim.region}/s3/aws4_request"
    told = hashlib.sha256(canonical(request, claim.headers).encode()).hexdigest()
    to_sign = "\n".join((ALGORITHM, request.headers.get("x-amz-date", ""), scope, told))
    key = f"AWS4{secret}".encode()
    for word in (*scope.split("/"), to_sign):
        key = hmac.digest(key, word.encode(), "sha256")
    return key.hex()


def canonical(request: Request, headers: tuple[str, ...]) -> str:
    query = sorted((encoded(name), encoded(value)) for name, value in request.pairs)
    return "\n".join(
        (
            request.method,
            quote(request.path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in query),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in headers),
            "",
            ";".join(headers),
            request.headers.get("x-amz-content-sha256", ""),
        )
    )


def encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def must_be_whole(request: Request, body: bytes) -> None:
    """The body is the one that was signed."""
    said = request.headers.get("x-amz-content-sha256", "")
    if said != UNSIGNED and not re.fullmatch(r"[0-9a-f]{64}", said):
        raise RefusedRequest(Code.NOT_IMPLEMENTED, f"a body that is signed as {said or 'nothing'}")
    if said not in (UNSIGNED, hashlib.sha256(body).hexdigest()):
        raise RefusedRequest(Code.BAD_DIGEST, "the body is not the one that was signed")
