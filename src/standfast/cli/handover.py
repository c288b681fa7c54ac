"""Give what was proven to the keepers, and see that it is published: only then is it evidence.

The leaf is signed here, with the vantage's key, because it was measured here. It travels as a file
that is moved whole into the keepers' spools; what comes back is not a keeper's word but the log
itself, read and verified as a customer would.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from standfast.cli.app import App
from standfast.cli.record import log_of
from standfast.core.errors import CannotVerify, StandfastError, Unreachable
from standfast.evidence.envelope import leaf
from standfast.evidence.merkle import leaf_hash
from standfast.evidence.read import Record
from standfast.evidence.statement import Calibration, Proof, TextNotice
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.keys.custody import vantage_signer
from standfast.mechanisms.monitor.spool import hand_in

PUBLISHED_WITHIN_S = 30.0
"""An entry takes a second; should the monitor that writes die at this moment, another goes on when
its lease has ended, and a loaded computer takes its time."""

POLL_S = 0.3


def hand_over(app: App, *predicates: Proof | Calibration | TextNotice) -> tuple[int, ...]:
    """Return the numbers of the entries, in the order given."""
    signer = vantage_signer(app.keys.vault)
    leaves = [leaf(app.site.name, each, signer) for each in predicates]
    give(app, leaves)
    return published(app, [leaf_hash(each) for each in leaves])


def give(app: App, leaves: Sequence[bytes]) -> None:
    """To every monitor that lives, so that the death of one loses nothing; one is enough."""
    monitors = [app.connection(each.name) for each in app.site.having(Role.MONITOR)]
    with ThreadPoolExecutor(len(monitors)) as pool:
        failures = list(pool.map(lambda each: given(each, leaves), monitors))
    if None not in failures:
        raise Unreachable(
            "no monitor takes what was proven: " + "; ".join(filter(None, failures)),
            remedy="Run `standfast up`, which sees to it that they run.",
        )


def given(monitor: Connection, leaves: Sequence[bytes]) -> str | None:
    """What went wrong, in words, or None."""
    try:
        for each in leaves:
            hand_in(monitor, leaf_hash(each).hex(), each)
    except StandfastError as error:
        return error.problem
    return None


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
                remedy="Nothing is lost: the monitors keep it, and log it once enough of them run "
                "and have room. `standfast status` says which do not.",
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
