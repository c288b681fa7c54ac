"""No unit is settled, and no bundle counts as applied, before its firewall is confirmed."""

import os
import pwd
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.mechanisms.hosts import apply
from standfast.mechanisms.hosts.bundle import Contribution, File, Unit, merge
from standfast.mechanisms.hosts.firewall import guard
from standfast.mechanisms.hosts.firewall.guard import Places

UNIT = "service-web.service"


@dataclass
class Machine:
    """Runs no unit, and has whatever rules were loaded last."""

    verbs: list[str] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        program, verb, *_ = command.argv
        if program == "systemctl":
            self.verbs.append(verb)
        inactive = verb == "is-active" and UNIT in command.argv
        return Result(status=3 if inactive else 0, stdout=b"the rules", stderr=b"")


def test_units_wait_for_the_confirmation_and_so_does_the_note_of_what_was_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PENDING", "INSTALLED", "UNITS", "APPLIED", "PACKAGES"):
        monkeypatch.setattr(apply, name, tmp_path / "state" / name)
    monkeypatch.setattr(apply, "STATE", tmp_path / "state")
    places = Places(wanted=tmp_path / "wanted.nft", folder=tmp_path / "firewall")
    monkeypatch.setattr(guard, "Places", lambda: places)
    (tmp_path / "state").mkdir()
    me = pwd.getpwuid(os.geteuid()).pw_name
    rules = File(path=str(places.wanted), content=b"the rules", owner=me, group=me)
    bundle = merge("web-1", [Contribution(files=(rules,), units=(Unit(name=UNIT, held=True),))])
    machine = Machine()

    first = apply.apply(bundle, machine, turn=(UNIT,))
    assert first.unconfirmed
    assert "start" not in machine.verbs
    assert not apply.APPLIED.exists()

    guard.confirm(places, machine)
    second = apply.apply(bundle, machine, turn=(UNIT,))
    assert not second.unconfirmed
    assert second.started == [UNIT]
    assert apply.APPLIED.read_text() == bundle.digest
