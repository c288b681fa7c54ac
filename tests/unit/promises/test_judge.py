import pytest

from standfast.promises.judge import judge
from standfast.promises.model import Outcome

OBJECTIVE = {"outage_s": 3, "lost_writes": 0}


@pytest.mark.parametrize(
    ("measured", "outcome"),
    [
        ({"outage_s": 2.9, "lost_writes": 0}, Outcome.KEPT),
        ({"outage_s": 3, "lost_writes": 0, "requests": 9000}, Outcome.KEPT),
        ({"outage_s": 3.1, "lost_writes": 0}, Outcome.BROKEN),
        ({"outage_s": 0, "lost_writes": 1}, Outcome.BROKEN),
        ({"outage_s": float("inf"), "lost_writes": 0}, Outcome.BROKEN),
        ({"lost_writes": 0}, Outcome.INCONCLUSIVE),
        ({"outage_s": float("nan"), "lost_writes": 0}, Outcome.INCONCLUSIVE),
        ({}, Outcome.INCONCLUSIVE),
    ],
)
def test_each_figure_of_the_objective_is_a_limit_that_must_have_been_measured(measured, outcome):
    assert judge(OBJECTIVE, measured) is outcome


def test_a_figure_left_out_does_not_hide_another_one_over_its_limit():
    assert judge(OBJECTIVE, {"lost_writes": 5}) is Outcome.BROKEN


def test_an_objective_that_names_nothing_is_never_kept():
    assert judge({}, {"outage_s": 0}) is Outcome.INCONCLUSIVE
