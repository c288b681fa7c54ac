"""The stamper: a thread of the keeper. Once a day it has the checkpoint that is shown
time-stamped (RFC 3161), if this keeper writes the log; else it gets what the one that writes has.

Loop: observe (what lies beside the log here and at the other monitors), decide (who is due), apply
(ask, check), record (beside the log). Nothing waits for it: an authority that is slow holds up this
thread alone, and one that is away is asked again later.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from standfast.core.clock import Clock
from standfast.core.errors import CannotVerify, StandfastError, Unreachable
from standfast.daemons.turns import take_turns
from standfast.evidence.note import Verifier
from standfast.evidence.read import read_checkpoint
from standfast.evidence.timestamp import shelf
from standfast.evidence.timestamp.authority import Authority, read_root
from standfast.evidence.timestamp.shelf import Stamped
from standfast.evidence.transport import FolderTransport, Transport
from standfast.mechanisms.monitor.mirror import LOG
from standfast.mechanisms.monitor.timestamps import Asked, Post, ask, is_due, post

PACE_S = 5.0
PEERS_EVERY_S = 60.0
AGAIN_AFTER_S = 900.0
"""From one time that an authority gave no time-stamp that holds to the next that it is asked."""

FETCHED_LIMIT = 100
"""Of one monitor at a time: a new monitor gets the rest in the turns after."""

NONCE = 2**62 - 1


def asked_in(settings: Mapping[str, Any]) -> tuple[Asked, ...]:
    return tuple(
        Asked(
            authority=Authority(name=each["name"], root=read_root(each["ca"].encode())),
            url=each["url"],
        )
        for each in settings["timestamps"]
    )


@dataclass(slots=True, kw_only=True)
class Stamper:
    """`folder` is the log's, and `note` what is shown of it here; `writes`: whether this keeper
    writes the log. `peers` are the other monitors, over connections of this thread's own."""

    asked: Sequence[Asked]
    every: timedelta
    folder: Path
    key: Verifier
    note: Callable[[], bytes]
    writes: Callable[[], bool]
    peers: Mapping[str, Transport]
    clock: Clock
    draw: Callable[[], UUID]
    say: Callable[[str], None]
    send: Post = post
    peers_at: float | None = None
    not_before: dict[str, float] = field(default_factory=dict)
    complaints: dict[str, str] = field(default_factory=dict)

    def turn(self) -> float:
        """One round. Return after how many seconds the next one is due."""
        now = self.clock.monotonic()
        if self.peers_at is None or now - self.peers_at >= PEERS_EVERY_S:
            self.peers_at = now
            for name, peer in self.peers.items():
                self._trying(name, partial(self._take_from, peer))
        if self.writes():
            self._stamp()
        return PACE_S

    def _stamp(self) -> None:
        note = self.note()
        if not note:
            return
        size = read_checkpoint(note, self.key).size
        here = self._here()
        for each in self.asked:
            if self.clock.monotonic() < self.not_before.get(each.name, 0.0):
                continue
            if is_due(each.name, size, here, now=self.clock.now(), every=self.every):
                self._ask(each, note, size)

    def _ask(self, each: Asked, note: bytes, size: int) -> None:
        nonce = self.draw().int & NONCE

        def once() -> None:
            held = ask(each, note, size, nonce, self.clock, self.send)
            shelf.keep(self.folder, held, each.authority)

        if not self._trying(f"time-stamp authority {each.name}", once):
            self.not_before[each.name] = self.clock.monotonic() + AGAIN_AFTER_S

    def _take_from(self, peer: Transport) -> None:
        """What is beside the log there and not here, of authorities that are ours, if it holds."""
        authorities = self._authorities
        here = {(each.size, each.authority) for each in self._here()}
        below = _Below(peer)
        lacking = [
            each
            for each in shelf.listed(below)
            if each.authority in authorities and (each.size, each.authority) not in here
        ]
        for each in lacking[-FETCHED_LIMIT:]:
            self._take(below, each, authorities[each.authority])

    def _take(self, below: Transport, each: Stamped, authority: Authority) -> None:
        held = shelf.fetched(below, each)
        _, found = shelf.opened(held, authority, self.key, now=self.clock.now())
        true = Stamped(at=found.at, size=each.size, authority=each.authority)
        shelf.keep(
            self.folder, shelf.Held(stamped=true, note=held.note, answer=held.answer), authority
        )

    def _here(self) -> tuple[Stamped, ...]:
        """What lies beside the log. An index that cannot be read is made anew."""
        transport = FolderTransport(self.folder)
        try:
            return shelf.listed(transport)
        except CannotVerify as error:
            self._complain("time-stamps", error)
        shelf.rebuild(self.folder, self._authorities, self.key, now=self.clock.now())
        return shelf.listed(transport)

    @property
    def _authorities(self) -> Mapping[str, Authority]:
        return {each.name: each.authority for each in self.asked}

    def _trying(self, whom: str, once: Callable[[], None]) -> bool:
        try:
            once()
        except (CannotVerify, Unreachable, OSError) as error:
            self._complain(whom, error)
            return False
        self.complaints.pop(whom, None)
        return True

    def _complain(self, whom: str, error: Exception) -> None:
        """Once, until it is another complaint. Of monitors that are away others speak."""
        words = error.problem if isinstance(error, StandfastError) else str(error)
        if self.complaints.get(whom) != words:
            self.complaints[whom] = words
            if not (whom in self.peers and isinstance(error, Unreachable)):
                self.say(f"{whom}: {words}")


@dataclass(frozen=True, slots=True)
class _Below:
    """Another monitor's log, as a transport."""

    peer: Transport

    def fetch(self, path: str) -> bytes:
        return self.peer.fetch(f"{LOG}{path}")


def stamp_all(stamper: Stamper) -> None:
    """Should it fail again and again, this thread ends and says so; the log goes on without it."""
    try:
        take_turns(stamper.turn, stamper.clock, stamper.say)
    finally:
        stamper.say("nothing is time-stamped any more until the keeper is started anew")
