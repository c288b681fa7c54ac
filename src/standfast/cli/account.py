"""Enter an account into the service, by the command its contract names."""

from standfast.cli.app import App
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.rollout.on_web import release_on
from standfast.mechanisms.rollout.service_command import service_command

CANARY = "canary@example.com"
"""Whose account the proofs use."""


def enter_account(app: App, account: str, password: str) -> None:
    """Safe to repeat."""
    first = app.connection(app.site.having(Role.WEB)[0].name)
    service_command(
        first,
        release_on(first),
        app.site.service.canary.account,
        variables={"CANARY_ACCOUNT": account, "CANARY_PASSWORD": password},
    )
