"""Every interleaving of the removal with both machines' Patroni: the version that was chosen.

What is in the model: `interleavings/`, and docs/simulation.md. The versions that lose writes are in
`test_broken_interleavings.py`.
"""

from tests.sim.interleavings.search import explore
from tests.sim.interleavings.state import Rules


def test_no_order_of_steps_loses_an_acknowledged_write() -> None:
    found = explore(Rules())
    print(f"{found.states:,} states, {found.steps:,} steps")
    assert not found.story, "\n".join(found.story)
    assert found.states > 300_000, "much of it was not reached"


def test_nor_does_patroni_alone() -> None:
    """Without any removal: what the model says of Patroni is not what loses writes below."""
    found = explore(Rules(monitors=0))
    assert not found.story, "\n".join(found.story)
