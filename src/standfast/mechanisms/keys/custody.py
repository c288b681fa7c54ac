"""The passwords of a site, drawn once and kept where only root reads.

One file on the operator's computer, for a site made on it. (Sealing it to operators' keys, so that
a site folder can be shared, comes with machines that are listed.)
"""

import json
import secrets
from base64 import b64encode
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from standfast.core.files import write_atomically
from standfast.evidence.signing import Ed25519Signer

SECRET_BYTES = 32
WORDS_BYTES = 9
"""For the password that a person types: 72 random bits, twelve letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSecrets:
    database_password: str = field(repr=False)
    database_salt: str = field(repr=False)
    service_secret: str = field(repr=False)
    account_password: str = field(repr=False)
    canary_password: str = field(repr=False)
    backup_secret: str = field(repr=False)
    """Of which every repository's key is made: drawn anew, no copy could be read any more."""


VANTAGE = "vantage"


def vantage_signer(folder: Path) -> Ed25519Signer:
    """The key that signs what was measured from this computer, made when it is first needed."""
    return Ed25519Signer.from_pem(VANTAGE, signing_key(folder / "vantage.pem"))


def log_key(folder: Path) -> bytes:
    """The key that signs the site's evidence log (PEM), made when it is first needed: one for the
    log, whichever monitor writes it."""
    return signing_key(folder / "log.pem")


def signing_key(path: Path) -> bytes:
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        write_atomically(path, pem, mode=0o600)
    return path.read_bytes()


def fresh_identifier() -> UUID:
    """A random UUID (RFC 9562, version 4): how one run of a drill is told from all others."""
    return UUID(bytes=secrets.token_bytes(16), version=4)


def ensure(folder: Path) -> SiteSecrets:
    """Those that are kept, and those that are missing drawn now."""
    path = folder / "site.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    drawn = SiteSecrets(**{**asdict(draw()), **kept})
    if asdict(drawn) != kept:
        write_atomically(path, json.dumps(asdict(drawn)).encode(), mode=0o600)
    return drawn


def draw() -> SiteSecrets:
    return SiteSecrets(
        database_password=secrets.token_urlsafe(SECRET_BYTES),
        database_salt=b64encode(secrets.token_bytes(16)).decode(),
        service_secret=secrets.token_urlsafe(SECRET_BYTES),
        account_password=secrets.token_urlsafe(WORDS_BYTES),
        canary_password=secrets.token_urlsafe(SECRET_BYTES),
        backup_secret=secrets.token_urlsafe(SECRET_BYTES),
    )
