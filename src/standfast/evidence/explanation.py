"""What a site has said about a broken proof: a notice in the log that names the entry.

An explanation changes no state and takes nothing away: the proof stays broken until a newer one is
kept. It is a text notice, which a person can read as it stands, so that verifiers that know nothing
of explanations accept it; what it explains is derived here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from standfast.core.errors import ConfigError, Refused
from standfast.evidence.entries import Entry
from standfast.evidence.statement import Proof, TextNotice
from standfast.promises.model import Outcome

EXPLAINED = re.compile(r"The broken proof in entry (0|[1-9]\d{0,18}) is explained: (.+)", re.DOTALL)

LONGEST = 1000
"""Letters: a paragraph. What needs more needs a page of its own, which the text can name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`index` and `at` are of the notice."""

    index: int
    at: datetime
    text: str


def explaining(entries: Sequence[Entry], index: int, text: str) -> str:
    """What a notice says that explains the proof in entry `index`. Raises `Refused` when there is
    nothing to explain, and `ConfigError` when the text is empty or too long."""
    entry = next((each for each in entries if each.index == index), None)
    if entry is None or not is_broken_proof(entry):
        raise Refused(
            f"entry {index} is no broken proof, and only these are explained",
            remedy="`standfast evidence show --kind proof` lists proofs with their numbers.",
        )
    given = " ".join(text.split())
    if not given or len(given) > LONGEST:
        raise ConfigError(
            f"an explanation has from 1 to {LONGEST} letters, this one has {len(given)}",
            remedy="Say it shorter, and name a page that says more.",
        )
    return f"The broken proof in entry {index} is explained: {given}"


def explanations(entries: Iterable[Entry]) -> Mapping[int, tuple[Explanation, ...]]:
    """By the number of the proof, oldest first. A notice that speaks of what is no broken proof
    before it is a text like any other."""
    broken: set[int] = set()
    found: dict[int, tuple[Explanation, ...]] = {}
    for entry in entries:
        if is_broken_proof(entry):
            broken.add(entry.index)
        predicate = entry.statement.predicate
        said = EXPLAINED.fullmatch(predicate.text) if isinstance(predicate, TextNotice) else None
        if said and isinstance(predicate, TextNotice) and int(said[1]) in broken:
            new = Explanation(index=entry.index, at=predicate.at, text=said[2])
            found[int(said[1])] = (*found.get(int(said[1]), ()), new)
    return found


def is_broken_proof(entry: Entry) -> bool:
    predicate = entry.statement.predicate
    return isinstance(predicate, Proof) and predicate.outcome is Outcome.BROKEN
