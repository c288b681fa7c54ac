"""Say what lies off site, with this machine's key:

    python3 -m standfast.mechanisms.backup.offsite.look

Prints one JSON document: the whole snapshots, whether another key opens them, under which
addresses the store answers, and of when the trust page is that lies there. Changes nothing.
Standard library only.
"""

import json
import socket
import ssl
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from standfast.core.clock import SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import StandfastError, Unreachable
from standfast.core.units import parse_stamp, stamp
from standfast.mechanisms.backup.offsite import location
from standfast.mechanisms.backup.offsite.machine import Files, to_read
from standfast.mechanisms.backup.offsite.page.elsewhere import Elsewhere
from standfast.mechanisms.backup.offsite.page.names import MACHINE_FORM
from standfast.mechanisms.backup.offsite.page.opening import opened
from standfast.mechanisms.backup.offsite.page.shown import made_at
from standfast.mechanisms.backup.offsite.snapshots import Snapshot, Source
from standfast.mechanisms.backup.offsite.store import Store

ANSWERS_WITHIN_S = 5.0
"""For each address that a name has."""


def document(snapshot: Snapshot) -> Mapping[str, Any]:
    source = snapshot.source
    return {
        "id": snapshot.id,
        "taken_at": stamp(snapshot.taken_at),
        "machine": snapshot.machine,
        "folder": snapshot.folder,
        "source": source
        and {
            "copy": source.copy,
            "position": source.position,
            "data_at": stamp(source.data_at),
        },
    }


def snapshot(document: Mapping[str, Any]) -> Snapshot:
    source = document["source"]
    return Snapshot(
        id=document["id"],
        taken_at=parse_stamp(document["taken_at"]),
        machine=document["machine"],
        folder=document["folder"],
        source=source
        and Source(
            copy=source["copy"],
            position=source["position"],
            data_at=parse_stamp(source["data_at"]),
        ),
    )


def addresses(store: Store) -> tuple[str, ...]:
    """Under which it answers: one of them is spoken to. Raises `Unreachable`, within seconds:
    restic itself would go on asking for as long as it may."""
    door = location.door(store)
    if door is None:
        return ()
    try:
        found = socket.getaddrinfo(*door, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(
            f"the store off site, {door[0]}, is no name that is known: {error.strerror}",
            remedy="Does this machine resolve names?",
        ) from error
    try:
        with socket.create_connection(door, timeout=ANSWERS_WITHIN_S) as line:
            speak(line, location.speaks(store))
    except OSError as error:
        raise Unreachable(
            f"the store off site does not answer at port {door[1]} of {door[0]}: {error}",
            remedy="Is it down, or the way to it closed?",
        ) from error
    return tuple(sorted({str(each[4][0]) for each in found}))


def speak(line: socket.socket, how: location.Speaks) -> None:
    """A kernel takes connections for a server that hangs, so its first word is waited for. Whether
    it is the right server is not asked here: restic asks that, and sends nothing to another."""
    match how:
        case location.Speaks.TLS:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.wrap_socket(line).close()
        case location.Speaks.FIRST:
            line.recv(1)
        case location.Speaks.WHEN_ASKED:
            pass


def page_made_at(place: Elsewhere) -> str | None:
    """None where there is no page, or it cannot be had: that is no snapshot's business."""
    with suppress(StandfastError):
        content = place.read(MACHINE_FORM)
        return None if content is None else stamp(made_at(content))
    return None


def main() -> int:
    runner = SystemRunner()
    try:
        files = Files()
        known = files.known_store()
        at = addresses(known)
        store = to_read(runner)
        found = {
            "snapshots": [document(each) for each in store.snapshots()],
            "opens_without_key": store.opens_without_its_key(),
            "addresses": at,
            "page_made_at": page_made_at(
                opened(known, files.words(), runner=runner, clock=SystemClock())
            ),
        }
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
