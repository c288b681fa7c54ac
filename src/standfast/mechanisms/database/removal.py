"""When a dead primary's claim is taken away before its lease has run out. Pure.

Patroni waits for the lease: 20 s, the least it accepts. A monitor that is sure that the primary's
machine is gone removes the claim, and the secondary takes over within a second or two.

*Invariant.* No acknowledged write is lost, however wrong the observers are. A commit is
acknowledged when every machine in the acknowledging server's `synchronous_standby_names` has
flushed it; that set always contains the set in `/sync` (Patroni adds to the configuration first,
and removes from `/sync` first); only a member of `/sync` at the revision that the removal wrote is
promoted; and after the removal the old primary can change `/sync` only by taking the lock again,
which is its right: then nobody else has it. So whatever it acknowledged is on the machine that is
promoted, and once that machine no longer receives from it, it acknowledges nothing.

The removal is one transaction, and each part of it matters. `/status` unchanged says, inside the
transaction, that the leader has not woken up (the leader key's revision does not change when its
lease is renewed). `/sync` is written anew with what it held, so that every change of it that the
old primary has begun fails its own comparison. `/removal` is compared too, so that all monitors
together remove once a minute, and it is the evidence.

Nor is a leader removed that has not written `/status` since it took the lead. Patroni, when it has
taken the lead, reads etcd once more and goes by what it finds without asking again who leads
(`Ha.process_unhealthy_cluster`): one that was held up just there, and removed, would find the
`/sync` of the next primary, write itself into it by a comparison that holds, and be primary beside
it. It writes `/status` first in the loop after that one.

The old lease is left alone. An old primary that wakes up may take the lock again on that very
lease; to end the lease then would take a lock away from who holds it by right, in the middle of
whatever it does, and that is what loses writes. It believes in its lock by the key, which it reads
in every loop (Patroni 4.1, `Ha.has_lock`), and not by the lease.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

QUIET_S = 2.2
"""Without a sign of life in etcd: two of Patroni's loops, each of a second, and what a read takes
more."""

SUSPECT_S = 1.2
"""From then on the machine is asked, and by nobody before: a healthy leader says something every
second."""

ASK_S = 1.85
"""From then on the others are asked what they see, so that they have answered when it counts."""

SILENT_S = 0.5
"""From the beginning of the first attempt to the end of the last: two of them."""

APART_S = 60.0
"""Between two removals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What Patroni keeps in etcd, with etcd's revisions. `holds`: why the fast path must not act at
    all (pause, quorum or strict mode, a switchover under way); empty where it may."""

    leader: str
    leader_revision: int
    lease: int
    secondaries: tuple[str, ...]
    sync: bytes
    sync_revision: int
    status_revision: int
    removal_revision: int
    removed_at: datetime | None = None
    holds: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """By one monitor, all ages in seconds by its own clock.

    `quiet_s`: how long `/status` is as it is. `runs_down`: the lease was not renewed for a second,
    or not since etcd has a new leader.
    `silent`: monitor to for how long it tried and had no answer from the leader's machine, within
    the last two seconds. `since_removal_s`: how long `/removal` is as it is. `severed`: the
    secondary that answers as healthy and cannot reach the leader's machine either; None where there
    is none.
    """

    claim: Claim
    quiet_s: float
    runs_down: bool
    silent: Mapping[str, float]
    monitors: int
    since_removal_s: float
    severed: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    claim: Claim
    successor: str
    seen: str
    """For whoever asks later why."""


def decide(seen: Seen) -> Hold | Remove:
    claim = seen.claim
    if why := barred(claim, seen.since_removal_s):
        return Hold(why=why)
    if seen.quiet_s < QUIET_S:
        return Hold(why=f"{claim.leader} showed itself in etcd {seen.quiet_s:.1f} s ago")
    if not seen.runs_down:
        return Hold(why=f"the lease of {claim.leader} may have been renewed within a second")
    silent = silent_to(seen.silent)
    if not is_majority(silent, seen.monitors):
        return Hold(why=f"{claim.leader} answers nobody, say {', '.join(silent) or 'none'} alone")
    if seen.severed is None or seen.severed not in claim.secondaries:
        return Hold(why="no secondary in /sync is healthy and cut off from the primary too")
    return Remove(
        claim=claim,
        successor=seen.severed,
        seen=f"{claim.leader} answers none of {', '.join(silent)} and not {seen.severed}; "
        f"no sign of life in etcd for {seen.quiet_s:.1f} s",
    )


def barred(claim: Claim, since_removal_s: float) -> str:
    """Why no removal is possible now whatever anybody sees, so that nobody need be asked."""
    if claim.holds:
        return claim.holds
    if not claim.secondaries:
        return "/sync names no secondary: nobody else has all that was acknowledged"
    if claim.status_revision < claim.leader_revision:
        return f"{claim.leader} has not shown itself since it took the lead"
    if since_removal_s < APART_S:
        return "a claim was removed within the last minute"
    return ""


def silent_to(silent: Mapping[str, float]) -> tuple[str, ...]:
    """The monitors that had no answer for long enough."""
    return tuple(sorted(name for name, age in silent.items() if age >= SILENT_S))


def is_majority(silent: tuple[str, ...], monitors: int) -> bool:
    """Two at least, however few there are."""
    return len(silent) >= 2 and 2 * len(silent) > monitors
