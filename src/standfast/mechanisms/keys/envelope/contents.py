"""What a lost site needs besides its off-site store, and nothing else. Pure.

A secret is needed if without it data is lost, or if somebody outside would notice that it is
another one. All others are left out, because `standfast up` draws them anew and puts them where
they belong. A secret that stands in neither table goes in: to carry one too many is better than to
miss one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from standfast.core.errors import ConfigError, StandfastError
from standfast.evidence.note import vkey
from standfast.evidence.signing import Ed25519Signer
from standfast.mechanisms.keys.authority import (
    BEFORE_CERTIFICATE,
    CERTIFICATE,
    ISSUED,
    KEY,
    NEXT_CERTIFICATE,
    NEXT_KEY,
)
from standfast.mechanisms.keys.custody import DRAWN, LOG_KEY, OBSERVERS, ORIGIN, VANTAGE_KEY
from standfast.mechanisms.keys.operators import Operator
from standfast.mechanisms.keys.rotation import GRACE_UNTIL
from standfast.mechanisms.keys.vault import FILES, Contents
from standfast.mechanisms.keys.witnesses import WITNESSES

FORMAT = 1
RECORD = "envelope"
"""In the sealed secrets: what was written last (`staleness.py`)."""

NEEDED: Mapping[str, str] = {
    KEY: "the authority's key",
    CERTIFICATE: "the authority's certificate",
    LOG_KEY: "the evidence log's key",
    ORIGIN: "the evidence log's name",
    f"{DRAWN}backup_secret": "the secret of the repositories' keys",
    f"{DRAWN}offsite_secret": "the key of the repository off site",
    f"{DRAWN}service_secret": "the service's secret",
}
"""Without which no envelope is written, in words for people."""

LEFT_OUT: Mapping[str, str] = {
    f"{DRAWN}database_password": "set anew in the database that was restored",
    f"{DRAWN}database_salt": "of that password",
    f"{DRAWN}service_secret_before": "accepted for some hours after a rotation",
    f"{DRAWN}account_password": "entered anew; its hash is in the database",
    f"{DRAWN}canary_password": "entered anew by the next proof",
    VANTAGE_KEY: "made anew, and enrolled by the log's key",
    OBSERVERS: "machines make keys of their own, enrolled by the log's key",
    ISSUED: "machines make keys of their own, and the authority signs them",
    WITNESSES: "monitors make keys of their own",
    FILES: "ways to machines that are lost, and operators' certificates",
    "machines": "which machines there were",
    NEXT_CERTIFICATE: "no envelope is written during a rotation",
    NEXT_KEY: "no envelope is written during a rotation",
    BEFORE_CERTIFICATE: "no envelope is written during a rotation",
    GRACE_UNTIL: "when a former secret of the service ends",
    RECORD: "says itself what is in the envelope",
    "recovery": "of a site that is coming back just now",
}
"""By name, or by its beginning where that ends with a slash: why not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """`settings` is standfast.toml, empty for a site without one; `written_at` RFC 3339; `log_key`
    the public key that readers have pinned (C2SP signed-note, one line)."""

    site: str
    written_at: str
    settings: str
    operators: tuple[Operator, ...]
    secrets: Mapping[str, str] = field(repr=False)
    log_key: str
    versions: Mapping[str, str]

    def to_json(self) -> bytes:
        document = {
            "format": FORMAT,
            "site": self.site,
            "written_at": self.written_at,
            "settings": self.settings,
            "operators": [{"name": each.name, "key": each.key} for each in self.operators],
            "secrets": dict(self.secrets),
            "log_key": self.log_key,
            "versions": dict(self.versions),
        }
        return json.dumps(document, indent=1, sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Content":
        """What an envelope held, which is authenticated."""
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise ConfigError(
                f"the envelope's content has format {document['format']}, "
                f"and {FORMAT} is known here",
                remedy="Was it written by a newer Standfast? Use that one.",
            )
        return cls(
            site=document["site"],
            written_at=document["written_at"],
            settings=document["settings"],
            operators=tuple(Operator(**each) for each in document["operators"]),
            secrets=document["secrets"],
            log_key=document["log_key"],
            versions=document["versions"],
        )


def gathered(
    sealed: Contents,
    *,
    site: str,
    settings: str,
    versions: Mapping[str, str],
    written_at: str,
) -> Content:
    """Of the sealed secrets what is needed. Raises `StandfastError` for what was never made."""
    secrets = needed(sealed.kept)
    missing = [words for name, words in NEEDED.items() if name not in secrets]
    if missing:
        raise StandfastError(
            f"{site} does not have all that an envelope must hold: {', '.join(missing)}",
            remedy="Run `standfast up` first.",
        )
    return Content(
        site=site,
        written_at=written_at,
        settings=settings,
        operators=sealed.operators,
        secrets=secrets,
        log_key=vkey(Ed25519Signer.from_pem(secrets[ORIGIN], secrets[LOG_KEY].encode())),
        versions=versions,
    )


def needed(kept: Mapping[str, str]) -> Mapping[str, str]:
    return {name: text for name, text in sorted(kept.items()) if not is_left_out(name)}


def is_left_out(name: str) -> bool:
    beginning = f"{name.partition('/')[0]}/"
    return name in LEFT_OUT or beginning in LEFT_OUT
