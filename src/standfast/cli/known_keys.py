"""What of a site's keys there is already, read without making any: for a plan of what `up` does."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from standfast.cli.app import App
from standfast.evidence.note import Verifier
from standfast.evidence.signing import Ed25519Signer
from standfast.mechanisms.backup.offsite.store import AUTHORITY, WORDS
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.keys import custody, witnesses
from standfast.mechanisms.keys.authority import CERTIFICATE, ISSUED
from standfast.mechanisms.keys.certificates import brought
from standfast.mechanisms.keys.certificates.account import ACCOUNT
from standfast.mechanisms.keys.custody import LOG_KEY, VANTAGE, VANTAGE_KEY, SiteSecrets
from standfast.mechanisms.keys.plan import KeysAsk
from standfast.mechanisms.keys.rotation import trusted
from standfast.mechanisms.keys.vault import Vault
from standfast.mechanisms.rollout.certificates import kinds
from standfast.mechanisms.rollout.plan import Certificates


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKeys:
    secrets: SiteSecrets
    offsite_words: Mapping[str, str]
    certificates: Certificates
    keys: KeysAsk
    log_key: bytes
    enrolled: Mapping[str, str]
    witnesses: Mapping[str, str]
    account: bytes


def known_keys(app: App, *, missing: str) -> KnownKeys:
    """`missing` stands for every secret that is yet to be drawn, and in what it will sign."""
    vault = opened(app)
    unsigned = f"made by up: {missing}\n"

    def issued(kind: str) -> Mapping[str, bytes]:
        having = (each.name for each in app.site.machines if kind in kinds(each))
        return {name: kept(vault, f"{ISSUED}{name}-{kind}.pem", unsigned) for name in having}

    return KnownKeys(
        secrets=secrets(vault, missing),
        offsite_words=(custody.offsite_words(vault) if vault else {}) or unsealed(app, missing),
        certificates=Certificates(
            authority=trusted(vault) if vault and vault.get(CERTIFICATE) else unsigned.encode(),
            identity=issued("identity"),
            public=issued("public"),
            service=issued("service"),
            ending={
                each.name: kept(vault, f"{ISSUED}{each.name}-ending.pem", unsigned)
                for each in app.site.having(Role.EDGE)
            },
            brought=brought.kept(vault, app.site.names) if vault else (),
        ),
        keys=KeysAsk(
            operators=vault.operators if vault else app.site.sealed.operators(),
            mark=vault.mark if vault else missing,
        ),
        log_key=kept(vault, LOG_KEY, unsigned),
        enrolled={VANTAGE: vantage(vault, missing), **observers(app, vault, missing)},
        witnesses=witnesses.known(
            vault, (each.name for each in app.site.having(Role.MONITOR)), missing=missing
        ),
        account=kept(vault, ACCOUNT, unsigned),
    )


def opened(app: App) -> Vault | None:
    """None where no secret was sealed yet, and for who only plans and has no key."""
    if app.session is None or not app.site.sealed.sealed.exists():
        return None
    return app.keys.vault


def kept(vault: Vault | None, name: str, otherwise: str) -> bytes:
    found = vault.get(name) if vault else None
    return (otherwise if found is None else found).encode()


def secrets(vault: Vault | None, missing: str) -> SiteSecrets:
    """No grace runs for a secret of the service before it was drawn."""
    drawn = dict.fromkeys(custody.names(), missing)
    drawn |= {
        "database_salt": b64encode(missing.encode()).decode(),
        "service_secret_before": "",
    }
    return SiteSecrets(**{**drawn, **(custody.kept(vault) if vault else {})})


def unsealed(app: App, missing: str) -> Mapping[str, str]:
    """Words of a store that nobody has given yet."""
    groups = WORDS[app.site.offsite.kind] if app.site.offsite else ()
    own = (AUTHORITY,) if app.site.store_here else ()
    return dict.fromkeys((*(group[0] for group in groups), *own), missing)


def vantage(vault: Vault | None, missing: str) -> str:
    key = vault.get(VANTAGE_KEY) if vault else None
    if key is None:
        return missing
    signer = Ed25519Signer.from_pem(VANTAGE, key.encode())
    return Verifier.of(signer.name, signer.public_key).vkey


def observers(app: App, vault: Vault | None, missing: str) -> Mapping[str, str]:
    return {
        each.name: kept(vault, f"{custody.OBSERVERS}{each.name}", missing).decode()
        for each in app.site.having(Role.MONITOR)
    }
