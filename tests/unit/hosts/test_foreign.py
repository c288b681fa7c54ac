"""What of somebody's is in the way: read from what a machine's own programs say."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from standfast.core.command import Command, Result
from standfast.mechanisms.hosts import foreign
from standfast.mechanisms.hosts.bundle import File
from standfast.mechanisms.hosts.foreign import Found

SS = """\
LISTEN 0 128          0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=31,fd=3))
LISTEN 0 511                *:443 *:* users:(("nginx",pid=52,fd=6),("nginx",pid=51,fd=6))
LISTEN 0 244            [::1]:5432         [::]:*
"""


@dataclass
class Systemd:
    active: set[str] = field(default_factory=set)

    def run(self, command: Command, *, check: bool = True) -> Result:
        return Result(status=0 if command.argv[-1] in self.active else 3, stdout=b"", stderr=b"")


def ruleset(*entries: dict[str, Any]) -> str:
    return json.dumps({"nftables": [{"metainfo": {"version": "1.0.6"}}, *entries]})


def chain(table: str, **more: str) -> dict[str, Any]:
    return {"chain": {"family": "inet", "table": table, "name": "input", **more}}


def rule(table: str) -> dict[str, Any]:
    return {"rule": {"family": "inet", "table": table, "chain": "input", "expr": []}}


HOOKED = {"hook": "input", "type": "filter", "policy": "accept"}


def test_listeners_are_read_with_port_and_program() -> None:
    found = [(each.port, each.program, each.process) for each in foreign.parse_listeners(SS)]
    assert found == [(22, "sshd", 31), (443, "nginx", 52), (5432, "a program", 0)]


def test_a_process_belongs_to_the_innermost_service() -> None:
    assert foreign.parse_cgroup("0::/system.slice/nginx.service\n") == "nginx.service"
    nested = "0::/system.slice/system-postgresql.slice/postgresql@15-main.service/x\n"
    assert foreign.parse_cgroup(nested) == "postgresql@15-main.service"
    assert foreign.parse_cgroup("0::/user.slice/user-0.slice/session-3.scope\n") == ""


def test_a_table_that_decides_what_comes_in_is_somebodys_firewall() -> None:
    found = foreign.filters(ruleset(chain("theirs", **HOOKED), rule("theirs")))
    assert found == [("inet", "theirs")]
    assert foreign.filters(ruleset(chain("shut", **HOOKED | {"policy": "drop"}))) == [
        ("inet", "shut")
    ]


def test_empty_tables_other_hooks_and_our_own_are_not() -> None:
    assert foreign.filters("") == []
    assert foreign.filters(ruleset(chain("filter", **HOOKED))) == []
    assert foreign.filters(ruleset(chain("nat", **HOOKED | {"type": "nat"}), rule("nat"))) == []
    assert foreign.filters(ruleset(chain("standfast", **HOOKED), rule("standfast"))) == []


def test_a_file_that_a_person_wrote_is_found_and_a_packages_own_is_not(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_text("as it came")
    wanted = (File(path=str(path), content=b"ours"),)
    came = {str(path): hashlib.md5(b"as it came", usedforsecurity=False).hexdigest()}
    assert list(foreign.files(wanted, set(), came)) == []
    path.write_text("a person's")
    (found,) = foreign.files(wanted, set(), came)
    assert found == Found(what=f"{path} is somebody's own", file=str(path))
    assert list(foreign.files(wanted, {str(path)}, came)) == []
    path.write_text("# by the person who made this machine\n\nours\n")
    assert list(foreign.files(wanted, set(), came)) == []


def test_a_cluster_that_runs_or_would_start_is_found(tmp_path: Path) -> None:
    for name in ("main", "idle", "asleep"):
        folder = tmp_path / "15" / name
        folder.mkdir(parents=True)
        (folder / "postgresql.conf").write_text("")
        (folder / "start.conf").write_text("auto\n" if name == "main" else "manual\n")
    running = Systemd(active={"postgresql@15-idle.service"})
    assert [each.unit for each in foreign.clusters(tmp_path, running)] == [
        "postgresql@15-idle.service",
        "postgresql@15-main.service",
    ]


def test_conffiles_are_read_with_their_digests() -> None:
    said = "\n /etc/haproxy/haproxy.cfg 0a1b\n /etc/old newconffile obsolete\n\n"
    assert foreign.parse_conffiles(said) == {"/etc/haproxy/haproxy.cfg": "0a1b"}


def test_what_nobody_can_put_back_cannot_be_adopted() -> None:
    assert not Found(what="rules of the legacy iptables are loaded").is_adoptable
    assert Found(what="nginx", unit="nginx.service").is_adoptable
