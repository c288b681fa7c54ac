"""Two people and a job share a site folder by their own keys; no site has to be up for it."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from standfast.cli import standfast
from standfast.core.errors import ConfigError, Refused

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="sites are root's")


class Desk:
    """One person's way of working on a shared folder."""

    def __init__(self, folder: Path, shared: Path) -> None:
        self.folder = folder
        self.shared = shared
        folder.mkdir()

    @property
    def environment(self) -> dict[str, str | None]:
        return {
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "HOME": str(self.folder),
            "USER": self.folder.name,
            "SUDO_USER": None,
            "STANDFAST_IDENTITY": None,
            "STANDFAST_STATE": str(self.folder / "state"),
            "STANDFAST_RUN": str(self.folder / "run"),
        }

    def says(
        self, *words: str, stdin: str | None = None, named: bool = True, **more: str
    ) -> Result:
        """`named`: with the site's file as --file."""
        file = ("--file", str(self.shared / "standfast.toml")) if named else ()
        done = CliRunner().invoke(
            standfast,
            [*file, *words],
            input=stdin,
            env={**self.environment, **more},
            standalone_mode=False,
        )
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    def names(self, **more: str) -> list[str]:
        document = json.loads(self.says("operator", "list", "--json", **more).stdout)
        return [each["name"] for each in document["operators"]]


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    name = f"t{os.getpid()}"
    (folder / "standfast.toml").write_text(f'name = "{name}"\n')
    return folder


@pytest.fixture
def anna(tmp_path: Path, shared: Path) -> Desk:
    return Desk(tmp_path / "anna", shared)


@pytest.fixture
def ben(tmp_path: Path, shared: Path) -> Desk:
    desk = Desk(tmp_path / "ben", shared)
    (desk.folder / ".ssh").mkdir()
    key = str(desk.folder / ".ssh" / "id_ed25519")
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key), check=True)
    return desk


def public(desk: Desk) -> str:
    return str(desk.folder / ".ssh" / "id_ed25519.pub")


def test_whoever_is_added_works_with_his_own_key_until_he_is_removed(anna: Desk, ben: Desk) -> None:
    anna.says("operator", "add", "ben", public(ben))
    assert anna.names() == ben.names() == ["anna", "ben"]
    ben.says("operator", "remove", "anna")
    assert ben.names() == ["ben"]
    with pytest.raises(Refused, match=r"none of your keys opens it .*sealed to: ben"):
        anna.names()


def test_a_job_has_its_key_in_the_environment(anna: Desk, tmp_path: Path) -> None:
    key = tmp_path / "job"
    subprocess.run(("age-keygen", "-o", str(key)), check=True, capture_output=True)
    shown = subprocess.run(("age-keygen", "-y", str(key)), check=True, capture_output=True)
    anna.says("operator", "add", "ci", shown.stdout.decode().strip())
    job = Desk(tmp_path / "ci", anna.shared)
    assert job.names(STANDFAST_IDENTITY=key.read_text()) == ["anna", "ci"]


def test_the_last_operator_stays(anna: Desk) -> None:
    anna.says("operator", "add", "anna2", made(anna.folder / "second"))
    anna.says("operator", "remove", "anna2")
    with pytest.raises(Refused, match="the only one who can open"):
        anna.says("operator", "remove", "anna")


def test_a_name_that_nobody_has_and_a_key_that_somebody_has_are_refused(anna: Desk) -> None:
    key = made(anna.folder / "second")
    anna.says("operator", "add", "carl", key)
    with pytest.raises(ConfigError, match="no operator is called dora"):
        anna.says("operator", "remove", "dora")
    with pytest.raises(Refused, match="that is the key of carl"):
        anna.says("operator", "add", "dora", key)
    with pytest.raises(ConfigError, match="names no dora"):
        anna.says("operator", "add", "dora")


def test_a_line_added_by_hand_is_told_and_can_be_made_to_count(anna: Desk) -> None:
    anna.says("operator", "add", "carl", made(anna.folder / "second"))
    with (anna.shared / "operators").open("a") as listed:
        listed.write(f"{made(anna.folder / 'third')} dora\n")
    said = anna.says("operator", "list")
    assert "operators lists dora, who cannot open the secrets" in said.stderr
    anna.says("operator", "add", "dora")
    assert anna.names() == ["anna", "carl", "dora"]
    assert not anna.says("operator", "list").stderr


def test_nothing_lies_open_when_a_command_has_ended(anna: Desk) -> None:
    anna.says("operator", "add", "carl", made(anna.folder / "second"))
    secret = b"AGE-SECRET"
    for path in (anna.shared, anna.folder / "state", anna.folder / "run"):
        for file in path.rglob("*"):
            assert not file.is_file() or secret not in file.read_bytes()
    name = (anna.shared / "standfast.toml").read_text().split('"')[1]
    assert not list(Path("/dev/shm").glob(f"standfast/{name}"))
    assert not list((anna.folder / "run").glob(f"{name}/*"))


def made(path: Path) -> str:
    subprocess.run(("age-keygen", "-o", str(path)), check=True, capture_output=True)
    shown = subprocess.run(("age-keygen", "-y", str(path)), check=True, capture_output=True)
    return shown.stdout.decode().strip()
