"""Give what was proven to the keeper, and see that it is published: only then is it evidence.

The leaf is signed here, with the vantage's key, because it was measured here. It travels as a file
that is moved whole into the keeper's spool; what comes back is not the keeper's word but the log
itself, read and verified as a customer would.
"""

import hashlib

from standfast.cli.app import App
from standfast.cli.record import log_of
from standfast.core.errors import CannotVerify
from standfast.evidence.envelope import leaf
from standfast.evidence.merkle import leaf_hash
from standfast.evidence.read import Record
from standfast.evidence.statement import Calibration, Proof
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.keys.custody import vantage_signer
from standfast.mechanisms.monitor.spool import hand_in

PUBLISHED_WITHIN_S = 20.0
"""The keeper looks three times a second; a loaded computer may take seconds to write."""

POLL_S = 0.3


def hand_over(app: App, *predicates: Proof | Calibration) -> tuple[int, ...]:
    """Return the numbers of the entries, in the order given."""
    signer = vantage_signer(app.keys.vault)
    leaves = [leaf(app.site.name, each, signer) for each in predicates]
    keeper = app.connection(app.site.having(Role.MONITOR)[0].name)
    for each in leaves:
        hand_in(keeper, hashlib.sha256(each).hexdigest(), each)
    return published(app, [leaf_hash(each) for each in leaves])


def published(app: App, hashes: list[bytes]) -> tuple[int, ...]:
    """Wait until the log holds them all."""
    end = app.clock.monotonic() + PUBLISHED_WITHIN_S
    while True:
        record = log_of(app).record()
        if set(hashes) <= set(record.leaves):
            return tuple(counted(record, each) for each in hashes)
        if app.clock.monotonic() > end:
            raise CannotVerify(
                f"what was proven is not in the log {PUBLISHED_WITHIN_S:.0f} s after it was "
                "handed in",
                remedy=f"standfast logs {app.site.having(Role.MONITOR)[0].name} "
                "--unit standfast-keeper.service",
            )
        app.clock.sleep(POLL_S)


def counted(record: Record, leaf: bytes) -> int:
    """Published is not enough: an entry that nobody believes is no evidence."""
    index = record.leaves.index(leaf)
    if all(entry.index != index for entry in record.entries):
        raise CannotVerify(
            f"entry {index} was published and does not count",
            remedy="Was the vantage's key enrolled? Run `standfast up`.",
        )
    return index
