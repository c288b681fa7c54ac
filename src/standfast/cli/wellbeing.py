"""How this site is asked whether it is well, machine by machine and as a whole."""

from collections.abc import Container, Iterable

from standfast.cli.app import App
from standfast.mechanisms.edge.moving.home import is_home
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.monitor.voters import is_healthy
from standfast.mechanisms.rollout.gate import answers_now
from standfast.mechanisms.rollout.health import Health
from standfast.mechanisms.rollout.machines import on_all
from standfast.mechanisms.rollout.switchover import seen, troubles


def health_of(app: App) -> Health:
    return Health(
        connections=app.connections,
        asks=(
            lambda _: service_troubles(app),
            lambda _: voter_troubles(app),
            lambda known: address_troubles(app, known),
            lambda known: troubles(seen(app.connections), known),
        ),
        clock=app.clock,
    )


def service_troubles(app: App) -> Iterable[str]:
    """Asked as a customer asks, over verified TLS."""
    if app.site.made_here and not app.here.published.is_up():
        return ()
    if answers_now(app.site.health_url, app.site.folders.home / "ca.pem"):
        return ()
    return ("the service does not answer",)


def address_troubles(app: App, known: Container[str]) -> tuple[str, ...]:
    """An edge that has just been restarted takes its address back after some seconds, and what is
    under way elsewhere is cut then: until it has, the next edge is not touched."""
    edges = [app.connection(each.name) for each in app.site.having(Role.EDGE) if each.name in known]
    home = on_all(edges, is_home)
    return tuple(f"the public address of {name} is not with it" for name in home if not home[name])


def voter_troubles(app: App) -> tuple[str, ...]:
    """Each says itself whether it is part of a majority that agrees."""
    voters = [app.connection(each.name) for each in app.site.having(Role.MONITOR)]
    votes = on_all(voters, is_healthy)
    return tuple(f"{name} does not vote" for name in votes if not votes[name])
