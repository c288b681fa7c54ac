"""The script on the page, run by a real browser whose clock is moved on.

Chromium opens the page from a file, and its virtual time takes no time of ours.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from standfast.core.clock import SystemClock
from standfast.core.command import Command, SystemRunner

from .browser import CHROMIUM, FLAGS
from .conftest import Story, hours
from .test_page import Reader


def opened(page: Path, *, after: timedelta) -> Reader:
    """What a visitor sees who has left the page open for this long."""
    command = Command(
        argv=(
            CHROMIUM,
            *FLAGS,
            f"--user-data-dir={page.parent / 'profile'}",
            f"--virtual-time-budget={after / timedelta(milliseconds=1):.0f}",
            "--dump-dom",
            page.as_uri(),
        )
    )
    return Reader(SystemRunner().run(command).text)


@pytest.fixture
def page(story: Story, tmp_path: Path) -> Path:
    """A page whose one claim expires two minutes after it was made."""
    now = SystemClock().now()
    start = now - hours(25)
    story.enrolled(start).due(start).calibrated(start + hours(0.5))
    story.proven(now - hours(24) + timedelta(minutes=2))
    file = tmp_path / "index.html"
    file.write_bytes(story.pages(now)["index.html"])
    return file


def test_a_page_that_nobody_renews_turns_unproven_before_the_readers_eyes(page: Path) -> None:
    in_time = opened(page, after=timedelta(seconds=1)).text
    assert "1 of 1 promises kept in rehearsal" in in_time
    assert "Kept · rehearsed" in in_time
    assert "expired" not in in_time
    assert "Your clock and this page disagree" not in in_time

    too_late = opened(page, after=timedelta(minutes=3)).text
    assert "1 of 1 promises unproven — expired" in too_late
    assert "Unproven — expired" in too_late
    assert "kept in rehearsal" not in too_late
    assert "Kept · rehearsed" not in too_late


def test_a_page_from_the_future_says_that_the_clocks_disagree(story: Story, tmp_path: Path) -> None:
    tomorrow = SystemClock().now() + hours(24)
    file = tmp_path / "index.html"
    file.write_bytes(story.enrolled(tomorrow).pages(tomorrow)["index.html"])
    assert "Your clock and this page disagree" in opened(file, after=timedelta(seconds=1)).text
