"""Verify a log from nothing but its key, and its address: what a customer runs.

`pinned` is the checkpoint that the same reader verified last. A log that no longer begins with what
was seen then has been rewritten, even if everything in it is signed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from standfast.evidence import merkle
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.cosignature import Cosignature
from standfast.evidence.policy import Policy
from standfast.evidence.read import Record, read_log
from standfast.evidence.state import PromiseState, derive, doubted
from standfast.evidence.timestamp.judge import NOTHING, Gathered, Standing, judge
from standfast.evidence.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """With a complaint no state is `kept`, and the checkpoint is not one to pin. `policy` is the
    one that was asked, `cosigned` what its witnesses have signed, by their names there,
    and `timestamps` the newest of each authority that it pins."""

    record: Record
    states: tuple[PromiseState, ...]
    complaints: tuple[str, ...]
    policy: Policy | None = None
    cosigned: Mapping[str, Cosignature] = field(default_factory=dict)
    timestamps: Mapping[str, Standing | None] = field(default_factory=dict)


def verify(
    transport: Transport, vkey: str, *, now: datetime, pinned: Checkpoint | None
) -> Verification:
    """Raises `CannotVerify` or `Unreachable` when there is nothing to verify."""
    return verified(read_log(transport, vkey), now=now, pinned=pinned)


def verified(
    record: Record,
    *,
    now: datetime,
    pinned: Checkpoint | None,
    policy: Policy | None = None,
    gathered: Gathered = NOTHING,
) -> Verification:
    """`gathered` are the time-stamps of the authorities that the policy pins, got before the log
    was read."""
    cosigned = policy.cosigned_by(record.checkpoint_bytes) if policy else {}
    stamped = judge(gathered, policy.timestamps if policy else {}, record, now=now)
    complaints = (
        *record.complaints,
        *(_rewritten(record, pinned) if pinned else ()),
        *(_not_cosigned(policy, cosigned) if policy else ()),
        *stamped.complaints,
    )
    return Verification(
        record=record,
        states=doubted(derive(record.entries, now=now), complaints),
        complaints=complaints,
        policy=policy,
        cosigned=cosigned,
        timestamps=stamped.newest,
    )


def _not_cosigned(policy: Policy, cosigned: Mapping[str, Cosignature]) -> Iterator[str]:
    if not policy.satisfied(cosigned):
        by = ", ".join(cosigned) or "nobody"
        yield (
            f"the checkpoint is cosigned by {by}, and {policy.words} must have: "
            "others may be shown another log"
        )


def _rewritten(record: Record, pinned: Checkpoint) -> Iterator[str]:
    checkpoint = record.checkpoint
    if pinned.origin != checkpoint.origin:
        yield f"the log is now called {checkpoint.origin}, it was called {pinned.origin}"
    elif pinned.size > checkpoint.size:
        yield f"the log has {checkpoint.size} entries, it had {pinned.size} when last verified"
    elif len(record.leaves) != checkpoint.size:
        yield "it cannot be shown that the log still begins with what was last verified"
    elif merkle.root(record.leaves[: pinned.size]) != pinned.root:
        yield f"the first {pinned.size} entries are not those that were last verified"
