"""HAProxy reads every configuration that we write for it, without a warning."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from standfast.core.command import SystemRunner
from standfast.mechanisms.edge import errors
from standfast.mechanisms.edge.acme import LIVE
from standfast.mechanisms.edge.plan import FAULTY
from standfast.mechanisms.hosts.names import BROUGHT, IDENTITY, PUBLIC_IDENTITY
from standfast.mechanisms.keys.authority import Subject, make, private_pem
from standfast.mechanisms.keys.identity import CERTIFICATES, request
from standfast.mechanisms.web import drain

from .refusal import changed, golden_files, refusal

CONFIGURATIONS = golden_files("haproxy/haproxy.cfg") | golden_files("standfast/**/*.cfg")
EDGE = "eleven-machines/edge-1: /etc/haproxy/haproxy.cfg"
BROUGHT_THERE = "all-in-one/one: /etc/haproxy/haproxy.cfg"
LISTENER = "eleven-machines/web-1: /etc/standfast/listener.cfg"
WEB = "eleven-machines/web-1: /etc/standfast/web-proxy.cfg"


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine's folder of certificates, made as `up` makes it: HAProxy loads them."""
    folder, now = tmp_path_factory.mktemp("identity"), datetime.now(UTC)
    authority = make("golden", now)
    (folder / "ca.pem").write_bytes(authority.pem)
    key = folder / "cert.pem.key"
    key.write_bytes(private_pem(ec.generate_private_key(ec.SECP256R1())))
    asked = request(key, SystemRunner()).encode()
    pem = authority.issue(asked, Subject(name="edge-1"), now=now)
    for name in CERTIFICATES:
        (folder / name).write_bytes(pem)
    (folder / "ending.pem.key").symlink_to("cert.pem.key")
    return folder


def refused(text: str, identity: Path, folder: Path) -> str:
    for place in (IDENTITY, PUBLIC_IDENTITY):
        text = text.replace(place, str(identity))
    (folder / "web-proxy.map").write_text("drain off\n")
    text = text.replace(BROUGHT, str(brought(identity, folder)))
    (folder / "live").mkdir()
    text = text.replace(LIVE, str(folder / "live"))
    text = text.replace(drain.FLAG, str(folder / "web-proxy.map"))
    (folder / "errors.map").write_bytes(errors.error_map())
    text = text.replace(errors.MAP, str(folder / "errors.map"))
    path = folder / "haproxy.cfg"
    path.write_text(text)
    return refusal("haproxy", "-c", "-dW", "-f", str(path))


def brought(identity: Path, folder: Path) -> Path:
    """The golden list of names, with a certificate and a key that HAProxy can read."""
    place = folder / "certificates"
    place.mkdir()
    pair = (identity / "cert.pem").read_bytes() + (identity / "cert.pem.key").read_bytes()
    (listed,) = golden_files("standfast/certificates/names").values()
    lines = [line.split() for line in listed.read_text().splitlines()]
    for path, *_ in lines:
        (place / Path(path).name).write_bytes(pair)
    (place / "names").write_text(listed.read_text().replace(BROUGHT, str(place)))
    return place


WEB_FILES = ("web-proxy.cfg", "listener.cfg")


def test_every_edge_has_its_faulty_twins_and_every_web_machine_its_two() -> None:
    names = [name.split("/")[-1] for name in CONFIGURATIONS]
    of_edges = ("haproxy.cfg", *(f"{fault}.cfg" for fault in FAULTY))
    assert [names.count(each) for each in of_edges] == [3, 3, 3, 3]
    assert [names.count(each) for each in WEB_FILES] == [4, 4]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_haproxy_accepts_it_without_a_warning(name: str, identity: Path, tmp_path: Path) -> None:
    assert not refused(CONFIGURATIONS[name].read_text(), identity, tmp_path)


@pytest.mark.parametrize(
    ("name", "good", "mistake", "said"),
    [
        (EDGE, "timeout connect", "timeout conect", "timeout"),
        (EDGE, "    timeout client 30s\n", "", "missing timeouts"),
        (EDGE, "default_backend web", "default_backend webs", "unable to find"),
        (EDGE, "cert.pem alpn", "gone.pem alpn", "gone.pem"),
        (BROUGHT_THERE, "certificates/names", "certificates/nobody", "nobody"),
        (LISTENER, "option httpchk", "option httpcheck", "unknown option"),
        (WEB, "ca-file /etc/standfast/identity/ca.pem", "ca-file /dev/null", "/dev/null"),
    ],
)
def test_haproxy_refuses_a_planted_mistake(
    name: str, good: str, mistake: str, said: str, identity: Path, tmp_path: Path
) -> None:
    text = changed(CONFIGURATIONS[name], good, mistake)
    assert said in refused(text, identity, tmp_path)
