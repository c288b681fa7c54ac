"""A real HAProxy with the configuration of a real edge, on ports of 127.0.0.1."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from standfast.mechanisms.edge import errors
from standfast.mechanisms.edge.acme import LIVE, AcmeAsk
from standfast.mechanisms.edge.plan import ONCE_SOCKET, EdgeAsk, config
from standfast.mechanisms.edge.settings import EdgeSettings
from standfast.mechanisms.hosts.machine import Machine, Reach, Role

STARTS_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeHere:
    http: int
    https: int


def asking(acme: AcmeAsk | None = None) -> EdgeAsk:
    """Whoever looks from here is trusted, as the vantage of drills is: no look is a flood."""
    return EdgeAsk(
        health="/health",
        security_txt=False,
        trusted=("127.0.0.1",),
        slow=(),
        slow_limit_s=60,
        limits=EdgeSettings(),
        acme=acme,
    )


@contextmanager
def edge_here(
    pki: Path, folder: Path, ask: EdgeAsk, *, fault: str = "", live: Path | None = None
) -> Iterator[EdgeHere]:
    """`pki` is both folders of certificates of the machine, `live` where issued ones lie."""
    ports = EdgeHere(http=free_port(), https=free_port())
    machines = (everybody(Role.WEB), everybody(Role.MONITOR))
    text = config(everybody(Role.EDGE), machines, ask, (), fault=fault).decode()
    text = text.replace("127.0.0.1:443 ", f"127.0.0.1:{ports.https} ")
    text = text.replace("127.0.0.1:80\n", f"127.0.0.1:{ports.http}\n")
    text = text.replace(LIVE, str(live))
    text = re.sub("/etc/standfast/(public|identity)", str(pki), text)
    text = re.sub("    (stats socket|user|group) .*\n", "", text)
    text = text.replace(" user haproxy mode 600", "")
    text = text.replace(ONCE_SOCKET, str(folder / "once.sock"))
    text = text.replace(errors.MAP, str(folder / "errors.map"))
    (folder / "errors.map").write_bytes(errors.error_map())
    path = folder / "haproxy.cfg"
    path.write_text(text)
    process = subprocess.Popen(["haproxy", "-db", "-f", str(path)])
    try:
        wait_for(ports.https)
        yield ports
    finally:
        process.kill()
        process.wait()


def everybody(role: Role) -> Machine:
    here = IPv4Address("127.0.0.1")
    return Machine(
        name="one", address=here, public=here, roles=frozenset({role}), reach=Reach(host="one")
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise AssertionError(f"nobody listens at port {port}")
