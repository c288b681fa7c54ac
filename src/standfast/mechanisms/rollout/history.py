"""Which releases have served, so that one can be gone back to. Pure.

Every web machine keeps the same page of history, so it outlives any of them and belongs to no
operator's computer. `newest` of several pages is the one to believe: a machine that was away has an
older one, a new machine has none.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from standfast.mechanisms.hosts.names import SERVICE_HOME
from standfast.mechanisms.web.release import Release, parse

PAGE = f"{SERVICE_HOME}/history.json"

KEPT = 4
"""Releases that stay on a machine: the one that serves, and three to go back to. Each takes the
room of a whole service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A release and since when it has served on every web machine (RFC 3339)."""

    release: Release
    since: str

    def document(self) -> Mapping[str, Any]:
        return {**self.release.document(), "since": self.since}


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """`live`: oldest first, none twice. `taken_back`: digests that an operator went back from;
    `up` leaves them alone until their source changes. `migrated`: the last release whose `migrate`
    ended well. `revision` grows with every change."""

    live: tuple[Live, ...] = ()
    taken_back: tuple[str, ...] = ()
    migrated: str = ""
    revision: int = 0

    @property
    def current(self) -> Release | None:
        return self.live[-1].release if self.live else None

    def note(self) -> bytes:
        document = {
            "revision": self.revision,
            "migrated": self.migrated,
            "taken_back": self.taken_back,
            "live": [each.document() for each in self.live],
        }
        return json.dumps(document, indent=1).encode() + b"\n"


def read(text: str) -> History:
    """Releases that this version cannot start are left out."""
    if not text.strip():
        return History()
    document = json.loads(text)
    found = [(parse(each), each["since"]) for each in document["live"]]
    return History(
        revision=document["revision"],
        migrated=document["migrated"],
        taken_back=tuple(document["taken_back"]),
        live=tuple(Live(release=release, since=since) for release, since in found if release),
    )


def newest(pages: Iterable[History]) -> History:
    return max(pages, key=lambda page: page.revision, default=History())


def migrated(history: History, release: Release) -> History:
    if history.migrated == release.digest:
        return history
    return replace(history, migrated=release.digest, revision=history.revision + 1)


def went_live(history: History, release: Release, *, since: str) -> History:
    """It serves on all machines. A release that is put out again is no longer taken back."""
    if history.current == release and release.digest not in history.taken_back:
        return history
    others = tuple(each for each in history.live if each.release.digest != release.digest)
    return replace(
        history,
        live=(*others, Live(release=release, since=since))[-KEPT:],
        taken_back=tuple(each for each in history.taken_back if each != release.digest),
        revision=history.revision + 1,
    )


def took_back(history: History, digests: Iterable[str]) -> History:
    """Noted before the first machine goes back, so that `up` does not go forth again."""
    new = tuple(each for each in dict.fromkeys(digests) if each not in history.taken_back)
    if not new:
        return history
    noted = (*history.taken_back, *new)[-KEPT:]
    return replace(history, taken_back=noted, revision=history.revision + 1)


def to_go_back_to(history: History, running: Iterable[str]) -> Release | None:
    """The release before what runs. Where a deploy stopped half-way, that is the newest that has
    served everywhere."""
    past = [each.release for each in history.live if each.release.digest not in history.taken_back]
    if not past:
        return None
    if any(digest != past[-1].digest for digest in running):
        return past[-1]
    return past[-2] if len(past) > 1 else None


def superfluous(folders: Iterable[str], history: History, needed: Iterable[str]) -> list[str]:
    """What of the releases on a machine need not lie there any more, parts of one included."""
    kept = {each.release.digest for each in history.live} | set(needed)
    return sorted(set(folders) - kept)
