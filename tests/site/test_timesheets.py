"""The example service's own tests, where it is built: on the base image, with its PostgreSQL."""

import os
import re
from pathlib import Path

import pytest

from standfast.config import load
from standfast.mechanisms.hosts.local.builder import Builder
from standfast.mechanisms.hosts.machine import resting
from standfast.mechanisms.rollout.release import build, release_of

from . import image

BIN = "/usr/lib/postgresql/15/bin"
AS_POSTGRES = ("runuser", "-u", "postgres", "--")
CLUSTER = "/tmp/cluster"
SCRIPT = f"""
set -e
chown postgres: /tmp
{" ".join(AS_POSTGRES)} {BIN}/initdb --pgdata={CLUSTER} --auth=trust > /dev/null
{" ".join(AS_POSTGRES)} {BIN}/pg_ctl start --wait --pgdata={CLUSTER} --log=/tmp/log \\
    --options="-c listen_addresses= -c unix_socket_directories=/tmp -c fsync=off" > /dev/null
status=0
.venv/bin/python manage.py test 2>&1 || status=$?
{" ".join(AS_POSTGRES)} {BIN}/pg_ctl stop --mode=immediate --pgdata={CLUSTER} > /dev/null
exit $status
"""


@pytest.fixture
def machine(tmp_path: Path) -> Builder:
    return image.builder(tmp_path / "builder")


def test_the_example_service_keeps_what_its_own_tests_say(machine: Builder, tmp_path: Path) -> None:
    site = load(None, **resting(os.environ))
    of = machine.base.parent.name.rpartition("-")[2]
    release = release_of(site.source, site.service, image=of)
    made = build(
        release,
        site.source,
        site.service,
        builder=lambda: machine,
        cache=site.folders.cache,
        tell=print,
    )
    with machine:
        folder = machine.root / release.folder.lstrip("/")
        folder.mkdir(parents=True)
        (machine.root / "opt" / "release.tar").write_bytes(made.archive)
        machine.run(("tar", "-x", "-C", release.folder, "-f", "/opt/release.tar"))
        done = machine.run(
            ("sh", "-c", SCRIPT),
            folder=release.folder,
            environment={"DATABASE_URL": "postgresql://postgres@/postgres?host=/tmp"},
            check=False,
        )
    assert done.status == 0, done.text
    ran = re.search(r"^Ran (\d+) tests", done.text, re.MULTILINE)
    assert ran is not None
    assert int(ran[1]) > 50, done.text
