"""See a check turn red: planted fault, red run, fault removed, green run. Pure."""

from datetime import datetime

from standfast.core.errors import CannotVerify
from standfast.evidence.statement import Calibration, Run
from standfast.promises.model import Outcome, Part, Promise


def calibration(
    promise: Promise,
    part: Part,
    *,
    red: Run,
    green: Run,
    planted_at: datetime,
    removed_at: datetime,
) -> Calibration:
    """Raises `CannotVerify` unless the check told the two apart: a check that stays green while
    its fault is planted would stay green for real faults, too."""
    if red.outcome is not Outcome.BROKEN:
        raise CannotVerify(
            f"the check {part.drill} of {promise.id} was {red.outcome} while its fault was "
            "planted, so it proves nothing",
            remedy=f"Did the fault take effect? It is: {part.fault_words}.",
        )
    if green.outcome is not Outcome.KEPT:
        raise CannotVerify(
            f"{promise.id} was {green.outcome} after the planted fault was removed",
            remedy=f"Prove it again with `standfast prove {promise.id}`; is the fault gone?",
        )
    return Calibration(
        promise=promise.id,
        fault=part.fault,
        fault_words=part.fault_words,
        planted_at=planted_at,
        removed_at=removed_at,
        red=red,
        green=green,
    )
