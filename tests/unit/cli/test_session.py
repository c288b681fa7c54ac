"""One command's use of the secrets: opened once, and by what a killed one left if nothing else."""

import subprocess
from pathlib import Path

import pytest

from standfast.cli.session import Session
from standfast.core.command import Command, Result, SystemRunner
from standfast.core.errors import StandfastError
from standfast.mechanisms.keys.unsealed import Unsealed
from standfast.mechanisms.keys.vault import Place


class Counting:
    def __init__(self) -> None:
        self.opened = 0

    def run(self, command: Command, *, check: bool = True) -> Result:
        self.opened += "--decrypt" in command.argv
        return SystemRunner().run(command, check=check)


def session(folder: Path, runner: Counting, *, person: str = "anna") -> Session:
    return Session(
        place=Place(sealed=folder / "secrets.age", listed=folder / "operators"),
        home=folder / "home",
        unsealed=Unsealed(folder / "memory" / "site" / "unsealed"),
        runner=runner,
        environment={"XDG_CONFIG_HOME": str(folder / person), "USER": person},
    )


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    first = session(tmp_path, Counting())
    first.begin().put("files/operator.key", "key")
    first.save()
    first.leave()
    return tmp_path


def test_the_file_is_opened_once_however_often_it_is_asked_for(begun: Path) -> None:
    runner = Counting()
    command = session(begun, runner)
    for _ in range(3):
        command.files()
        assert command.vault.get("files/operator.key") == "key"
    assert runner.opened == 1
    assert (command.unsealed.folder / "operator.key").read_text() == "key"
    command.leave()
    assert not command.unsealed.folder.exists()


def test_what_a_killed_command_left_serves_where_nobody_can_open_the_file(begun: Path) -> None:
    killed = session(begun, Counting())
    killed.files()
    other = session(begun, Counting(), person="nobody")
    key = begun / "nobody" / "standfast" / "identity"
    key.parent.mkdir(parents=True)
    subprocess.run(("age-keygen", "-o", str(key)), check=True, capture_output=True)
    other.files()
    assert (other.unsealed.folder / "operator.key").read_text() == "key"
    with pytest.raises(StandfastError, match="none of your keys"):
        _ = other.vault
    killed.leave()
    assert other.unsealed.left_over
    other.leave()
    assert not other.unsealed.left_over
    with pytest.raises(StandfastError, match="none of your keys"):
        other.files()


def test_a_site_that_was_never_brought_up_says_so(tmp_path: Path) -> None:
    with pytest.raises(StandfastError, match="is not there") as missing:
        session(tmp_path, Counting()).files()
    assert missing.value.remedy == "Run `standfast up` first."
