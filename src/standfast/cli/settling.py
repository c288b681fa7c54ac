"""Wait until what a drill of ours made the observers say is over.

A drill that cuts a database machine leaves one copy for some seconds, and an observer has that
logged, as it must. It also sees when there are two again. Whoever says how a promise stands waits
for that, and not for long: what lasts is no longer the drill's.
"""

from datetime import datetime

from standfast.cli.app import App
from standfast.cli.progress import Progress
from standfast.cli.record import log_of
from standfast.evidence.dossier import Counted, dossiers
from standfast.evidence.read import Record
from standfast.mechanisms.hosts.machine import Role
from standfast.promises.model import Outcome

SETTLED_WITHIN_S = 60.0
POLL_S = 1.0


def wait_until_settled(app: App, progress: Progress, *, since: datetime) -> None:
    """Return when no observer has said since then that something is broken, and not taken it back;
    or after a minute."""
    observers = frozenset(each.name for each in app.site.having(Role.MONITOR))
    end = app.clock.monotonic() + SETTLED_WITHIN_S
    while app.clock.monotonic() < end:
        red = seen_red(log_of(app).record(), observers, since=since, now=app.clock.now())
        if red is None:
            return
        progress.tell(red.proof.promise, "waiting until what the drill did is over")
        app.clock.sleep(POLL_S)


def seen_red(
    record: Record, observers: frozenset[str], *, since: datetime, now: datetime
) -> Counted | None:
    signers = {each.index: each.signer for each in record.entries}
    newest = (each.newest for each in dossiers(record.entries, now=now))
    return next(
        (
            each
            for each in newest
            if each is not None
            and each.proof.outcome is Outcome.BROKEN
            and each.proof.ended_at >= since
            and signers[each.index] in observers
        ),
        None,
    )
