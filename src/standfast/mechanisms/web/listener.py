"""The local listener: a port of the web machine's loopback that always leads to the primary.

The service needs to know one address and no driver's tricks. Which machine is primary, each
machine's Patroni says.
"""

from urllib.parse import quote, urlencode

from standfast.core.templates import render
from standfast.mechanisms.hosts.bundle import Contribution, File, Folder, Reader, Unit
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import (
    AUTHORITY,
    DATABASE_PORT,
    IDENTITY,
    IDENTITY_FILES,
    LISTENER_PORT,
    PATRONI_PORT,
    PRIMARY,
    SERVICE_IDENTITY,
    SERVICE_USER,
)

UNIT = "standfast-listener.service"
CONFIG = "/etc/standfast/listener.cfg"


def plan(machines: tuple[Machine, ...], *, certificate: bytes) -> Contribution:
    """`certificate`: what the service shows the database."""
    config = render(
        __package__,
        "listener.cfg",
        databases=having(machines, Role.DATABASE),
        identity=IDENTITY,
        listener_port=LISTENER_PORT,
        patroni_port=PATRONI_PORT,
        database_port=DATABASE_PORT,
    )
    return Contribution(
        files=(
            File(path=CONFIG, content=config.encode(), reloads=(UNIT,)),
            File(
                path=f"/etc/systemd/system/{UNIT}",
                content=render(__package__, UNIT).encode(),
                restarts=(UNIT,),
            ),
            File(path=f"{SERVICE_IDENTITY}/cert.pem", content=certificate),
        ),
        units=(Unit(name=UNIT, in_turn=True),),
        folders=(Folder(path=SERVICE_IDENTITY, mode=0o750, group=SERVICE_USER),),
        packages=("haproxy",),
        readers=tuple(Reader(path=path, unit=UNIT) for path in IDENTITY_FILES),
    )


def url(name: str, password: str) -> str:
    """DATABASE_URL: libpq's words (PostgreSQL, "Connection URIs")."""
    said = {
        "sslmode": "verify-full",
        "sslrootcert": AUTHORITY,
        "sslcert": f"{SERVICE_IDENTITY}/cert.pem",
        "sslkey": f"{SERVICE_IDENTITY}/key.pem",
    }
    where = f"{PRIMARY}:{LISTENER_PORT}/{name}?{urlencode(said, safe='/')}"
    return f"postgresql://{name}:{quote(password, safe='')}@{where}"
