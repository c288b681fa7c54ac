"""How this site is asked whether it is well, machine by machine and as a whole."""

from collections.abc import Iterable

from standfast.cli.app import App
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.rollout.gate import answers_now
from standfast.mechanisms.rollout.health import Health


def health_of(app: App) -> Health:
    return Health(
        connections=app.connections, asks=(lambda: service_troubles(app),), clock=app.clock
    )


def service_troubles(app: App) -> Iterable[str]:
    """Asked as a customer asks, over verified TLS."""
    if app.site.made_here and not app.here.is_published():
        return ()
    if answers_now(app.site.health_url, app.site.folders.home / "ca.pem"):
        return ()
    return ("the service does not answer",)


def primary_of(app: App) -> str | None:
    return app.site.having(Role.DATABASE)[0].name
