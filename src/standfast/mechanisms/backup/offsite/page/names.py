"""Which files the page and its log have, by their names below the page's folder, and in which order
they are sent. Pure, standard library only.

Whoever reads in between finds a whole log: what a checkpoint commits to is there before it, and the
page that was made from it comes after it.
"""

import json
import re
from collections.abc import Iterator

from standfast.core.errors import CannotVerify
from standfast.evidence.tiles import Tile, bundles, hash_tiles

FOLDER = "trust"
"""Below the repository's folder, where restic looks at folders of its own names alone. It is called
as the page's is on the site, so that an address that ends so is understood alike."""

LOG = "log/"
CHECKPOINT = f"{LOG}checkpoint"
STAMPS = f"{LOG}timestamps/"
STAMPS_INDEX = f"{STAMPS}index.json"

PAGE = "index.html"
MACHINE_FORM = "trust.json"
BESIDE = ("feed.atom", "seal.svg")
SOMETIMES = ("policy.txt", "security.txt")
"""Not every site has these (pages/trust/render.py)."""

STAMPS_LIMIT = 30_000
"""As many as an index lists, and a root of each authority."""

AUTHORITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def tiles(size: int) -> dict[str, Tile]:
    """Those of a log of that size, entries first."""
    return {f"{LOG}{each.path}": each for each in (*bundles(size), *hash_tiles(size))}


def is_partial(name: str) -> bool:
    """A tile that a wider one takes the place of."""
    return name.startswith(f"{LOG}tile/") and ".p/" in name


def never_changes(name: str) -> bool:
    """What has this name has one content for ever."""
    return name.startswith(f"{LOG}tile/") or (
        name.startswith(STAMPS) and name.endswith((".tsr", ".checkpoint"))
    )


def stamps(index: bytes) -> tuple[str, ...]:
    """The files that an index of time-stamps names (evidence/timestamp/shelf.py). Raises
    `CannotVerify` for what is none: no name leads out of the folder."""
    try:
        found = tuple(dict.fromkeys(_stamps(json.loads(index)["timestamps"])))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CannotVerify("the monitor's index of time-stamps cannot be read") from error
    if len(found) > STAMPS_LIMIT:
        raise CannotVerify("the monitor's index of time-stamps is too long")
    return found


def _stamps(listed: list[dict[str, object]]) -> Iterator[str]:
    for each in listed:
        size, authority = each["size"], each["authority"]
        if type(size) is not int or size <= 0:
            raise ValueError("a size is a number")
        if not isinstance(authority, str) or not AUTHORITY.fullmatch(authority):
            raise ValueError("an authority has a name")
        yield f"{STAMPS}{size}-{authority}.checkpoint"
        yield f"{STAMPS}{size}-{authority}.tsr"
        yield f"{STAMPS}{authority}.pem"
