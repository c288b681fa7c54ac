"""Golden files of programs that only machines have: read by those of the base image.

Patroni writes PostgreSQL's files from what we tell it; the settings among that are read here.
`pg_hba.conf` is read only by a server; that it accepts ours is seen whenever a site is up.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.golden.refusal import BUNDLES, changed, refusal

from . import image

DATABASE = BUNDLES / "eleven-machines" / "db-1"
SSH = "etc/ssh/sshd_config.d/standfast.conf"
POSTGRES = "/usr/lib/postgresql/15/bin/postgres"
PATRONI = "etc/standfast/database/patroni.yml"
POSTGRESQL = "etc/standfast/database/postgresql.conf"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The root of the base image with one more layer, which is gone afterwards."""
    with image.builder(tmp_path_factory.mktemp("machine")) as builder:
        for folder in ("etc/standfast/database", "run/sshd"):
            (builder.root / folder).mkdir(parents=True, exist_ok=True)
        (builder.root / "var/lib/postgresql/postgresql.auto.conf").touch()
        assert not on(builder.root, "ssh-keygen", "-q", "-A")
        yield builder.root


def on(machine: Path, *argv: str) -> str:
    return refusal("chroot", str(machine), *argv)


def sshd(machine: Path, text: str) -> str:
    (machine / SSH).write_text(text)
    return on(machine, "/usr/sbin/sshd", "-t")


def postgresql(machine: Path, text: str) -> str:
    (machine / POSTGRESQL).write_text(text)
    server = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", POSTGRES)
    words = ("-C", "wal_level", "-D", "/var/lib/postgresql", "-c", f"config_file=/{POSTGRESQL}")
    return on(machine, *server, *words)


def settings() -> str:
    """As Patroni writes them: those of all machines together, then those of this one."""
    said = yaml.safe_load((DATABASE / PATRONI).read_text())
    both = said["bootstrap"]["dcs"]["postgresql"]["parameters"] | said["postgresql"]["parameters"]
    return "".join(f"{name} = '{value}'\n" for name, value in both.items())


def test_sshd_accepts_our_settings(machine: Path) -> None:
    assert not sshd(machine, (DATABASE / SSH).read_text())


def test_postgresql_accepts_our_settings(machine: Path) -> None:
    assert not postgresql(machine, settings())


@pytest.mark.parametrize(
    ("good", "mistake"),
    [("aes256-gcm@", "aes512-gcm@"), ("UseDNS no", "UseDNS maybe"), ("MaxStartups", "MaxStarts")],
)
def test_sshd_refuses_a_planted_mistake(machine: Path, good: str, mistake: str) -> None:
    assert "standfast.conf" in sshd(machine, changed(DATABASE / SSH, good, mistake))


@pytest.mark.parametrize(
    ("good", "mistake"),
    [("wal_level =", "wal_levels ="), ("128MB", "128XB"), ("TLSv1.2", "TLSv1.4")],
)
def test_postgresql_refuses_a_planted_mistake(machine: Path, good: str, mistake: str) -> None:
    assert good in settings()
    said = postgresql(machine, settings().replace(good, mistake, 1))
    assert "postgresql.conf" in said or mistake.split()[0] in said
