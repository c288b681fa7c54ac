"""Put the trust page and its log into the store off site, for when the whole site is down.

    python3 -m standfast.mechanisms.backup.offsite.publish

Started by a timer every five minutes. It reads what a monitor shows, as an edge does, and sends
what is new. A store that refuses is said once in the journal, and again when it does not: nothing
else of this machine waits for it. Standard library only.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import StandfastError
from standfast.evidence.transport import HttpsTransport, Transport
from standfast.mechanisms.backup.offsite.machine import Files
from standfast.mechanisms.backup.offsite.page.opening import opened
from standfast.mechanisms.backup.offsite.page.publishing import Publisher
from standfast.mechanisms.backup.offsite.page.sent import remember, remembered
from standfast.mechanisms.backup.offsite.places import PAGE_SENT, PAGE_SETTINGS
from standfast.mechanisms.hosts.names import IDENTITY
from standfast.mechanisms.hosts.tls import Identity, client_context

PATIENCE_S = 10.0
"""For each step of a connection to a monitor, which is beside this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    name: str
    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """`position` of this machine among the backup machines, from 0."""

    position: int
    monitors: tuple[Monitor, ...]

    @classmethod
    def from_json(cls, text: bytes) -> "PageSettings":
        said: dict[str, Any] = json.loads(text)
        return cls(
            position=said["position"], monitors=tuple(Monitor(**each) for each in said["monitors"])
        )


def transports(settings: PageSettings, identity: Identity) -> Mapping[str, Transport]:
    context = client_context(identity)
    return {
        each.name: HttpsTransport(
            f"https://{each.address}:{each.port}/trust", context=context, timeout_s=PATIENCE_S
        )
        for each in settings.monitors
    }


def publisher(
    settings: PageSettings, files: Files, identity: Identity, memory: Path, clock: Clock
) -> Publisher:
    store = files.known_store()
    return Publisher(
        position=settings.position,
        where=f"{store.kind} {store.location}",
        elsewhere=opened(store, files.words(), runner=SystemRunner(), clock=clock),
        monitors=transports(settings, identity),
        file=memory,
        clock=clock,
    )


def main() -> int:
    memory = Path(PAGE_SENT)
    try:
        settings = PageSettings.from_json(Path(PAGE_SETTINGS).read_bytes())
        identity = Identity.in_folder(Path(IDENTITY))
        said = publisher(settings, Files(), identity, memory, SystemClock()).turn()
    except StandfastError as error:
        said = once(error, memory)
    if said:
        print(said)
    return 0


def once(error: StandfastError, memory: Path) -> str:
    """Its words, unless they are those that were said last."""
    before = remembered(memory)
    if before.trouble == error.problem:
        return ""
    remember(memory, replace(before, trouble=error.problem))
    return error.words


if __name__ == "__main__":
    sys.exit(main())
