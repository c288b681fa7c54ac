"""A request to Azure's Blob service, signed with the account's key. Pure, standard library only.

After "Authorize with Shared Key" of Microsoft's reference of the storage services, for versions
from 2015-02-21 on: a body without bytes has no length there.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping

from standfast.core.errors import ConfigError

NAMED = (
    *("content-encoding", "content-language", "content-length", "content-md5", "content-type"),
    *("date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"),
)
OWN = "x-ms-"


def to_sign(
    method: str,
    account: str,
    path: str,
    headers: Mapping[str, str],
    query: Mapping[str, str] | None = None,
) -> str:
    """`path` as it is sent. The length of a body is among the headers, if it has bytes."""
    given = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    said = [given.get(name, "") for name in NAMED]
    if said[2] == "0":
        said[2] = ""
    own = sorted(f"{name}:{value}" for name, value in given.items() if name.startswith(OWN))
    asked = sorted(f"{name.lower()}:{value}" for name, value in (query or {}).items())
    return "\n".join((method, *said, *own, f"/{account}{path}", *asked))


def authorization(account: str, key: str, text: str) -> str:
    """`key` as Azure shows it, in base64. Raises `ConfigError` for what is none."""
    try:
        secret = b64decode(key, validate=True)
    except ValueError:
        raise ConfigError(
            "AZURE_ACCOUNT_KEY is not base64", remedy="Copy it anew from the account's access keys."
        ) from None
    signature = b64encode(hmac.digest(secret, text.encode(), "sha256")).decode()
    return f"SharedKey {account}:{signature}"
