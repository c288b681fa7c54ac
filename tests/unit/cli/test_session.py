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


def in_place(place: Path, home: Path) -> Session:
    return Session(
        place=Place(sealed=place / "secrets.age", listed=place / "operators"),
        home=home,
        unsealed=Unsealed(home / "memory" / "site" / "unsealed"),
        runner=SystemRunner(),
        environment={"XDG_CONFIG_HOME": str(home / "anna"), "USER": "anna"},
    )


def used(session: Session) -> dict[str, str]:
    vault = session.begin()
    vault.ensure("password", lambda: "drawn")
    session.save()
    session.leave()
    return dict(vault.contents.kept)


def test_the_secrets_of_a_site_without_a_file_move_to_the_file_that_is_written_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, folder = tmp_path / "home", tmp_path / "folder"
    before = used(in_place(home, home))
    assert used(in_place(folder, home)) == before
    assert str(folder / "secrets.age") in capsys.readouterr().err
    assert not (home / "secrets.age").exists()
    assert not (home / "operators").exists()
    assert "anna" in (folder / "operators").read_text()


def test_secrets_beside_another_file_are_named_and_none_are_drawn(tmp_path: Path) -> None:
    home, right, wrong = (tmp_path / name for name in ("home", "right", "wrong"))
    used(in_place(right, home))
    for session in (in_place(wrong, home), in_place(home, home)):
        with pytest.raises(StandfastError, match=str(right)):
            session.begin()
        with pytest.raises(StandfastError, match=str(right)):
            _ = session.vault
    assert not wrong.exists()
    (right / "secrets.age").unlink()
    used(in_place(wrong, home))
    assert (wrong / "secrets.age").is_file()
