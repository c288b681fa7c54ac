"""A web machine: the service's own command under its own user, behind mutual TLS."""

from collections.abc import Mapping
from types import MappingProxyType

from standfast.core.templates import render
from standfast.mechanisms.hosts.agent.faults import Fault
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Reader, Unit, User
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import (
    FAULTS,
    IDENTITY_FILES,
    SERVICE_HOME,
    WEB_PORT,
)
from standfast.mechanisms.web import drain, units
from standfast.mechanisms.web.release import Release
from standfast.mechanisms.web.settings import ServiceSettings
from standfast.mechanisms.web.units import ENVIRONMENT, PROXY, USER

OPEN_DOOR = Fault(name="open-door", unit=PROXY, environment={"CONFIG": f"{FAULTS}/open-door.cfg"})
SLOW = Fault(name="slow-web", unit=PROXY, environment={"CONFIG": f"{FAULTS}/slow-web.cfg"})
"""Not a fault of a calibration, but what the drill `slow-web` does."""

DELAY_MS = 500
PORT = 8000
LISTEN = "127.0.0.1"

CLIENTS: Mapping[int, str] = MappingProxyType(
    {12: "postgresql-client-15", 13: "postgresql-client-17"}
)
"""Debian's release to the package that brings `psql`, which jobs and operators use."""


def environment(
    settings: ServiceSettings,
    *,
    database_url: str,
    secret: str,
    secret_before: str = "",
    hosts: tuple[str, ...],
) -> Mapping[str, str]:
    """What every command of the service is given, beside what the operator wants."""
    before = {"SERVICE_SECRET_BEFORE": secret_before} if secret_before else {}
    return {
        **before,
        **settings.environment,
        "ADDRESS": LISTEN,
        "PORT": str(PORT),
        "DATABASE_URL": database_url,
        "SERVICE_SECRET": secret,
        "SERVICE_HOSTS": ",".join(hosts),
    }


def plan(
    machine: Machine,
    machines: tuple[Machine, ...],
    settings: ServiceSettings,
    *,
    release: Release,
    variables: Mapping[str, str],
    source: str,
    debian: int,
) -> Contribution:
    """`source` is the folder of our own source on the machine."""
    edges = having(machines, Role.EDGE)
    lines = "".join(f"{name}={quoted(value)}\n" for name, value in sorted(variables.items()))
    return Contribution(
        files=(
            File(
                path=ENVIRONMENT,
                content=lines.encode(),
                mode=0o600,
                restarts=units.readers_of_environment(release),
            ),
            *units.files(settings.name, release, source=source),
            File(path=drain.FLAG, content=b"drain off\n"),
            File(
                path="/etc/standfast/web-proxy.cfg",
                content=proxy(machine, edges, settings, open=False),
                reloads=(PROXY,),
            ),
            File(
                path=OPEN_DOOR.environment["CONFIG"],
                content=proxy(machine, edges, settings, open=True),
            ),
            File(path=f"{FAULTS}/{OPEN_DOOR.name}.json", content=OPEN_DOOR.declaration()),
            File(
                path=SLOW.environment["CONFIG"],
                content=proxy(machine, edges, settings, open=False, delay_ms=DELAY_MS),
            ),
            File(path=f"{FAULTS}/{SLOW.name}.json", content=SLOW.declaration()),
            File(
                path=f"/etc/systemd/system/{PROXY}",
                content=render(__package__, "standfast-web-proxy.service").encode(),
                restarts=(PROXY,),
            ),
        ),
        units=(Unit(name=PROXY, in_turn=True), *units.units(release)),
        users=(User(name=USER, home=SERVICE_HOME),),
        flows=(Flow(port=WEB_PORT, sources=tuple(str(e.address) for e in edges), why="edges"),),
        packages=("curl", "haproxy", CLIENTS[debian]),
        readers=tuple(Reader(path=path, unit=PROXY) for path in IDENTITY_FILES),
    )


EDGE_DECIDES_S = 60
"""The proxy waits longer than an edge does, whose limits are what customers meet."""


def proxy(
    machine: Machine,
    edges: tuple[Machine, ...],
    settings: ServiceSettings,
    *,
    open: bool,
    delay_ms: int = 0,
) -> bytes:
    """`open`: the planted fault. It asks nobody for a certificate. `delay_ms`: how long it holds
    each request."""
    return render(
        __package__,
        "web-proxy.cfg",
        machine=machine,
        edges=edges,
        port=PORT,
        listen=LISTEN,
        patience_s=EDGE_DECIDES_S + (settings.slow_limit_s if settings.slow else 0),
        web_port=WEB_PORT,
        open=open,
        delay_ms=delay_ms,
        flag=drain.FLAG,
    ).encode()


def quoted(value: str) -> str:
    """For systemd's EnvironmentFile (systemd.exec(5)): double quotes, escapes for those inside."""
    escaped = (
        value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
    )
    return f'"{escaped}"'
