"""After monitors have taken a dead primary's claim away, they do not for a minute: a drill that
measures how quickly they do waits until they may again."""

import json
from base64 import b64decode
from datetime import datetime

from standfast.core.errors import StandfastError
from standfast.mechanisms.database.claim import NAMESPACE, REMOVAL, moment
from standfast.mechanisms.database.removal import APART_S
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.monitor.etcdctl import etcdctl
from standfast.proofs.drills.ground import Ground

SPARE_S = 3.0
"""Each monitor counts from when it saw the removal, by its own clock."""

POLL_S = 1.0


def wait(ground: Ground) -> None:
    end = ground.clock.monotonic() + APART_S + SPARE_S
    while ground.clock.monotonic() < end:
        removed = removed_at(ground)
        if removed is None:
            return
        if (ground.clock.now() - removed).total_seconds() > APART_S + SPARE_S:
            return
        ground.tell("a claim was taken away within the last minute; waiting until it is over")
        ground.clock.sleep(POLL_S)


def removed_at(ground: Ground) -> datetime | None:
    """When a claim was last taken away, as the first monitor that answers says; None for never."""
    for machine in ground.having(Role.MONITOR):
        words = etcdctl(machine, "get", "--prefix", "--write-out=json", NAMESPACE)
        try:
            return parse(ground.connections[machine.name].run(words).text)
        except StandfastError:
            continue
    return None


def parse(printed: str) -> datetime | None:
    pairs = json.loads(printed).get("kvs", ())
    found = (each["value"] for each in pairs if b64decode(each["key"]).endswith(KEY))
    return next((moment(b64decode(each)) for each in found), None)


KEY = f"/{REMOVAL}".encode()
