"""Run a command of the service as the service: its user, folder and environment."""

import shlex
from collections.abc import Mapping

from standfast.core.errors import CommandFailed, StandfastError
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.web.command_line import absolute, search_path
from standfast.mechanisms.web.plan import quoted
from standfast.mechanisms.web.release import Release
from standfast.mechanisms.web.settings import Argv
from standfast.mechanisms.web.units import ENVIRONMENT, USER

GIVEN = "/run/standfast-command.env"


def service_command(
    connection: Connection,
    release: Release,
    argv: Argv,
    *,
    variables: Mapping[str, str] | None = None,
    timeout_s: float = 60,
) -> None:
    """`variables` travel on stdin, so a secret among them is in no process list."""
    given = "".join(f"{name}={quoted(value)}\n" for name, value in (variables or {}).items())
    unit = transient(release, argv, "--pipe", "-p", f"EnvironmentFile=-{GIVEN}")
    script = (
        f"umask 077; cat > {GIVEN}; "
        f"{shlex.join(unit)} < /dev/null; status=$?; rm -f {GIVEN}; exit $status"
    )
    try:
        connection.run(("sh", "-c", script), stdin=given.encode(), timeout_s=timeout_s)
    except CommandFailed as error:
        raise StandfastError(
            f"`{' '.join(argv)}` failed on {connection.machine.name}: "
            f"{error.problem.split(': ', 2)[-1]}",
            remedy="Does it run in the service's own folder, with DATABASE_URL set?",
        ) from error


def transient(release: Release, argv: Argv, *options: str) -> tuple[str, ...]:
    """systemd-run(1) ends as the command does, with its status."""
    path = search_path(release.folder)
    return (
        *("systemd-run", "--quiet", "--wait", "--collect", *options),
        *("-p", f"User={USER}", "-p", f"Group={USER}"),
        *("-p", f"WorkingDirectory={release.folder}", "-p", f"EnvironmentFile={ENVIRONMENT}"),
        *("-p", f"Environment=PATH={path}"),
        *words(argv, release),
    )


def words(argv: Argv, release: Release) -> tuple[str, ...]:
    """systemd reads `$` in what follows the first word; `%` means nothing to it here. Its own
    search for a program knows nothing of the release, so env(1) looks for one without a slash."""
    found = argv if "/" in argv[0] else ("/usr/bin/env", *argv)
    first, *rest = absolute(found, release.folder)
    return (first, *(word.replace("$", "$$") for word in rest))
