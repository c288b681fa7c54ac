"""Let the figures say how a proof ended, so that nobody sets an outcome by hand."""

from math import isnan

from standfast.promises.model import Figures, Outcome


def judge(objective: Figures, measured: Figures) -> Outcome:
    """Every figure of the objective is an upper limit that must have been measured.

    One figure over its limit is `broken`, whatever else is missing: leaving a figure out must not
    hide a failure. Otherwise a missing figure, or an objective that names none, is
    `inconclusive`, because what was not measured is never shown as kept.
    """
    known = {name: measured[name] for name in objective if not isnan(measured.get(name, _NONE))}
    if any(value > objective[name] for name, value in known.items()):
        return Outcome.BROKEN
    if not objective or len(known) < len(objective):
        return Outcome.INCONCLUSIVE
    return Outcome.KEPT


_NONE = float("nan")
