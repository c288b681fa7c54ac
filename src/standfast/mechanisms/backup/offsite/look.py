"""Say what lies off site, with this machine's key:

    python3 -m standfast.mechanisms.backup.offsite.look

Prints one JSON document: the whole snapshots, whether another key opens them, and under which
addresses the store answers. Changes nothing. Standard library only.
"""

import json
import socket
import sys
from collections.abc import Mapping
from typing import Any

from standfast.core.command import SystemRunner
from standfast.core.errors import StandfastError, Unreachable
from standfast.core.units import parse_stamp, stamp
from standfast.mechanisms.backup.offsite import location
from standfast.mechanisms.backup.offsite.machine import Files, to_read
from standfast.mechanisms.backup.offsite.snapshots import Snapshot, Source
from standfast.mechanisms.backup.offsite.store import Store


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
    name = location.host(store)
    if not name:
        return ()
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(
            f"the store off site, {name}, is no name that is known: {error.strerror}",
            remedy="Does this machine resolve names?",
        ) from error
    return tuple(sorted({str(each[4][0]) for each in found}))


def main() -> int:
    try:
        store = to_read(SystemRunner())
        found = {
            "snapshots": [document(each) for each in store.snapshots()],
            "opens_without_key": store.opens_without_its_key(),
            "addresses": addresses(Files().known_store()),
        }
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
