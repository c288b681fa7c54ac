"""The passwords of a site, drawn once, and kept in its sealed file (`vault.py`).

To add one, add a field: `secret()` says how it is drawn and whether `keys rotate` draws it anew.
Older sealed files lack it, and it is drawn when it is first asked for.
"""

import secrets
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from standfast.evidence.signing import Ed25519Signer
from standfast.mechanisms.keys.vault import Vault

SECRET_BYTES = 32
SALT_BYTES = 16
WORDS_BYTES = 9
"""For the password that a person types: 72 random bits, twelve letters."""

DRAWN = "drawn/"
OFFSITE = "offsite/"
"""What an operator was given to open the store off site, by name."""

OBSERVERS = "observers/"
"""Public keys with which monitors sign what they observe, by machine."""

VANTAGE = "vantage"
VANTAGE_KEY = "vantage.pem"
LOG_KEY = "log.pem"
DNS_KEY = "dns_key"
"""Of the zone (TSIG), as it lay in `[dns] key_file` when the recovery envelope was written."""

ORIGIN = "origin"
"""The log's name, in the sealed secrets and in the site's folder: no secret, but all operators'."""


def token() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def salt() -> str:
    return b64encode(secrets.token_bytes(SALT_BYTES)).decode()


def word() -> str:
    return secrets.token_urlsafe(WORDS_BYTES)


def secret(draw: Callable[[], str] = token, *, rotates: bool = True) -> Any:
    """A field of `SiteSecrets`. One that cannot be changed without losing what it protects (the
    key of a backup that is kept) does not rotate."""
    return field(repr=False, default_factory=draw, metadata={"rotates": rotates})


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSecrets:
    """`service_secret_before` is still accepted by the service until its grace ends; else empty."""

    database_password: str = secret()
    database_salt: str = secret(salt)
    service_secret: str = secret()
    service_secret_before: str = secret(str, rotates=False)
    account_password: str = secret(word)
    canary_password: str = secret()
    backup_secret: str = secret(rotates=False)
    """Of which every repository's key is made: drawn anew, no copy could be read any more."""

    offsite_secret: str = secret(rotates=False)
    """The key of the repository off site, and of nothing else."""


def ensure(vault: Vault) -> SiteSecrets:
    """Those that are kept, and those that are missing drawn now."""
    known = kept(vault)
    made = SiteSecrets(**known)
    for name in names():
        if name not in known:
            vault.put(f"{DRAWN}{name}", getattr(made, name))
    return made


def names() -> tuple[str, ...]:
    return tuple(each.name for each in fields(SiteSecrets))


def kept(vault: Vault) -> dict[str, str]:
    """Those that were drawn, by name. Draws none."""
    found = {name: vault.get(f"{DRAWN}{name}") for name in names()}
    return {name: text for name, text in found.items() if text is not None}


def offsite_words(vault: Vault) -> dict[str, str]:
    """What opens the store off site, by name (`AWS_ACCESS_KEY_ID`)."""
    return {
        name.removeprefix(OFFSITE): vault.get(name) or ""
        for name in vault.names
        if name.startswith(OFFSITE)
    }


def redraw(vault: Vault) -> None:
    """Draw anew what a person who has left knew. The service's secret is accepted for a while."""
    before = vault.get(f"{DRAWN}service_secret") or ""
    for each in fields(SiteSecrets):
        if each.metadata["rotates"]:
            vault.drop(f"{DRAWN}{each.name}")
    vault.put(f"{DRAWN}service_secret_before", before)
    vault.drop(VANTAGE_KEY)
    ensure(vault)


def vantage_signer(vault: Vault) -> Ed25519Signer:
    """The key that signs what operators' computers measured, made when it is first needed."""
    return Ed25519Signer.from_pem(VANTAGE, vault.ensure(VANTAGE_KEY, signing_key).encode())


def log_key(vault: Vault) -> bytes:
    """The key that signs the site's evidence log (PEM), made when it is first needed: one for the
    log, whichever monitor writes it."""
    return vault.ensure(LOG_KEY, signing_key).encode()


def signing_key() -> str:
    """PEM."""
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def fresh_identifier() -> UUID:
    """A random UUID (RFC 9562, version 4): how one run of a drill is told from all others."""
    return UUID(bytes=secrets.token_bytes(16), version=4)
