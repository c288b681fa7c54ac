"""Enter an account into the service, by the command its contract names."""

from standfast.cli.app import App
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.rollout.run import service_command
from standfast.mechanisms.web.plan import Release


def enter_account(app: App, release: Release, account: str, password: str) -> None:
    """Safe to repeat. `release` is the one that lies on the web machines."""
    service_command(
        app.connection(app.site.having(Role.WEB)[0].name),
        release,
        app.site.service.canary.account,
        variables={"CANARY_ACCOUNT": account, "CANARY_PASSWORD": password},
    )
