"""Details that would help whoever attacks, committed at once and revealed later.

That a promise is broken is said at once. By how much, and which machine is left, would tell an
attacker where to strike, so a broken proof may hold their hash in their place (`seal`): the details
cannot be changed any more, and are not known yet. A text notice reveals them (`revealing`), at the
latest when the proof has said; its words end with the JSON whose SHA-256 the proof holds, so that
anybody can compare. A random salt keeps the few possible details from being guessed.

Only a broken proof may be sealed, so nothing is shown as kept that nobody can check. Details that
were not revealed in time leave the promise unproven (`state.py`).
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue, ValidationError

from standfast.core.units import parse_stamp, stamp
from standfast.evidence.entries import Entry, by_kind
from standfast.evidence.statement import Figures, Predicate, Proof, Run, TextNotice, canonical
from standfast.promises.judge import judge
from standfast.promises.model import Outcome

WITHIN = timedelta(hours=24)
"""The longest that details may be sealed."""

SALT_BYTES = 16
SEALED = "sealed"
DIGEST, REVEALED_BY = "sha256", "revealed_by"

REVEALED = re.compile(r"What was sealed in a broken proof is: (\{.*\})", re.DOTALL)


class Details(Predicate):
    """What was left out of a proof. `salt` in hexadecimal digits."""

    measured: Figures
    salt: str
    seen: dict[str, JsonValue]
    story: tuple[str, ...]

    def to_json(self) -> bytes:
        return canonical(self.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.to_json()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """`digest` of the details, in hexadecimal digits."""

    digest: str
    by: datetime


def seal(proof: Proof, salt: bytes) -> tuple[Proof, Details]:
    """The proof without its details, and these: nothing but the two together says what was
    measured. `salt` is drawn at random."""
    details = Details(measured=proof.measured, salt=salt.hex(), seen=proof.seen, story=proof.story)
    by = stamp(proof.ended_at + WITHIN)
    told = f"What was measured is sealed, and revealed by {by} at the latest."
    hidden = {
        "measured": {},
        "seen": {SEALED: {DIGEST: details.digest, REVEALED_BY: by}},
        "story": (told,),
    }
    return Proof(**{**dict(proof), **hidden}), details


def seal_of(run: Run) -> Seal | None:
    """None where nothing is sealed, and where it is sealed as it may not be."""
    if run.outcome is not Outcome.BROKEN or run.measured:
        return None
    said = run.seen.get(SEALED)
    if not isinstance(said, Mapping):
        return None
    try:
        by = parse_stamp(str(said.get(REVEALED_BY)))
    except ValueError:
        return None
    digest = str(said.get(DIGEST))
    is_whole = re.fullmatch("[0-9a-f]{64}", digest) is not None
    return Seal(digest=digest, by=by) if is_whole and by <= run.ended_at + WITHIN else None


def revealing(details: Details) -> str:
    """What the notice says that reveals them."""
    return f"What was sealed in a broken proof is: {details.to_json().decode()}"


def details_in(text: str) -> Details | None:
    """None for any other notice, and for details that are not in their one form."""
    said = REVEALED.fullmatch(text)
    if said is None:
        return None
    try:
        details = Details.model_validate_json(said[1])
    except ValidationError:
        return None
    return details if details.to_json() == said[1].encode() else None


def revealed(entries: Sequence[Entry]) -> Mapping[str, Details]:
    """By their digest."""
    texts = (each.statement.predicate for each in by_kind(entries).notices)
    found = (details_in(each.text) for each in texts if isinstance(each, TextNotice))
    return {each.digest: each for each in found if each is not None}


def unsealed(proof: Proof, known: Mapping[str, Details]) -> Proof:
    """With its details, where they are known; only those that show it broken are believed."""
    sealed = seal_of(proof)
    details = known.get(sealed.digest) if sealed else None
    if details is None or judge(proof.objective, details.measured) is not Outcome.BROKEN:
        return proof
    told = {"measured": details.measured, "seen": details.seen, "story": details.story}
    return Proof(**{**dict(proof), **told})
