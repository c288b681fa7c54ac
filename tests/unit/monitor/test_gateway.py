"""What is asked of etcd, and how its answers read: as etcd 3.4 itself wrote them down."""

from base64 import b64encode

from standfast.mechanisms.monitor.gateway import (
    Change,
    Put,
    Unchanged,
    Value,
    end_of,
    everything_under,
    granted,
    lives,
    refusal,
    succeeded,
    transaction,
    values,
)


def coded(text: str) -> str:
    return b64encode(text.encode()).decode()


def test_everything_under_a_prefix_ends_before_the_next_one() -> None:
    assert end_of("/standfast/") == b"/standfast0"
    assert everything_under("/s/") == {"key": coded("/s/"), "range_end": coded("/s0")}


def test_a_change_is_one_transaction_that_deletes_before_it_puts() -> None:
    change = Change(
        unchanged=(Unchanged(key="/head", modified=7),),
        puts=(Put(key="/head", data=b"new", lease=9),),
        deletes=("/old",),
    )
    assert transaction(change) == {
        "compare": [
            {"key": coded("/head"), "target": "MOD", "result": "EQUAL", "mod_revision": "7"}
        ],
        "success": [
            {"request_delete_range": {"key": coded("/old")}},
            {"request_put": {"key": coded("/head"), "value": coded("new"), "lease": "9"}},
        ],
    }


def test_values_are_read_with_what_etcd_leaves_out() -> None:
    pair = {"key": coded("/a"), "create_revision": "2", "mod_revision": "3", "version": "2"}
    assert values({"kvs": [pair], "count": "1"}) == {
        "/a": Value(data=b"", created=2, modified=3, lease=0)
    }
    assert values({"header": {}}) == {}


def test_what_was_not_done_is_not_taken_for_done() -> None:
    assert succeeded({"header": {}, "succeeded": True})
    assert not succeeded({"header": {}})
    assert granted({"ID": "7587899139408516358", "TTL": "5"}) == 7587899139408516358
    assert lives({"result": {"ID": "1", "TTL": "5"}})
    assert not lives({"result": {"ID": "1"}})


def test_a_refusal_says_what_etcd_said() -> None:
    error = refusal(503, {"error": "etcdserver: request timed out", "code": 14})
    assert error.problem == "etcd answered 503: etcdserver: request timed out"
