"""Requests as a client signs them, by a second hand."""

import hashlib
import hmac
from datetime import datetime
from urllib.parse import quote

from standfast.mechanisms.hosts.local.store.request import Request

HOST = "198.51.100.10"
REGION = "elsewhere"


def signed(
    method: str,
    path: str,
    *,
    id: str,
    secret: str,
    now: datetime,
    query: dict[str, str] | None = None,
    body: bytes = b"",
    extra: dict[str, str] | None = None,
) -> Request:
    digest = hashlib.sha256(body).hexdigest()
    headers = {
        "host": HOST,
        "x-amz-content-sha256": digest,
        "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
        **(extra or {}),
    }
    text = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, value in sorted((query or {}).items())
    )
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = (
        f"{method}\n{quote(path)}\n{text}\n{lines}\n{names}\n{headers['x-amz-content-sha256']}"
    )
    scope = f"{now:%Y%m%d}/{REGION}/s3/aws4_request"
    told = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for word in (
        *scope.split("/"),
        f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{told}",
    ):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    )
    return Request(
        method=method, target=f"{quote(path)}{'?' if text else ''}{text}", headers=headers
    )
