"""etcd's JSON gateway, version 3: what is asked and how answers read. Pure.

Shapes: etcd 3.4 documentation, "gRPC gateway", and `rpc.proto`. Keys and values travel as base64,
64-bit numbers as decimal strings, and zeros are left out.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from standfast.core.errors import Unreachable

RANGE = "/v3/kv/range"
TRANSACTION = "/v3/kv/txn"
GRANT = "/v3/lease/grant"
KEEP_ALIVE = "/v3/lease/keepalive"
REVOKE = "/v3/lease/revoke"
TIME_TO_LIVE = "/v3/lease/timetolive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """`created` and `modified` are etcd's revisions; `lease` is 0 where nothing ends it."""

    data: bytes
    created: int
    modified: int
    lease: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The key is as it was at that revision; at revision 0 it is not there."""

    key: str
    modified: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    key: str
    data: bytes
    lease: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """All of it or nothing, and only if everything in `unchanged` holds at that moment. What is
    deleted is so first: whoever watches applies the parts of one change one by one."""

    unchanged: tuple[Unchanged, ...] = ()
    puts: tuple[Put, ...] = ()
    deletes: tuple[str, ...] = ()


def everything_under(prefix: str) -> Mapping[str, Any]:
    return {"key": encoded(prefix.encode()), "range_end": encoded(end_of(prefix))}


def transaction(change: Change) -> Mapping[str, Any]:
    return {
        "compare": [compared(each) for each in change.unchanged],
        "success": [*map(deleted, change.deletes), *map(put, change.puts)],
    }


def compared(each: Unchanged) -> Mapping[str, Any]:
    return {
        "key": encoded(each.key.encode()),
        "target": "MOD",
        "result": "EQUAL",
        "mod_revision": str(each.modified),
    }


def put(each: Put) -> Mapping[str, Any]:
    asked = {
        "key": encoded(each.key.encode()),
        "value": encoded(each.data),
        "lease": str(each.lease),
    }
    return {"request_put": asked}


def deleted(key: str) -> Mapping[str, Any]:
    return {"request_delete_range": {"key": encoded(key.encode())}}


def lease(identifier: int) -> Mapping[str, Any]:
    return {"ID": str(identifier)}


def values(answer: Mapping[str, Any]) -> dict[str, Value]:
    return dict(_value(each) for each in answer.get("kvs", ()))


def succeeded(answer: Mapping[str, Any]) -> bool:
    return bool(answer.get("succeeded", False))


def granted(answer: Mapping[str, Any]) -> int:
    return int(answer["ID"])


def lives(answer: Mapping[str, Any]) -> bool:
    """Whether a lease that was to be kept alive still was."""
    return int(answer.get("result", {}).get("TTL", 0)) > 0


def left_s(answer: Mapping[str, Any]) -> int:
    """Whole seconds until a lease ends; -1 for one that has."""
    return int(answer.get("TTL", 0))


def term(answer: Mapping[str, Any]) -> int:
    """Of etcd's leader at the time: raft's number, which grows with each election."""
    header = answer.get("header") or answer.get("result", {}).get("header", {})
    return int(header.get("raft_term", 0))


def refusal(status: int, answer: Mapping[str, Any]) -> Unreachable:
    """No majority, no leader, an overfull store: etcd's own words say which."""
    said = answer.get("error", answer.get("message", "nothing"))
    return Unreachable(f"etcd answered {status}: {said}")


def encoded(data: bytes) -> str:
    return b64encode(data).decode()


def end_of(prefix: str) -> bytes:
    """The first key after all those that begin with it."""
    return prefix[:-1].encode() + bytes([ord(prefix[-1]) + 1])


def _value(pair: Mapping[str, Any]) -> tuple[str, Value]:
    found = Value(
        data=b64decode(pair.get("value", "")),
        created=int(pair["create_revision"]),
        modified=int(pair["mod_revision"]),
        lease=int(pair.get("lease", 0)),
    )
    return b64decode(pair["key"]).decode(), found
