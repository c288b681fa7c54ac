"""Only what lies below the folder is served, and nothing else exists."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from standfast.daemons.pages import (
    CURRENT,
    CURRENT_FILE,
    PATIENCE_S,
    file_for,
    is_current,
    may_read,
    wait_until_current,
)
from standfast.mechanisms.hosts.media import content_type


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    www = tmp_path / "www"
    (www / "log" / "tile").mkdir(parents=True)
    (www / "index.html").touch()
    (www / "security.txt").touch()
    (www / "log" / "checkpoint").touch()
    (www / "log" / "timestamps").mkdir()
    for name in ("index.json", "3-time.tsr", "3-time.checkpoint", "time.pem"):
        (www / "log" / "timestamps" / name).touch()
    (www / ".hidden").touch()
    (tmp_path / "secret").touch()
    for other in ("drafts", "spool"):
        (tmp_path / other).mkdir()
        (tmp_path / other / "one.json").touch()
    (www / "way-out").symlink_to(tmp_path / "secret")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/trust/", "www/index.html"),
        ("/trust/?utm=1", "www/index.html"),
        ("/trust/index.html", "www/index.html"),
        ("/trust/log/checkpoint", "www/log/checkpoint"),
        ("/trust/log/timestamps/index.json", "www/log/timestamps/index.json"),
        ("/trust/log/timestamps/3-time.tsr", "www/log/timestamps/3-time.tsr"),
        ("/.well-known/security.txt", "www/security.txt"),
        ("/.well-known/security.txt?utm=1", "www/security.txt"),
        ("/draft/one.json", "drafts/one.json"),
        ("/spool/one.json", "spool/one.json"),
    ],
)
def test_what_is_there_is_found(folder: Path, path: str, file: str) -> None:
    assert file_for(path, folder) == folder / file


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/trust",
        "/trust/log/",
        "/trust/../secret",
        "/trust/log/../../secret",
        "/trust/%2e%2e/secret",
        "/trust//etc/passwd",
        "/trust/.hidden",
        "/.well-known/",
        "/.well-known/index.html",
        "/trust/.well-known/security.txt",
        "/trust/way-out",
        "/trust/nothing",
        "/spool/",
        "/spool/../secret",
        "/refused/one.json",
        "/trust/\0",
    ],
)
def test_nothing_else_exists(folder: Path, path: str) -> None:
    assert file_for(path, folder) is None


def test_a_checkpoint_is_text_and_a_page_is_html() -> None:
    assert content_type(Path("checkpoint")).startswith("text/plain")
    assert content_type(Path("index.html")).startswith("text/html")
    assert content_type(Path("tile/0/000")) == "application/octet-stream"
    assert content_type(Path("security.txt")) == "text/plain; charset=utf-8"
    assert content_type(Path("feed.atom")) == "application/atom+xml"


READERS = {
    "edges": frozenset({"edge-1"}),
    "monitors": frozenset({"monitor-2"}),
    "backups": frozenset({"backup-1"}),
}


@pytest.mark.parametrize(
    ("asker", "path", "allowed"),
    [
        ("edge-1", "/trust/", True),
        ("edge-1", CURRENT, True),
        ("edge-1", "/.well-known/security.txt", True),
        ("edge-1", "/.well-known/security.txt?utm=1", True),
        ("edge-1", "/.well-known/other", False),
        ("edge-1", "/spool/one.json", False),
        ("edge-1", "/draft/one.json", False),
        ("monitor-2", "/trust/log/checkpoint", True),
        ("monitor-2", "/spool/one.json", True),
        ("backup-1", "/trust/log/checkpoint", True),
        ("backup-1", "/trust/security.txt", True),
        ("backup-1", CURRENT, False),
        ("backup-1", "/.well-known/security.txt", False),
        ("backup-1", "/spool/one.json", False),
        ("backup-1", "/draft/one.json", False),
        ("web-1", "/trust/", False),
        ("", "/trust/", False),
    ],
)
def test_edges_read_what_is_public_and_monitors_the_rest(
    asker: str, path: str, allowed: bool
) -> None:
    assert may_read(asker, path, READERS) is allowed


def test_a_monitor_is_current_for_a_while_after_its_keeper_has_said_so(tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert not is_current(tmp_path, now)
    (tmp_path / CURRENT_FILE).touch()
    os.utime(tmp_path / CURRENT_FILE, (now.timestamp(), now.timestamp()))
    assert is_current(tmp_path, now + timedelta(seconds=5))
    assert not is_current(tmp_path, now + timedelta(seconds=7))


@dataclass
class HandClock:
    """`meanwhile` happens while somebody sleeps for the third time."""

    meanwhile: Callable[[datetime], None]
    at: datetime = datetime(2026, 3, 1, tzinfo=UTC)
    slept: int = 0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.slept += 1
        if self.slept == 3:
            self.meanwhile(self.at)


def test_a_start_waits_until_the_keeper_has_seen_that_nothing_is_missing(tmp_path: Path) -> None:
    def touch(at: datetime) -> None:
        (tmp_path / CURRENT_FILE).touch()
        os.utime(tmp_path / CURRENT_FILE, (at.timestamp(), at.timestamp()))

    clock = HandClock(touch)
    touch(clock.at - timedelta(seconds=1))
    wait_until_current(tmp_path, clock)
    assert clock.slept == 3


def test_a_start_waits_no_longer_than_its_patience(tmp_path: Path) -> None:
    clock = HandClock(lambda at: None)
    began = clock.at
    wait_until_current(tmp_path, clock)
    assert PATIENCE_S <= (clock.at - began).total_seconds() < PATIENCE_S + 0.5
