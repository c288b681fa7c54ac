"""In which order web machines change, so that somebody always serves. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from standfast.mechanisms.web.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """A web machine as it was found. `release`: what its units start; None on a new one.
    `serves`: its service says that it is well. `waits`: something of it waits for its turn."""

    name: str
    release: Release | None
    serves: bool
    waits: bool = False


def turns(webs: Iterable[Web], wanted: Release) -> Iterator[tuple[str, ...]]:
    """Groups of machines that change together; one group after the other.

    First, at once, all that do not serve: they lose nobody anything, and one that serves again
    makes it safe to take the next. Then each that serves, one at a time. Stopping after any group
    leaves every machine whole, and asking anew gives what is left.
    """
    ordered = tuple(webs)
    down = tuple(each.name for each in ordered if not each.serves)
    if down:
        yield down
    for each in ordered:
        if each.serves and (each.waits or each.release != wanted):
            yield (each.name,)
