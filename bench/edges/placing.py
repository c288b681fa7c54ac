"""Put a rendered edge on the loopback: only places and users are changed in its text."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from standfast.mechanisms.edge import errors
from standfast.mechanisms.edge.plan import ONCE_SOCKET
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.hosts.names import IDENTITY, PAGES_PORT, PUBLIC_IDENTITY, WEB_PORT
from standfast.mechanisms.keys.authority import Subject, make, private_pem

LOOPBACK = IPv4Address("127.0.0.1")
ADMIN_SOCKET = "/run/haproxy/admin.sock"

ELSEWHERE = "https://copy.example/trust/index.html"
"""Where the trust page can be read while no monitor answers."""


def certificates(folder: Path, names: Sequence[str]) -> None:
    """`ca.pem`, and for each name `NAME.pem` with `NAME.pem.key`, as `up` makes them. One key for
    all, which is enough to be told apart by name."""
    now, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
    authority = make("loopback", now)
    request = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, hashes.SHA256())
    (folder / "ca.pem").write_bytes(authority.pem)
    for name in names:
        pem = authority.issue(request.public_bytes(Encoding.PEM), Subject(name=name), now=now)
        (folder / f"{name}.pem").write_bytes(pem)
        (folder / f"{name}.pem.key").write_bytes(private_pem(key))


def machine(name: str, role: Role) -> Machine:
    public = LOOPBACK if role is Role.EDGE else None
    reach = Reach(host=str(LOOPBACK))
    return Machine(name=name, roles=frozenset({role}), address=LOOPBACK, public=public, reach=reach)


def placed(
    text: str, *, identity: Path, folder: Path, ports: Mapping[str, int], plain: int, secure: int
) -> str:
    """`identity`: where `certificates` put them; `folder`: where sockets and the map of errors go.
    `ports`: of web servers and monitors by name. `plain` and `secure`: descriptors of sockets that
    are open already, which HAProxy inherits."""
    for name in ("user haproxy", "group haproxy"):
        text = replaced(text, f"    {name}\n", "")
    text = replaced(text, " user haproxy mode 600", "")
    text = replaced(text, " group haproxy mode 660", "")
    text = replaced(text, f"bind {LOOPBACK}:80\n", f"bind fd@{plain}\n")
    text = replaced(text, f"bind {LOOPBACK}:443 ", f"bind fd@{secure} ")
    for place, mine in (
        (f"{IDENTITY}/cert.pem", identity / "edge-1.pem"),
        (f"{IDENTITY}/ca.pem", identity / "ca.pem"),
        (f"{PUBLIC_IDENTITY}/cert.pem", identity / "edge-1.pem"),
        (ADMIN_SOCKET, folder / "admin.sock"),
        (ONCE_SOCKET, folder / "once.sock"),
        (errors.MAP, folder / "errors.map"),
    ):
        text = replaced(text, place, str(mine))
    (folder / "errors.map").write_bytes(errors.error_map(ELSEWHERE))
    for name, own_port in ports.items():
        port = PAGES_PORT if name.startswith("monitor") else WEB_PORT
        was = rf"server {name} {re.escape(str(LOOPBACK))}:{port}\b"
        text, count = re.subn(was, f"server {name} {LOOPBACK}:{own_port}", text)
        if not count:
            raise ValueError(f"nothing leads to {name}")
    return text


def replaced(text: str, old: str, new: str) -> str:
    if old not in text:
        raise ValueError(f"the edge no longer says {old!r}")
    return text.replace(old, new)
