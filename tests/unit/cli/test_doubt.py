"""A promise that several drills prove is doubted drill by drill."""

from standfast.cli.prove import doubted, parts
from standfast.promises.catalog import DATABASE_FAILOVER, REDUNDANT_WEB


def test_each_part_of_each_promise_has_its_turn() -> None:
    chosen = parts([REDUNDANT_WEB, DATABASE_FAILOVER])
    assert [(of.id, part.drill) for of, part in chosen] == [
        ("redundant-web", "web-server"),
        ("database-failover", "database-crash"),
        ("database-failover", "database-host"),
    ]


def test_every_calibration_is_told_in_that_order_also_one_that_was_not_made() -> None:
    assert doubted([None, None], []) == {
        "calibration": None,
        "calibrations": [None, None],
        "proofs": [],
    }
