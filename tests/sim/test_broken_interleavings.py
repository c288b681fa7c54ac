"""The versions that lose an acknowledged write, each with the shortest way to it (`pytest -rP`)."""

import pytest
from tests.sim.interleavings.search import explore
from tests.sim.interleavings.state import Rules

COMPARES = Rules().compares

BROKEN = {
    "naive: /sync is not rewritten, /status not compared": Rules(
        rewrites_sync=False, compares=COMPARES - {"status"}, asks_for_a_sign=False
    ),
    "/sync is not rewritten": Rules(rewrites_sync=False),
    "/sync is not compared": Rules(compares=COMPARES - {"sync"}),
    "/leader is not compared": Rules(compares=COMPARES - {"leader"}),
    "/sync is rewritten before the claim is deleted": Rules(puts_first=True),
    "the lease is revoked afterwards": Rules(revokes=True),
    "the leader need not have shown itself since it took the lead": Rules(asks_for_a_sign=False),
}


@pytest.mark.parametrize("rules", BROKEN.values(), ids=BROKEN)
def test_it_loses_a_write(rules: Rules) -> None:
    found = explore(rules)
    print(*found.story, sep="\n")
    assert found.story
    assert len(found.story) < 25


def test_patroni_alone_loses_writes_where_a_loop_outlasts_a_lease() -> None:
    """So the model has to take for granted that none does: the guard, or a watchdog, sees to it."""
    found = explore(Rules(monitors=0, loops_end=False))
    print(*found.story, sep="\n")
    assert found.story
    assert not any("remove" in step for step in found.story)
