"""A changed firewall is loaded so that it can come back, and only what was confirmed stays."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import CommandFailed, Refused
from standfast.mechanisms.hosts.bundle import Flow
from standfast.mechanisms.hosts.firewall import guard
from standfast.mechanisms.hosts.firewall.guard import Places
from standfast.mechanisms.hosts.firewall.plan import admits


@dataclass
class Kernel:
    """Holds tables by name; a file of rules is `NAME=RULES` words after our removals. `timer` is
    the file that systemd loads when its time has come."""

    tables: dict[str, str] = field(default_factory=dict)
    timer: Path | None = None

    def run(self, command: Command, *, check: bool = True) -> Result:
        program, *words = command.argv
        status, out = self._do(program, words)
        if check and status:
            raise CommandFailed("nft says no")
        return Result(status=status, stdout=out.encode(), stderr=b"")

    def _do(self, program: str, words: list[str]) -> tuple[int, str]:
        if program == "systemd-run":
            self.timer = Path(words[-1])
        elif program == "systemctl" and words[0] == "stop":
            self.timer = None
        elif program == "systemctl":
            return (0 if self.timer else 3), ""
        elif "list" in words:
            rules = self.tables.get(words[-1])
            return (0, f"{words[-1]}={rules}\n") if rules else (1, "")
        elif "--check" not in words:
            return self._load(Path(words[-1])), ""
        return 0, ""

    def _load(self, path: Path) -> int:
        text = path.read_text()
        if "syntax error" in text:
            return 1
        for line in text.splitlines():
            if line.startswith("delete table"):
                self.tables.pop(line.split()[-1], None)
            elif "=" in line:
                name, rules = line.split("=")
                self.tables[name] = rules
        return 0

    def ring(self) -> None:
        """A minute has passed."""
        if self.timer:
            self._load(self.timer)
            self.timer = None

    def boot(self, places: Places) -> None:
        """The kernel forgets; the unit loads what was confirmed."""
        self.tables, self.timer = {}, None
        if places.confirmed.exists():
            self._load(places.confirmed)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    want(found := Places(wanted=tmp_path / "wanted", folder=tmp_path / "firewall"), "new")
    return found


def want(places: Places, rules: str) -> None:
    places.wanted.write_text(f"delete table inet standfast\nstandfast={rules}\n")


def test_the_first_rules_go_again_when_nobody_confirms_them(places: Places) -> None:
    kernel = Kernel()
    guard.load(places, kernel)
    assert kernel.tables == {"standfast": "new"}
    kernel.ring()
    assert kernel.tables == {}


def test_confirmed_rules_stay_and_come_back_at_boot(places: Places) -> None:
    kernel = Kernel()
    guard.load(places, kernel)
    guard.confirm(places, kernel)
    kernel.ring()
    assert guard.is_settled(places, kernel)
    kernel.boot(places)
    assert kernel.tables == {"standfast": "new"}


def step_load(places: Places, kernel: Kernel) -> None:
    guard.load(places, kernel)


def step_ring(places: Places, kernel: Kernel) -> None:
    kernel.ring()


def step_boot(places: Places, kernel: Kernel) -> None:
    kernel.boot(places)


@pytest.mark.parametrize("steps", [(), (step_load,), (step_load, step_load)])
@pytest.mark.parametrize("end", [step_ring, step_boot])
def test_wherever_it_is_cut_off_the_rules_of_before_come_back(
    places: Places,
    steps: tuple[Callable[[Places, Kernel], None], ...],
    end: Callable[[Places, Kernel], None],
) -> None:
    kernel = Kernel()
    want(places, "old")
    guard.load(places, kernel)
    guard.confirm(places, kernel)
    want(places, "new")
    for step in steps:
        step(places, kernel)
    end(places, kernel)
    assert kernel.tables == {"standfast": "old"}
    assert not guard.is_settled(places, kernel)
    guard.load(places, kernel)
    guard.confirm(places, kernel)
    assert guard.is_settled(places, kernel)


def test_who_comes_too_late_confirms_nothing(places: Places) -> None:
    kernel = Kernel()
    guard.load(places, kernel)
    kernel.ring()
    with pytest.raises(Refused, match="not confirmed in time"):
        guard.confirm(places, kernel)
    assert not places.confirmed.exists()


def test_rules_that_somebody_flushed_are_loaded_again(places: Places) -> None:
    kernel = Kernel()
    guard.load(places, kernel)
    guard.confirm(places, kernel)
    kernel.tables.clear()
    assert not guard.is_settled(places, kernel)


def test_an_adopted_firewall_goes_with_the_load_and_comes_back_with_the_revert(
    places: Places,
) -> None:
    kernel = Kernel(tables={"theirs": "closed", "others": "open"})
    places.folder.mkdir()
    places.replaces.write_text(json.dumps([["inet", "theirs"]]))
    guard.load(places, kernel)
    assert kernel.tables == {"standfast": "new", "others": "open"}
    kernel.ring()
    assert kernel.tables == {"theirs": "closed", "others": "open"}


def test_rules_that_nft_refuses_change_nothing(places: Places) -> None:
    kernel = Kernel(tables={"others": "open"})
    places.wanted.write_text("syntax error")
    with pytest.raises(CommandFailed):
        guard.load(places, kernel)
    kernel.ring()
    assert kernel.tables == {"others": "open"}


SSH = Flow(port=2222, sources=("10.0.0.0/24",), why="operators")
WEB = Flow(port=443, sources=(), why="customers")


@pytest.mark.parametrize(
    ("source", "port", "let_in"),
    [
        ("10.0.0.9", 2222, True),
        ("10.0.0.9", 22, False),
        ("10.0.1.9", 2222, False),
        ("2001:db8::9", 2222, False),
        ("192.0.2.1", 443, True),
        ("2001:db8::9", 443, True),
        ("127.0.0.1", 22, True),
    ],
)
def test_whom_the_planned_rules_let_in(source: str, port: int, let_in: bool) -> None:
    assert admits((SSH, WEB), ip_address(source), port) is let_in
