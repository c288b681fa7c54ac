"""The operator's keys about promises: `[promises.ID]` of standfast.toml."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from standfast.promises.model import Figures, Part, Promise

Objective = Mapping[str, float | Mapping[str, float]]


class PromiseSettings(BaseModel):
    """`objective` changes single figures of the catalogue's: by their name, or, where several
    drills prove the promise, in a table with the drill's name. `promised = false` takes the
    sentence off the page, which then lists it as not promised."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    promised: bool = True
    objective: Objective = {}


def known_figures(promise: Promise) -> tuple[str, ...]:
    """Which keys `objective` may have: `outage_s`, or `database-crash.outage_s`."""
    return tuple(
        figure if len(promise.parts) == 1 else f"{part.drill}.{figure}"
        for part in promise.parts
        for figure in part.objective
    )


def given_figures(objective: Objective) -> Mapping[str, float]:
    """The same keys, with what is given for them."""
    flat: dict[str, float] = {}
    for name, value in objective.items():
        if isinstance(value, Mapping):
            flat.update({f"{name}.{figure}": limit for figure, limit in value.items()})
        else:
            flat[name] = value
    return flat


def with_objective(promise: Promise, changes: Objective) -> Promise:
    given = given_figures(changes)
    return replace(
        promise,
        parts=tuple(
            replace(each, objective=changed(promise, each, given)) for each in promise.parts
        ),
    )


def changed(promise: Promise, part: Part, given: Mapping[str, float]) -> Figures:
    """Of a promise that has fewer parts on this site than in the catalogue, the names of figures
    are the catalogue's."""
    alone = len(promise.parts) == 1
    return {
        name: given.get(f"{part.drill}.{name}", given.get(name, limit) if alone else limit)
        for name, limit in part.objective.items()
    }
