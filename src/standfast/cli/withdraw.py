"""`down` and `destroy` where the machines belong to somebody: they stay, and so does what is theirs
or cannot be made again."""

import json
from collections.abc import Mapping
from typing import Any

from standfast.cli.app import App
from standfast.cli.blueprint import SOURCE
from standfast.cli.progress import Progress
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.rollout import in_memory
from standfast.mechanisms.rollout.machines import on_all

SERVICE_UNITS = "service-*"
"""The customer's own: web command, workers, jobs (systemctl(1) takes patterns of loaded units)."""

STOP_TIMEOUT_S = 120.0


def stop_service(app: App, progress: Progress) -> None:
    """The units of the service alone: databases, copies and the log go on being kept."""

    def stop(connection: Connection) -> None:
        progress.tell(connection.machine.name, "stopping the service")
        connection.run(("systemctl", "stop", SERVICE_UNITS), timeout_s=STOP_TIMEOUT_S)
        progress.tell(connection.machine.name, "stopped")

    webs = app.site.having(Role.WEB)
    on_all([app.connection(each.name) for each in webs], stop)


def withdraw(app: App, progress: Progress) -> dict[str, dict[str, Any]]:
    """What was taken away, put back and left, by machine."""

    def take(connection: Connection) -> dict[str, Any]:
        progress.tell(connection.machine.name, "taking away what was installed")
        report: dict[str, Any] = json.loads(in_memory.ask(connection, SOURCE, ("withdraw",)))
        progress.tell(connection.machine.name, "is as it was, but for what is kept")
        return report

    return on_all(app.connections.values(), take)


def told(reports: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What became of each machine, in lines."""
    lines: list[str] = []
    for name, report in reports.items():
        figures = ", ".join(
            f"{len(report[what])} {what}" for what in ("files", "units", "packages")
        )
        lines.append(f"  {name}: {figures} removed")
        lines += [f"    put back   {each}" for each in report["put_back"]]
        lines += [f"    kept       {each}" for each in report["left"]]
    return lines
