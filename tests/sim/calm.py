"""Hours in which nothing is wrong but the network: whether anybody is removed who should not be."""

from .site import Site

RAIN = 0.05
"""Of all messages are lost."""

HEARTBEATS_APART_S = (0.4, 0.6)
"""As a site writes that nobody uses: its heartbeat and a canary."""


def rain(seed: int, hours: float) -> tuple[int, int]:
    """How often a claim was removed in that time, and how often a monitor had so long heard nothing
    from the primary that it asked its machine."""
    site = Site(seed)
    site.network.loss = RAIN
    site.write_apart_s = HEARTBEATS_APART_S
    site.engine.run(hours * 3600)
    site.end()
    knocks = sum(watcher.world.knocks for watcher in site.watchers.values())
    return len(site.verdict.removed_at), knocks
