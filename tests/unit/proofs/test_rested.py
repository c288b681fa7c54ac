"""When a claim was last taken away, as etcd keeps it."""

import json
from base64 import b64encode
from datetime import UTC, datetime

from standfast.proofs.drills.rested import parse


def coded(text: str) -> str:
    return b64encode(text.encode()).decode()


def test_the_removal_says_when_it_was() -> None:
    at = datetime(2026, 11, 28, 20, 36, 13, tzinfo=UTC)
    pairs = [
        {"key": coded("/standfast/shop/leader"), "value": coded("db-1")},
        {
            "key": coded("/standfast/shop/removal"),
            "value": coded(json.dumps({"who": "monitor-1", "at": at.isoformat()})),
        },
    ]
    assert parse(json.dumps({"kvs": pairs})) == at


def test_where_none_ever_was_nobody_waits() -> None:
    assert parse(json.dumps({"kvs": []})) is None
    assert parse("{}") is None
