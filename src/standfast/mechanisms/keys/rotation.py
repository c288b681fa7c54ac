"""Draw anew what somebody knew who has left, without a moment in which one half of the site does
not trust the other.

| stage | trusted everywhere | signs |
|---|---|---|
| steady | the authority | the authority |
| introduced | it and its successor | it |
| signing | the successor and it | the successor |

Each step is taken once *every* machine has what the stage before it says, and is written down
before the machines hear of it: whatever a machine shows, all others trust it already or still.
With each step every certificate is issued anew, by whoever signs then, because some programs
(Patroni) read whom they trust only together with a new certificate of their own. Stopped anywhere,
the next `up` goes on from the stage that is written down.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from standfast.core.errors import Refused
from standfast.core.units import parse_stamp, stamp
from standfast.mechanisms.keys import custody
from standfast.mechanisms.keys.authority import (
    BEFORE_CERTIFICATE,
    CERTIFICATE,
    ISSUED,
    KEY,
    NEXT_CERTIFICATE,
    NEXT_KEY,
    keep,
    make,
)
from standfast.mechanisms.keys.vault import FILES, Vault

GRACE_UNTIL = "rotation.grace-until"
GRACE_BEFORE = f"{custody.DRAWN}service_secret_before"

SSH_KEY = (f"{FILES}operator_key", f"{FILES}operator_key.pub")
"""Of a site made here; it lets in on every machine."""


class Stage(StrEnum):
    STEADY = "steady"
    INTRODUCED = "introduced"
    SIGNING = "signing"


def stage(vault: Vault) -> Stage:
    if vault.get(NEXT_CERTIFICATE):
        return Stage.INTRODUCED
    return Stage.SIGNING if vault.get(BEFORE_CERTIFICATE) else Stage.STEADY


def begin(vault: Vault, *, site: str, grace: timedelta, now: datetime) -> None:
    """Passwords, keys of operators, and a successor for the authority."""
    if stage(vault) is not Stage.STEADY:
        raise Refused("a rotation is under way", remedy="`standfast up` ends it.")
    custody.redraw(vault)
    for name in SSH_KEY:
        vault.drop(name)
    for name in (f"{FILES}operator.pem", f"{FILES}operator.key"):
        vault.drop(name)
    forget_issued(vault)
    keep(vault, make(site, now), certificate=NEXT_CERTIFICATE, key=NEXT_KEY)
    vault.put(GRACE_UNTIL, stamp(now + grace))


def is_under_way(vault: Vault) -> bool:
    return stage(vault) is not Stage.STEADY


def trusted(vault: Vault) -> bytes:
    """The certificates of all authorities that are accepted at this stage, as one PEM file."""
    names = (CERTIFICATE, NEXT_CERTIFICATE, BEFORE_CERTIFICATE)
    return b"".join(vault.read(name) for name in names if vault.get(name))


def advance(vault: Vault) -> bool:
    """The next stage, now that every machine has this one. Whether there was one to take."""
    match stage(vault):
        case Stage.INTRODUCED:
            vault.put(BEFORE_CERTIFICATE, vault.read(CERTIFICATE).decode())
            vault.put(CERTIFICATE, vault.read(NEXT_CERTIFICATE).decode())
            vault.put(KEY, vault.read(NEXT_KEY).decode())
            forget_issued(vault)
            vault.drop(NEXT_CERTIFICATE)
            vault.drop(NEXT_KEY)
            return True
        case Stage.SIGNING:
            forget_issued(vault)
            vault.drop(BEFORE_CERTIFICATE)
            return True
        case Stage.STEADY:
            return False


def forget_issued(vault: Vault) -> None:
    for name in vault.names:
        if name.startswith(ISSUED):
            vault.drop(name)


def end_grace(vault: Vault, *, now: datetime) -> None:
    """The service's former secret is accepted no longer, once its time is over."""
    until = vault.get(GRACE_UNTIL)
    if until is not None and now >= parse_stamp(until):
        vault.put(GRACE_BEFORE, "")
        vault.drop(GRACE_UNTIL)
