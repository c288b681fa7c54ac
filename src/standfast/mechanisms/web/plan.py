"""A web machine: the service's own command under its own user, behind mutual TLS."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from standfast.core.templates import render
from standfast.mechanisms.hosts.agent.faults import Fault
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Reader, Unit, User
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import (
    FAULTS,
    IDENTITY_FILES,
    SERVICE_HOME,
    SERVICE_USER,
    WEB_PORT,
)
from standfast.mechanisms.web.settings import ServiceSettings

USER = SERVICE_USER
UNIT = "service-web.service"
PROXY = "standfast-web-proxy.service"
ENVIRONMENT = "/etc/standfast/service.env"
RELEASES = f"{SERVICE_HOME}/releases"
OPEN_DOOR = Fault(name="open-door", unit=PROXY, environment={"CONFIG": f"{FAULTS}/open-door.cfg"})
PORT = 8000
LISTEN = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What `install` made of the service's source, known by its digest."""

    digest: str

    @property
    def folder(self) -> str:
        return f"{RELEASES}/{self.digest}"


def environment(
    settings: ServiceSettings, *, database_url: str, secret: str, hosts: tuple[str, ...]
) -> Mapping[str, str]:
    """What every command of the service is given, beside what the operator wants."""
    return {
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
) -> Contribution:
    edges = having(machines, Role.EDGE)
    lines = "".join(f"{name}={quoted(value)}\n" for name, value in sorted(variables.items()))
    model: dict[str, Any] = {
        "settings": settings,
        "release": release,
        "machine": machine,
        "port": PORT,
    }
    return Contribution(
        files=(
            File(path=ENVIRONMENT, content=lines.encode(), mode=0o600, restarts=(UNIT,)),
            File(
                path=f"/etc/systemd/system/{UNIT}",
                content=render(__package__, "service-web.service", **model).encode(),
                restarts=(UNIT,),
            ),
            File(
                path="/etc/standfast/web-proxy.cfg",
                content=proxy(machine, edges, open=False),
                reloads=(PROXY,),
            ),
            File(path=OPEN_DOOR.environment["CONFIG"], content=proxy(machine, edges, open=True)),
            File(path=f"{FAULTS}/{OPEN_DOOR.name}.json", content=OPEN_DOOR.declaration()),
            File(
                path=f"/etc/systemd/system/{PROXY}",
                content=render(__package__, "standfast-web-proxy.service").encode(),
                restarts=(PROXY,),
            ),
        ),
        units=(Unit(name=PROXY), Unit(name=UNIT, held=True)),
        users=(User(name=USER, home=SERVICE_HOME),),
        flows=(Flow(port=WEB_PORT, sources=tuple(str(e.address) for e in edges), why="edges"),),
        packages=("curl", "haproxy"),
        readers=tuple(Reader(path=path, unit=PROXY) for path in IDENTITY_FILES),
    )


def proxy(machine: Machine, edges: tuple[Machine, ...], *, open: bool) -> bytes:
    """`open`: the planted fault. It asks nobody for a certificate."""
    return render(
        __package__,
        "web-proxy.cfg",
        machine=machine,
        edges=edges,
        port=PORT,
        listen=LISTEN,
        web_port=WEB_PORT,
        open=open,
    ).encode()


def quoted(value: str) -> str:
    """For systemd's EnvironmentFile (systemd.exec(5)): double quotes, escapes for those inside."""
    escaped = (
        value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
    )
    return f'"{escaped}"'
