"""The simulation can fail: with a part of the removal taken out, some seed finds what is lost.

What is not here cannot be found by seeds, and why. `/leader` in the comparison: who removes must
have read before another took the lead and be heard before that one writes `/sync`, some
milliseconds later (`interleavings/` finds it). `/removal` in the comparison: a second removal
fails at `/sync` already. `QUIET_S` alone: asking begins so late, and takes so long, that it has
passed; with the waits before it shortened it is found. The order within the change: Patroni must
read between two events of one watch (`interleavings/` finds it).
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.sim import scenarios, watchers
from tests.sim.run import simulate
from tests.sim.scenarios import Scenario
from tests.sim.site import PREFIX, unaltered
from tests.sim.verdict import Violation
from tests.sim.watchers import Alter

from standfast.daemons import monitor
from standfast.mechanisms.database import removal
from standfast.mechanisms.database.removal import Claim, Hold, Remove, Seen
from standfast.mechanisms.monitor.gateway import Change

SEEDS = range(1000)
"""Most are found within the first hundred, the rarest near 300."""


def without_comparing(key: str) -> Alter:
    def altered(change: Change) -> Change:
        kept = (each for each in change.unchanged if each.key != f"{PREFIX}{key}")
        return replace(change, unchanged=tuple(kept))

    return altered


def without_writing_sync(change: Change) -> Change:
    kept = (each for each in change.puts if each.key != f"{PREFIX}sync")
    return replace(change, puts=tuple(kept))


def naive(change: Change) -> Change:
    return without_writing_sync(without_comparing("status")(change))


def found(scenario: Scenario, alter: Alter = unaltered) -> str:
    """The first violation that a seed finds; "" where none does."""
    for seed in SEEDS:
        try:
            simulate(seed, scenario=scenario, alter=alter)
        except Violation as violation:
            return str(violation)
    return ""


@pytest.mark.parametrize(
    ("alter", "scenario", "what"),
    [
        (without_writing_sync, scenarios.sleeper, "acknowledged writes are missing on db-2"),
        (naive, scenarios.sleeper, "acknowledged writes are missing on db-2"),
        (without_comparing("sync"), scenarios.sleeper, "acknowledged writes are missing on db-2"),
        (without_comparing("status"), scenarios.second_thoughts, "removed db-1"),
    ],
    ids=["without writing /sync", "naive", "without comparing /sync", "without comparing /status"],
)
def test_each_part_of_the_change_matters(alter: Alter, scenario: Scenario, what: str) -> None:
    assert what in found(scenario, alter)


def believing(**changes: object) -> Callable[[Seen], Hold | Remove]:
    """The decision by somebody who always sees that."""
    decide = removal.decide
    return lambda seen: decide(replace(seen, **changes))  # type: ignore[arg-type]


def test_without_a_lease_that_runs_down_one_that_is_renewed_is_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(monitor, "decide", believing(runs_down=True))
    assert "was renewing its lease" in found(scenarios.sleeper)


def test_without_a_majority_one_that_answers_most_is_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (removal, monitor):
        monkeypatch.setattr(module, "is_majority", lambda silent, monitors: bool(silent))
    assert "answered most of the monitors" in found(scenarios.half_seen)


def test_without_the_secondarys_word_one_that_it_reaches_is_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(monitor, "decide", believing(severed="db-2"))
    assert "answered the other database" in found(scenarios.half_seen)


def test_in_haste_one_is_removed_that_has_just_shown_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(monitor, "decide", believing(quiet_s=99.0))
    monkeypatch.setattr(monitor, "SUSPECT_S", 0.5)
    monkeypatch.setattr(monitor, "ASK_S", 0.9)
    assert "after a sign of life" in found(scenarios.death)


def test_without_a_minute_between_them_there_are_two_removals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(removal, "APART_S", 0.0)
    assert found(scenarios.return_of_the_dead) == "two removals within a minute"


def test_without_a_sign_since_it_took_the_lead_two_are_primary(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Found by `interleavings/`; then here, and mended in `removal.barred`."""
    barred = removal.barred

    def careless(claim: Claim, since_removal_s: float) -> str:
        return barred(replace(claim, leader_revision=0), since_removal_s)

    for module in (removal, monitor):
        monkeypatch.setattr(module, "barred", careless)
    assert "acknowledged" in found(scenarios.lead_taken_back)


def test_with_the_lease_revoked_afterwards_writes_are_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the design had it (docs/adr/0010), by a monitor that stands still before it revokes."""
    commit = watchers.Store.commit

    def and_revoke(store: watchers.Store, change: Change) -> bool:
        kept = store.voters.kept.kept.get(f"{PREFIX}leader")
        made = commit(store, change)
        if made and kept is not None:
            store.actor.wait(store.voters.chance.uniform(1.5, 2.2))
            store.revoke(kept.lease)
        return made

    monkeypatch.setattr(watchers.Store, "commit", and_revoke)
    assert "acknowledged" in found(scenarios.sleeper)
