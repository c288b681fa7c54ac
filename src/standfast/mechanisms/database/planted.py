"""The two faults of the database pair, as commands that are run on its machines. Each waits until
Patroni has done what it was told, and may be repeated, on both machines too.

    python3 -m standfast.mechanisms.database.planted pause|resume|lone|paired

`pause` is Patroni's maintenance mode: nobody takes over. `lone` has the primary wait for nobody.
Standard library only.
"""

import http.client
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standfast.core.clock import Clock, SystemClock
from standfast.core.errors import CommandFailed, StandfastError
from standfast.mechanisms.database import own
from standfast.mechanisms.hosts.agent.faults import CommandFault, by_words
from standfast.mechanisms.hosts.names import IDENTITY, PATRONI_PORT
from standfast.mechanisms.hosts.tls import Identity, client_context

WITHIN_S = 40.0
"""Patroni may just be starting, on a machine that has its power back."""

SHOWN_WITHIN_S = 15.0
"""Some rounds of Patroni's loop. That the pair is not whole again is for a proof to say."""

WAITS = ("sync", "quorum")
"""In pg_stat_replication: whose answer a commit waits for."""

POLL_S = 0.3
TIMEOUT_S = 3.0

CHANGES: Mapping[str, Mapping[str, Any]] = {
    "pause": {"pause": True},
    "resume": {"pause": None},
    "lone": {"synchronous_mode": False},
    "paired": {"synchronous_mode": True},
}


def faults(source: str) -> tuple[CommandFault, ...]:
    return (
        by_words("nobody-takes-over", source, __name__, "pause", "resume"),
        by_words("lone-primary", source, __name__, "lone", "paired"),
    )


def shows(word: str, cluster: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """Whether Patroni's `GET /cluster` is what it must be after that word, and PostgreSQL here too
    (`own`: `GET /patroni`): a cluster is called asynchronous as soon as that is wanted, a loop
    before its primary is told."""
    roles = {each.get("role") for each in cluster.get("members", ())}
    match word:
        case "pause":
            return bool(cluster.get("pause"))
        case "resume":
            return not cluster.get("pause")
        case "lone":
            waits = any(each["sync_state"] in WAITS for each in own.get("replication") or ())
            return "sync_standby" not in roles and not waits
        case _:
            return "sync_standby" in roles or len(cluster.get("members", ())) < 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Patroni:
    """The machine's own, asked with the machine's own identity."""

    machine: str
    identity: Identity
    clock: Clock

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        status, said = own.patroni(
            self.machine,
            PATRONI_PORT,
            method,
            path,
            tls=client_context(self.identity),
            timeout_s=TIMEOUT_S,
            body=body,
        )
        if status != http.client.OK:
            raise CommandFailed(f"Patroni answered {method} {path} with {status}")
        return json.loads(said)

    def change(self, word: str) -> None:
        end = self.clock.monotonic() + WITHIN_S
        while True:
            try:
                self.ask("PATCH", "/config", CHANGES[word])
                return
            except (OSError, http.client.HTTPException, StandfastError):
                if self.clock.monotonic() > end:
                    raise
            self.clock.sleep(POLL_S)

    def wait(self, word: str) -> None:
        end = self.clock.monotonic() + SHOWN_WITHIN_S
        while self.clock.monotonic() < end:
            if shows(word, self.ask("GET", "/cluster"), self.ask("GET", "/patroni")):
                return
            self.clock.sleep(POLL_S)


def main(words: Sequence[str]) -> None:
    (word,) = words
    patroni = Patroni(
        machine=os.uname().nodename,
        identity=Identity.in_folder(Path(IDENTITY)),
        clock=SystemClock(),
    )
    patroni.change(word)
    patroni.wait(word)


if __name__ == "__main__":
    main(sys.argv[1:])
