"""Another thousand courses of events."""

import pytest
from tests.sim.run import simulate
from tests.sim.test_seeds import CHUNK

SEEDS = range(1000, 2000)


@pytest.mark.parametrize("first", SEEDS[::CHUNK])
def test_whatever_befalls_a_site_no_write_is_lost_and_nobody_alive_removed(first: int) -> None:
    for seed in range(first, first + CHUNK):
        simulate(seed)
