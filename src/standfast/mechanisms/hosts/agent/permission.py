"""Who may ask this machine for what: the list of verbs in agent.json, and nothing else.

A name that is not listed gets nothing, whatever its certificate is good for elsewhere.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from standfast.core.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """agent.json. `verbs`: common name of a certificate to what it may ask for."""

    machine: str
    verbs: Mapping[str, frozenset[str]]
    resident: bool
    idle_s: float

    @classmethod
    def from_json(cls, text: str) -> "AgentSettings":
        document: dict[str, Any] = json.loads(text)
        return cls(
            machine=document["machine"],
            verbs={name: frozenset(verbs) for name, verbs in document["verbs"].items()},
            resident=document["resident"],
            idle_s=document["idle_s"],
        )


def permit(peer: str, verb: str, settings: AgentSettings) -> None:
    """Return if `peer` may ask for `verb`; raise `Refused` if not."""
    allowed = settings.verbs.get(peer)
    if allowed is None:
        raise Refused(
            f"{settings.machine} takes no requests from {peer or 'a certificate without a name'}",
            remedy="Ask with the operator's identity.",
        )
    if verb not in allowed:
        raise Refused(
            f"{peer} may not ask {settings.machine} for {verb}",
            remedy=f"It may ask for {', '.join(sorted(allowed))}.",
        )
