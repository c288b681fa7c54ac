"""What somebody had is noted before it is touched, kept aside, and put back by `destroy`."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.mechanisms.hosts import adopt
from standfast.mechanisms.hosts.adopt import Aside
from standfast.mechanisms.hosts.foreign import Found
from standfast.mechanisms.hosts.hosts_file import merged

DAY = "2026-11-25"


@dataclass
class Machine:
    """Everything succeeds; only nftables.service is enabled."""

    asked: list[str] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        words = " ".join(command.argv)
        self.asked.append(words)
        disabled = "is-enabled" in words and "nftables" not in words
        rules = b"table inet theirs {\n}\n" if "list table inet theirs" in words else b""
        return Result(status=int(disabled), stdout=rules, stderr=b"")


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adopt, "ASIDE", tmp_path / "aside")
    monkeypatch.setattr(adopt, "NOTE", tmp_path / "aside" / "note.json")


def theirs(tmp_path: Path, content: str = "theirs\n") -> Found:
    path = tmp_path / "etc" / "haproxy.cfg"
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return Found(what="haproxy.cfg is somebody's own", file=str(path))


def test_a_file_comes_back_as_it_was(tmp_path: Path) -> None:
    found = theirs(tmp_path)
    machine = Machine()
    adopt.adopt([found], DAY, machine)
    Path(found.file).write_text("ours")
    assert adopt.put_back(machine) == [found.file]
    assert Path(found.file).read_text() == "theirs\n"


def test_adopting_twice_keeps_the_first_copy(tmp_path: Path) -> None:
    found = theirs(tmp_path)
    adopt.adopt([found], DAY, Machine())
    Path(found.file).write_text("ours")
    adopt.adopt([found], "2026-11-26", Machine())
    assert Path(Aside.read().files[found.file]).read_text() == "theirs\n"


def test_our_own_block_is_no_part_of_what_was_theirs(tmp_path: Path) -> None:
    found = theirs(tmp_path, merged("192.0.2.1 printer\n", "10.0.0.1 web-1\n"))
    adopt.adopt([found], DAY, Machine())
    copy = Path(Aside.read().files[found.file]).read_text()
    assert "192.0.2.1 printer" in copy
    assert "web-1" not in copy


def test_a_unit_is_noted_before_it_is_stopped_and_started_again() -> None:
    machine = Machine()
    adopt.adopt([Found(what="nginx listens on port 443", unit="nginx.service")], DAY, machine)
    assert machine.asked == ["systemctl disable nginx.service", "systemctl stop nginx.service"]
    assert Aside.read().units == ["nginx.service"]
    adopt.put_back(machine)
    assert machine.asked[-2:] == [
        "systemctl enable nginx.service",
        "systemctl start nginx.service",
    ]


def test_what_cannot_be_put_back_is_not_taken() -> None:
    machine = Machine()
    assert adopt.adopt([Found(what="rules of the legacy iptables")], DAY, machine) == []
    assert machine.asked == []


def test_nothing_to_put_back_is_no_fault() -> None:
    assert adopt.put_back(Machine()) == []


def test_a_cluster_does_not_start_at_boot_until_it_is_put_back(tmp_path: Path) -> None:
    start = tmp_path / "start.conf"
    start.write_text("auto\n")
    machine = Machine()
    found = Found(what="a cluster", unit="pg.service", file=str(start), instead="manual\n")
    adopt.adopt([found], DAY, machine)
    assert start.read_text() == "manual\n"
    adopt.put_back(machine)
    assert start.read_text() == "auto\n"
