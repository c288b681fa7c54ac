"""What a web machine knows of releases: which it has, which have served, which lie there."""

import json
from dataclasses import dataclass

from standfast.core.errors import StandfastError
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.rollout import history as pages
from standfast.mechanisms.rollout.artifacts import UPLOAD_TIMEOUT_S, Artifact
from standfast.mechanisms.rollout.history import PAGE, History
from standfast.mechanisms.web.drain import ADMIT_LIMIT_S
from standfast.mechanisms.web.release import NOTE, RELEASES, Release
from standfast.mechanisms.web.release import parse as parse_release

MARK = b"\x00"
"""Stands between the two files: no JSON holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    release: Release | None
    history: History


def look(connection: Connection) -> Found:
    """What was never written is as if it were empty."""
    script = f"cat {NOTE} 2>/dev/null; printf '\\0'; cat {PAGE} 2>/dev/null; true"
    note, _, page = connection.run(("sh", "-c", script)).stdout.partition(MARK)
    return Found(release=noted(note), history=pages.read(page.decode()))


def noted(note: bytes) -> Release | None:
    return parse_release(json.loads(note)) if note.strip() else None


def release_on(connection: Connection) -> Release:
    """For a command of the service, which runs in the folder of the release that serves there."""
    found = look(connection).release
    if found is None:
        raise StandfastError(
            f"{connection.machine.name} has no release of the service yet",
            remedy="Run `standfast up`.",
        )
    return found


def write_page(connection: Connection, history: History) -> None:
    """Whole or not at all: written beside its place, flushed, renamed."""
    part = f"{PAGE}.part"
    script = f"cat > {part} && sync {part} && mv -T {part} {PAGE}"
    connection.run(("sh", "-c", script), stdin=history.note())


def prune(connection: Connection, history: History) -> list[str]:
    """Return what was removed. The releases that serve are in the history."""
    listed = connection.run(("ls", "-1", RELEASES)).text.split()
    gone = pages.superfluous(listed, history, ())
    if gone:
        connection.run(("rm", "-rf", *(f"{RELEASES}/{each}" for each in gone)))
    return gone


def fetch(connection: Connection, release: Release) -> Artifact | None:
    """A release as it lies on a machine, for one that does not have it."""
    if connection.run(("test", "-d", release.folder), check=False).status != 0:
        return None
    packed = connection.run(
        ("tar", "-c", "-C", release.folder, "-f", "-", "."), timeout_s=UPLOAD_TIMEOUT_S
    )
    return Artifact(folder=release.folder, archive=packed.stdout)


def admitted(connection: Connection, programs: Artifact) -> bool:
    """Whether every edge that lives asks this machine's service again."""
    asked = (
        *("env", f"PYTHONPATH={programs.folder}/src", "PYTHONDONTWRITEBYTECODE=1"),
        *("/usr/bin/python3", "-m", "standfast.mechanisms.web.drain", "admitted"),
    )
    return connection.run(asked, check=False, timeout_s=ADMIT_LIMIT_S + 10).status == 0
