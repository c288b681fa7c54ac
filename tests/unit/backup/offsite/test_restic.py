"""The real restic, on a folder and by SFTP: what is put there comes back, and a killed upload
resumes. It must be installed (bin/test sees to it): without it these fail."""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep

import pytest

from standfast.core.command import Command, Result, SystemRunner
from standfast.core.errors import CommandFailed, Unreachable
from standfast.mechanisms.backup.offsite.commands import Access
from standfast.mechanisms.backup.offsite.repository import OffsiteRepository
from standfast.mechanisms.backup.offsite.snapshots import Source
from standfast.mechanisms.backup.offsite.store import Kind, Store

from .seen import NOW

SFTP_SERVER = "/usr/lib/openssh/sftp-server"
SOURCE = Source(copy="20261129-024420F", position="0/5000028", data_at=NOW)
MB = 1_000_000
RELATION = 5 * MB
"""More than the smallest pack that restic uploads."""

PART = RELATION + MB
"""One of the two, with the small files."""


@dataclass(frozen=True, slots=True)
class WithoutNetwork:
    """Runs commands as they are, but for the way to an SFTP server: it is started here, as sshd
    starts it on the other side."""

    def run(self, command: Command, *, check: bool = True) -> Result:
        argv = tuple(
            f"--option=sftp.command={SFTP_SERVER}" if "sftp.command" in each else each
            for each in command.argv
        )
        return SystemRunner().run(replace(command, argv=argv), check=check)


def repository(store: Store, *, part_bytes: int = 2 * 1024**3) -> OffsiteRepository:
    access = Access(store=store, words={}, password="the-key", answer_limit_s=30)
    return OffsiteRepository(access=access, runner=WithoutNetwork(), part_bytes=part_bytes)


def in_folder(folder: Path) -> Store:
    return Store(kind=Kind.FOLDER, location=str(folder))


def by_sftp(folder: Path) -> Store:
    return Store(kind=Kind.SFTP, location=f"shop@store.example.test:22{folder}")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("passed")
    (folder / "data").mkdir()
    for number in range(2):
        (folder / "data" / f"relation-{number}").write_bytes(os.urandom(RELATION))
    (folder / "data" / "PG_VERSION").write_text("15\n")
    (folder / "data" / "empty").mkdir()
    (folder / "data" / "link").symlink_to("relation-0")
    return folder


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository without a snapshot, made once: drawing its key takes a second."""
    folder = tmp_path_factory.mktemp("empty") / "repository"
    repository(in_folder(folder)).prepare()
    return folder


@pytest.fixture
def place(empty: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(empty, tmp_path / "repository"))


def same(one: Path, other: Path) -> bool:
    return (
        subprocess.run(["diff", "-r", "--no-dereference", one, other], check=False).returncode == 0
    )


@pytest.mark.parametrize("store_in", [in_folder, by_sftp])
def test_what_is_put_there_comes_back(
    store_in: object, place: Path, data: Path, tmp_path: Path
) -> None:
    store = repository(store_in(place))  # type: ignore[operator]
    before = (place / "config").read_bytes()
    store.prepare()
    assert (place / "config").read_bytes() == before, "what is there is not made again"
    taken = store.snapshot(data, SOURCE, machine="backup-1", now=NOW)
    (found,) = store.snapshots()
    assert found.id.startswith(taken.id)
    assert (found.source, found.machine, found.taken_at) == (SOURCE, "backup-1", NOW)
    assert taken.added_bytes > 2 * RELATION
    assert taken.total_bytes == 2 * RELATION + 3
    assert same(store.restore(found, tmp_path / "back"), data)
    assert not list((place / "locks").iterdir())


def test_a_repository_opens_by_its_key_alone(place: Path) -> None:
    store = repository(in_folder(place))
    assert not store.opens_without_its_key()
    thief = replace(store, access=replace(store.access, password="another"))
    with pytest.raises(CommandFailed, match="does not open with this site's key"):
        thief.prepare()


def test_without_a_repository_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="no repository at that place"):
        repository(in_folder(tmp_path / "nowhere")).snapshots()


def test_what_was_damaged_in_the_store_is_found(place: Path, data: Path) -> None:
    store = repository(in_folder(place))
    store.snapshot(data, SOURCE, machine="backup-1", now=NOW)
    pack = max((place / "data").rglob("*"), key=lambda path: path.stat().st_size)
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)
    with pytest.raises(CommandFailed):
        store.check(every_byte=True)


def test_a_server_that_cannot_be_reached_is_no_failure_of_ours(place: Path) -> None:
    """The real ssh, to a port where nobody listens."""
    access = Access(
        store=Store(kind=Kind.SFTP, location=f"shop@127.0.0.1:1{place}"), words={}, password="k"
    )
    with pytest.raises(Unreachable, match="does not answer"):
        OffsiteRepository(access=access, runner=SystemRunner()).snapshots()


def stored(place: Path) -> int:
    """Bytes, with those of a file that is on its way, which may be renamed meanwhile."""
    found = 0
    for path in (place / "data").glob("*/*"):
        with suppress(FileNotFoundError):
            found += path.stat().st_size
    return found


@dataclass(slots=True)
class KilledHalfway:
    """Kills the second upload as soon as some of it has arrived, as a power cut would."""

    place: Path
    uploads: int = 0

    def run(self, command: Command, *, check: bool = True) -> Result:
        if "backup" not in command.argv or (number := self._count()) != 2:
            return SystemRunner().run(command, check=check)
        before, environment = stored(self.place), {**os.environ, **(command.environment or {})}
        slowly = [*command.argv[4:], "--limit-upload=500", "--pack-size=4"]
        upload = subprocess.Popen(slowly, env=environment, stdout=subprocess.DEVNULL)
        end = monotonic() + 20
        while stored(self.place) == before and monotonic() < end:
            sleep(0.02)
        upload.send_signal(signal.SIGKILL)
        upload.wait()
        assert stored(self.place) > before, "nothing had arrived, so nothing was interrupted"
        raise CommandFailed(f"upload {number} was killed")

    def _count(self) -> int:
        self.uploads += 1
        return self.uploads


@pytest.fixture
def killed(place: Path, data: Path) -> Path:
    store = replace(
        repository(in_folder(place), part_bytes=PART), runner=KilledHalfway(place=place)
    )
    with pytest.raises(CommandFailed, match="was killed"):
        store.snapshot(data, SOURCE, machine="backup-1", now=NOW)
    return place


def test_a_killed_upload_resumes_and_sends_at_most_one_part_twice(
    killed: Path, data: Path, tmp_path: Path
) -> None:
    store = repository(in_folder(killed), part_bytes=PART)
    already = stored(killed)
    assert already > RELATION
    store.prepare()
    store.snapshot(data, SOURCE, machine="backup-1", now=NOW)
    added = stored(killed) - already
    assert added < 2 * RELATION - already + PART, "more than one part went up twice"
    *parts, whole = sorted(store.everything(), key=lambda each: not each.is_part)
    assert [each.is_part for each in (*parts, whole)] == [True, True, True, False]
    assert same(store.restore(whole, tmp_path / "back"), data)
    assert not list((killed / "locks").iterdir()), "the killed run's lock is gone"
