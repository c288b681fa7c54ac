"""The simulation itself: the same seed is the same course, and what it covers it does meet."""

from collections import Counter

import pytest
from tests.sim import calm
from tests.sim.engine import Engine, Process, Steps
from tests.sim.run import simulate
from tests.sim.scenarios import KINDS, death, draw
from tests.sim.site import Site
from tests.sim.verdict import Violation


def story(seed: int) -> list[str]:
    site = Site(seed, tells=True)
    site.engine.run(draw(site).ends_at)
    assert site.told is not None
    return site.told


@pytest.mark.parametrize("seed", range(0, 50, 5))
def test_the_same_seed_is_the_same_course_of_events(seed: int) -> None:
    assert story(seed) == story(seed)


def test_seeds_meet_every_kind_of_fault() -> None:
    met = Counter(simulate(seed).kind for seed in range(100))
    assert len(met) == len(KINDS), met


def test_a_dead_primary_is_removed_and_its_secondary_promoted() -> None:
    outcome = simulate(7, scenario=death)
    assert outcome.removals == 1
    assert outcome.writes > 0
    assert outcome.removed_s is not None


def test_in_twenty_minutes_of_lost_messages_nobody_is_removed() -> None:
    removals, knocks = calm.rain(seed=1, hours=1 / 3)
    assert removals == 0
    assert knocks > 0, "nobody ever had a reason to look"


def test_a_violation_names_its_seed_and_how_to_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.sim.scenarios.REMOVED_S", 0.0)
    monkeypatch.setattr("tests.sim.scenarios.ELECTION_S", 0.0)
    monkeypatch.setattr("tests.sim.scenarios.LOSS_S", 0.0)
    with pytest.raises(Violation, match="after its death") as found:
        simulate(7, scenario=death)
    assert found.value.__notes__ == ["seed 7 (death); what happened: bin/bench sim --seed 7"]


def test_who_waits_lets_others_go_on_and_threads_run_one_at_a_time() -> None:
    engine, seen = Engine(), []

    def note(who: str) -> None:
        seen.append((round(engine.now, 3), who))

    def steps() -> Steps:
        while True:
            note("process")
            yield 0.4

    def blocking(name: str, seconds: float) -> None:
        actor = engine.actor()

        def code() -> None:
            while True:
                note(name)
                actor.wait(seconds)

        actor.begin(code)

    Process(engine, steps())
    blocking("slow", 1.0)
    blocking("quick", 0.3)
    engine.run(1.05)
    assert seen == [
        *((0.0, "process"), (0.0, "slow"), (0.0, "quick"), (0.3, "quick"), (0.4, "process")),
        *((0.6, "quick"), (0.8, "process"), (0.9, "quick"), (1.0, "slow")),
    ]


def test_what_fails_in_a_thread_fails_the_run() -> None:
    engine = Engine()
    actor = engine.actor()

    def code() -> None:
        actor.wait(1.0)
        raise Violation("here")

    actor.begin(code)
    with pytest.raises(Violation, match="here"):
        engine.run(2.0)
