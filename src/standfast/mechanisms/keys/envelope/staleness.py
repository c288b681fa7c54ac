"""Whether an envelope still holds what it should. Pure.

The sealed secrets keep a digest of each thing that went into the last envelope. What an envelope
should hold now has digests, too: where the two differ, a lost site would come back with what no
longer counts. Versions are not compared: they say what was installed when it was written.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from standfast.mechanisms.keys import operators
from standfast.mechanisms.keys.custody import DNS_KEY
from standfast.mechanisms.keys.envelope.contents import NEEDED, needed
from standfast.mechanisms.keys.operators import Operator

SETTINGS, OPERATORS = "settings", "operators"

WORDS: Mapping[str, str] = {
    **NEEDED,
    SETTINGS: "standfast.toml",
    OPERATORS: "the operators",
    DNS_KEY: "the key by which its names are led elsewhere",
}
"""For people; a secret that is not known here has its name."""

Digests = Mapping[str, str]
"""SHA-256, by the name of what it is of. Kept with the secrets, and nowhere else."""


class State(StrEnum):
    NEVER = "never"
    STALE = "stale"
    CURRENT = "current"
    UNKNOWN = "unknown"
    """The secrets could not be opened, so nothing could be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The record of the envelope that was written last. `at` is RFC 3339."""

    at: str
    digests: Digests

    def to_json(self) -> str:
        return json.dumps({"at": self.at, "digests": dict(self.digests)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Written":
        document = json.loads(text)
        return cls(at=document["at"], digests=document["digests"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`changed`: in words, what is not as it was when the envelope was written."""

    state: State
    written_at: str | None = None
    changed: tuple[str, ...] = ()


def digests(settings: str, admitted: tuple[Operator, ...], kept: Mapping[str, str]) -> Digests:
    """Of what an envelope made of these would hold. The order of operators does not matter."""
    listed = operators.written(sorted(admitted, key=lambda each: each.name))
    return {
        SETTINGS: digest(settings.encode()),
        OPERATORS: digest(listed),
        **{
            name: digest(text.encode("utf-8", "surrogateescape"))
            for name, text in needed(kept).items()
        },
    }


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def judge(written: Written | None, now: Digests) -> Judgement:
    """`now`: the digests of what an envelope should hold."""
    if written is None:
        return Judgement(state=State.NEVER)
    changed = differing(written.digests, now)
    return Judgement(
        state=State.STALE if changed else State.CURRENT, written_at=written.at, changed=changed
    )


def differing(before: Digests, now: Digests) -> tuple[str, ...]:
    """Changed, new or gone."""
    names = sorted({*before, *now})
    return tuple(WORDS.get(name, name) for name in names if before.get(name) != now.get(name))
