"""A thousand courses of events; `test_more_seeds.py` has as many, for another process."""

import pytest
from tests.sim.run import simulate

CHUNK = 100
SEEDS = range(1000)


@pytest.mark.parametrize("first", SEEDS[::CHUNK])
def test_whatever_befalls_a_site_no_write_is_lost_and_nobody_alive_removed(first: int) -> None:
    for seed in range(first, first + CHUNK):
        simulate(seed)
