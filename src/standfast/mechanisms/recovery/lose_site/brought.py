"""What a site that is lost brings to another place: of its envelope, and what is noted while it
comes back. Pure."""

import json
from dataclasses import asdict, dataclass

from standfast.core.errors import ConfigError, Refused
from standfast.mechanisms.keys.custody import LOG_KEY
from standfast.mechanisms.keys.envelope.contents import Content
from standfast.mechanisms.keys.operators import Operator
from standfast.mechanisms.keys.vault import Contents

NAME = "recovery"
"""In the sealed secrets, from before the first machine is made until all of it is there: `up`
would begin an empty database, and another log under the same key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Underway:
    """`run` names the recovery; `snapshot` is what it brings, of data from `data_at`; `entries` are
    those of the log's copy, under `root` (hex). Times are RFC 3339."""

    run: str
    snapshot: str
    data_at: str
    entries: int
    root: str
    begun: str

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Underway":
        return cls(**json.loads(text))


def contents(content: Content, mine: Operator) -> Contents:
    """The secrets of the new site: those of the envelope, sealed to the operators that the site had
    and to whoever brings it back. Everything else is drawn anew by whoever needs it first."""
    known = {each.key for each in content.operators}
    names = {each.name for each in content.operators}
    if mine.key in known:
        return Contents(operators=content.operators, kept=content.secrets)
    name = mine.name if mine.name not in names else f"{mine.name}-recovering"
    own = Operator(name=name, key=mine.key)
    return Contents(operators=(*content.operators, own), kept=content.secrets)


def must_be_of(content: Content, site: str, envelope: str) -> None:
    """The site's name stands in every entry of its log."""
    if content.site != site:
        raise ConfigError(
            f"{envelope} is the envelope of {content.site}, and the file describes {site}",
            remedy=f'Set name = "{content.site}" in the file: its evidence log goes on under it.',
        )


def must_be_the_same_site(kept: str | None, content: Content, file: str) -> None:
    """`kept` is the log's key among the secrets that lie beside the file already."""
    if kept != content.secrets[LOG_KEY]:
        raise Refused(
            f"{file} has the secrets of another site, and they would be lost",
            remedy="Put the new site's file into a folder of its own.",
        )


def goes_on(noted: str | None, site: str, wanted: str | None) -> Underway:
    """What was begun before, on this computer. `noted`: of the secrets; `wanted`: the snapshot that
    was asked for."""
    if noted is None:
        raise Refused(
            f"{site} is here already, and is not being recovered",
            remedy="`standfast up` goes on with it; to recover it once more, use another computer "
            "or `standfast destroy` it first.",
        )
    before = Underway.from_json(noted)
    if wanted is not None and not before.snapshot.startswith(wanted):
        raise Refused(
            f"a recovery of {site} from snapshot {before.snapshot[:8]} is under way here",
            remedy="End it with the same command without --snapshot, or `standfast destroy` what "
            "is there first.",
        )
    return before
