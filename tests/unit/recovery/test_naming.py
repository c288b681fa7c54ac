"""A name server takes our update, by its key alone, and the name leads to the new edges. The real
`named` (bind9) is asked, on a port of its own."""

import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from standfast.core.clock import SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import CommandFailed, ConfigError
from standfast.mechanisms.recovery.lose_site import naming
from standfast.mechanisms.recovery.lose_site.settings import DnsSettings, Way

ZONE = """$TTL 60
@ IN SOA ns hostmaster 1 3600 600 86400 60
@ IN NS ns
ns IN A 127.0.0.1
shop IN CNAME old
old IN A 192.0.2.1
"""
EDGES = ("203.0.113.11", "203.0.113.12")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def keyed(path: Path) -> Path:
    made = subprocess.run(
        ["tsig-keygen", "-a", "hmac-sha256", "standfast"], capture_output=True, check=True
    )
    path.write_bytes(made.stdout)
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[DnsSettings]:
    port, key = free_port(), keyed(tmp_path / "key")
    (tmp_path / "zone").write_text(ZONE)
    (tmp_path / "named.conf").write_text(
        f'include "{key}";\n'
        f'options {{ directory "{tmp_path}"; pid-file none; session-keyfile none;\n'
        f"  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n"
        "  recursion no; };\ncontrols { };\n"
        f'zone "example.com" {{ type primary; file "{tmp_path}/zone";\n'
        '  allow-update { key "standfast"; }; };\n'
    )
    words = ["named", "-g", "-c", str(tmp_path / "named.conf"), "-p", str(port)]
    with (tmp_path / "said").open("wb") as said:
        server = subprocess.Popen(words, stdout=said, stderr=said)
    given = DnsSettings(
        way=Way.UPDATE, server=f"127.0.0.1:{port}", zone="example.com", key_file=str(key)
    )
    try:
        clock = SystemClock()
        end = clock.monotonic() + 20
        while not found(given, "old.example.com"):
            assert clock.monotonic() < end, (tmp_path / "said").read_text()
            clock.sleep(0.1)
        yield given
    finally:
        server.terminate()
        server.wait()


def found(settings: DnsSettings, name: str, kind: str = "A") -> list[str]:
    host, _, port = str(settings.server).partition(":")
    asked = ["dig", f"@{host}", "-p", port, "+short", "+tries=1", "+time=1", name, kind]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    return sorted(said.stdout.split()) if said.returncode == 0 else []


def test_names_lead_to_the_new_edges_and_nowhere_else(settings: DnsSettings) -> None:
    names = ("shop.example.com", "old.example.com", "new.example.com")
    for command in naming.commands(settings, names, EDGES):
        SystemRunner().run(command)
    for name in names:
        assert found(settings, name) == sorted(EDGES)
    assert found(settings, "shop.example.com", "CNAME") == []


def test_without_its_key_nothing_is_begun(tmp_path: Path) -> None:
    settings = DnsSettings(
        way=Way.UPDATE, server="192.0.2.53", zone="example.com", key_file=str(tmp_path / "key")
    )
    with pytest.raises(ConfigError, match=r"dns\.key_file: .* is not there"):
        naming.must_be_possible(settings)
    naming.must_be_possible(settings, carried=True)
    keyed(tmp_path / "key")
    naming.must_be_possible(settings)
    naming.must_be_possible(DnsSettings())


def test_its_key_is_what_lies_in_the_file_that_is_named(tmp_path: Path) -> None:
    settings = DnsSettings(
        way=Way.UPDATE, server="192.0.2.53", zone="example.com", key_file=str(tmp_path / "key")
    )
    assert naming.key_in(settings) is None
    assert naming.key_in(None) is None
    key = keyed(tmp_path / "key").read_text()
    assert naming.key_in(settings) == key
    assert naming.key_in(DnsSettings(key_file=str(tmp_path / "key"))) is None, "nothing is updated"


def test_another_key_is_refused_and_changes_nothing(settings: DnsSettings, tmp_path: Path) -> None:
    other = settings.model_copy(update={"key_file": str(keyed(tmp_path / "other"))})
    (command,) = naming.commands(other, ("old.example.com",), EDGES)
    with pytest.raises(CommandFailed, match=r"BADSIG|NOTAUTH|REFUSED"):
        SystemRunner().run(replace(command, timeout_s=30))
    assert found(settings, "old.example.com") == ["192.0.2.1"]
