"""The drill against another place that says what the test wants: what it claims of it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from standfast.core.errors import Refused
from standfast.promises.catalog import SECONDARY_FACILITY
from standfast.promises.judge import judge
from standfast.promises.model import Outcome
from standfast.proofs.drills.ground import Ground, Published, Returned
from standfast.proofs.drills.lose_site import STAND_INS, LoseSite

OBJECTIVE = SECONDARY_FACILITY.parts[0].objective
LOST = datetime(2026, 11, 29, 13, tzinfo=UTC)
LEAVES = tuple(bytes([number]) * 32 for number in range(9))
SHOWN = Published(log="key", policy="", leaves=LEAVES)

GOOD = Returned(
    lost_at=LOST,
    signed_in_at=LOST + timedelta(minutes=3),
    newest=LOST - timedelta(hours=5),
    snapshot="aabb",
    name="shop.example.com",
    addresses=("203.0.113.11",),
    entries=7,
    root=SHOWN.root(7),
    envelope="holds what the site has now",
    gone=("/var/lib/standfast/sites/shop",),
    seconds={"fetched": 2.0},
)


@dataclass
class Place:
    found: Returned = GOOD
    asked: list[str] = field(default_factory=list)

    def must_be_possible(self) -> None:
        self.asked.append("possible")

    def rehearse(self) -> Returned:
        self.asked.append("rehearse")
        return self.found


def ran(found: Returned, chosen: str | None = None) -> Any:
    ground = SimpleNamespace(
        facility=Place(found),
        published=lambda: SHOWN,
        clock=SimpleNamespace(now=lambda: LOST),
        tell=lambda words: None,
        run=UUID("1f0e7a52-7c5b-4b1e-9d7c-3f3f6f0b6a11"),
        chosen=chosen,
    )
    return LoseSite().run(cast(Ground, ground), short=False)


def test_a_customer_who_gets_in_with_yesterdays_data_keeps_it() -> None:
    found = ran(GOOD)
    assert found.measured == {"outage_s": 180.0, "data_age_s": 5 * 3600.0, "failed_recoveries": 0.0}
    assert judge(OBJECTIVE, found.measured) is Outcome.KEPT
    assert "signed in after 3 min, with data 5 h old" in found.story[0]
    assert found.stand_ins == STAND_INS


def test_it_says_how_much_of_the_record_had_not_reached_the_store() -> None:
    assert ran(GOOD).seen["behind"] == 2


def test_what_fails_is_told_in_its_own_words_and_breaks_it() -> None:
    found = ran(Returned(lost_at=LOST, problem="the store off site refuses us: 403"))
    assert found.measured == {"failed_recoveries": 1}
    assert judge(OBJECTIVE, found.measured) is Outcome.BROKEN
    assert "refuses us" in found.story[0]


@pytest.mark.parametrize(
    "wrong", [{"root": SHOWN.root(6)}, {"entries": 0}, {"entries": 12}], ids=str
)
def test_another_record_than_the_one_that_was_lost_breaks_it(wrong: dict[str, Any]) -> None:
    found = ran(replace(GOOD, **wrong))
    assert judge(OBJECTIVE, found.measured) is Outcome.BROKEN
    assert "not the one that was lost" in found.story[0]


def test_data_of_which_nobody_knows_the_age_are_no_proof() -> None:
    found = ran(replace(GOOD, newest=None))
    assert judge(OBJECTIVE, found.measured) is Outcome.INCONCLUSIVE


def test_data_from_before_yesterday_break_it() -> None:
    found = ran(replace(GOOD, newest=LOST - timedelta(hours=27)))
    assert judge(OBJECTIVE, found.measured) is Outcome.BROKEN


def test_no_machine_can_be_chosen_where_all_are_lost() -> None:
    ground = SimpleNamespace(chosen="db-1")
    with pytest.raises(Refused, match="the whole site"):
        LoseSite().prepare(cast(Ground, ground))
