"""Patroni reads every configuration that we write for it, and finds nothing wrong.

The port is not looked at: on this computer it may be taken, and the address is not its own. The
programs of PostgreSQL, which Patroni looks for, are stood in for by files of their names.
"""

import sys
from pathlib import Path

import pytest
import yaml

from .refusal import changed, golden_files, refusal

CONFIGURATIONS = golden_files("standfast/database/patroni.yml")
DATABASE = "eleven-machines/db-1: /etc/standfast/database/patroni.yml"
PROGRAMS = (
    *("pg_ctl", "initdb", "pg_controldata", "pg_basebackup", "postgres", "pg_isready", "pg_rewind"),
)


def refused(text: str, folder: Path) -> str:
    version = yaml.safe_load(text)["postgresql"]["bin_dir"].split("/")[4]
    programs = folder / "bin"
    programs.mkdir()
    for name in PROGRAMS:
        path = programs / name
        path.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}.1'\n")
        path.chmod(0o755)
    path = folder / "patroni.yml"
    path.write_text(text.replace(f"/usr/lib/postgresql/{version}/bin", str(programs)))
    words = ("-m", "patroni", "--validate-config", "--ignore-listen-port", str(path))
    return refusal(sys.executable, *words)


def test_every_database_machine_has_one() -> None:
    assert len(CONFIGURATIONS) == 5


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_patroni_accepts_it(name: str, tmp_path: Path) -> None:
    assert not refused(CONFIGURATIONS[name].read_text(), tmp_path)


@pytest.mark.parametrize(
    ("good", "mistake", "said"),
    [
        ('"ttl": 20', '"ttl": 2', "bootstrap.dcs.ttl"),
        ('"synchronous_mode": true', '"synchronous_mode": "perhaps"', "synchronous_mode"),
        ("verify_client: required", "verify_client: sometimes", "restapi.verify_client"),
        ("data_dir:", "data_folder:", "postgresql.data_dir"),
        ("10.77.0.19:2379", "10.77.0.19:23790000", "etcd3.hosts"),
    ],
)
def test_patroni_refuses_a_planted_mistake(
    good: str, mistake: str, said: str, tmp_path: Path
) -> None:
    assert said in refused(changed(CONFIGURATIONS[DATABASE], good, mistake), tmp_path)
