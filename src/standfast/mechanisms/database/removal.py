"""When a dead primary's claim is taken away before its lease has run out. Pure.

Patroni waits for the lease: 20 s, the least it accepts. A monitor that is sure that the primary's
machine is gone removes the claim, and the secondary takes over within a second or two.

*Invariant.* No acknowledged write is lost, however wrong the observers are. A commit is
acknowledged when every machine in the acknowledging server's `synchronous_standby_names` has
flushed it; that set always contains the set in `/sync` (Patroni adds to the configuration first,
and removes from `/sync` first); only a member of `/sync` at the revision that the removal compared
is promoted; and after the removal the old primary can change `/sync` only by taking the lock again.
So whatever it acknowledged is on the machine that is promoted, and once that machine no longer
receives from it, it acknowledges nothing.

The removal is one transaction, and each part of it matters. `/status` unchanged says, inside the
transaction, that the leader has not woken up (the leader key's revision does not change when its
lease is renewed). `/sync` is written anew with what it held, so that every change of it that the
old primary has begun fails its own comparison. The lease is revoked afterwards, because Patroni
proves its lock by renewing the lease alone. `/removal` is compared too, so that all monitors
together remove once a minute, and it is the evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

QUIET_S = 2.2
"""Without a sign of life in etcd: two of Patroni's loops, each of a second, and what a read takes
more."""

SUSPECT_S = 1.2
"""From then on the machine is asked, and by nobody before: a healthy leader says something every
second."""

ASK_S = 1.85
"""From then on the others are asked what they see, so that they have answered when it counts."""

SILENT_S = 0.5
"""For how long whoever asks must have had no answer: two attempts."""

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
    holds: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """By one monitor, all ages in seconds by its own clock.

    `quiet_s`: how long `/status` is as it is and the lease was not renewed. `silent`: monitor to
    how long the leader's machine has answered it nothing; who did not say so just now is not in it.
    `since_removal_s`: how long `/removal` is as it is. `severed`: the secondary that answers as
    healthy and cannot reach the leader's machine either; None where there is none.
    """

    claim: Claim
    quiet_s: float
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
    if held := settled(seen):
        return held
    silent = sorted(name for name, age in seen.silent.items() if age >= SILENT_S)
    if len(silent) < 2 or 2 * len(silent) <= seen.monitors:
        return Hold(why=f"{claim.leader} answers nobody, say {', '.join(silent) or 'none'} alone")
    if seen.severed is None or seen.severed not in claim.secondaries:
        return Hold(why="no secondary in /sync is healthy and cut off from the primary too")
    return Remove(
        claim=claim,
        successor=seen.severed,
        seen=f"{claim.leader} answers none of {', '.join(silent)} and not {seen.severed}; "
        f"no sign of life in etcd for {seen.quiet_s:.1f} s",
    )


def settled(seen: Seen) -> Hold | None:
    """What forbids a removal whatever anybody else says, so that nobody need be asked."""
    claim = seen.claim
    if claim.holds:
        return Hold(why=claim.holds)
    if not claim.secondaries:
        return Hold(why="/sync names no secondary: nobody else has all that was acknowledged")
    if seen.since_removal_s < APART_S:
        return Hold(why="a claim was removed within the last minute")
    if seen.quiet_s < QUIET_S:
        return Hold(why=f"{claim.leader} showed itself in etcd {seen.quiet_s:.1f} s ago")
    return None
