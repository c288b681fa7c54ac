"""The seal says what the page says, with its grade, and is over when the page's claim is."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from standfast.core.clock import SystemClock

from .browser import Browser
from .conftest import NOON, STORIES, Story, hours
from .test_browser import opened

Stories = Mapping[str, Callable[[], Story]]
LASTS = timedelta(seconds=4)
"""Long enough to be seen before it is over, by a computer that is busy."""

PATIENCE_S = 20.0


def said(files: Mapping[str, bytes]) -> str:
    root = ElementTree.fromstring(files["seal.svg"])
    return " | ".join(each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "kept-real",
            "1 of 1 promises kept | Each of them proven for real. | "
            "valid until 10 Mar 2026, 10:00 UTC · entry 3 | ",
        ),
        ("kept-rehearsed", "1 of 1 promises kept in rehearsal | None is proven for real yet. | "),
        ("broken", "1 of 1 promises broken | entry 5"),
        ("unproven", "1 of 1 promises unproven | entry 3"),
        ("empty", "Nothing is proven yet | no proof yet"),
    ],
)
def test_it_says_state_grade_date_and_entry(stories: Stories, name: str, expected: str) -> None:
    assert f"Timesheets | {expected}" in said(stories[name]().pages(NOON))


@pytest.mark.parametrize("name", STORIES)
def test_it_leads_to_the_entry_on_the_page(stories: Stories, name: str) -> None:
    files = stories[name]().pages(NOON)
    assert b'href="https://trust.example/#newest"' in files["seal.svg"]
    assert b'id="newest"' in files["index.html"]


@pytest.mark.parametrize("name", STORIES)
def test_it_is_small_and_loads_nothing(stories: Stories, name: str) -> None:
    seal = stories[name]().pages(NOON)["seal.svg"]
    assert len(seal) < 4_000
    for fetched in (b"url(", b"@import", b"<image", b"src=", b"xlink"):
        assert fetched not in seal


def seal_that_lasts(span: timedelta, story: Story, folder: Path) -> Path:
    now = SystemClock().now()
    start = now - hours(25)
    story.enrolled(start).due(start).calibrated(start + hours(0.5))
    story.proven(now - hours(24) + span)
    file = folder / "seal.svg"
    file.write_bytes(story.pages(now)["seal.svg"])
    return file


def test_as_a_document_it_compares_with_the_readers_clock(story: Story, tmp_path: Path) -> None:
    seal = seal_that_lasts(timedelta(minutes=2), story, tmp_path)
    for after, shown in ((1, ["now", "expired"]), (180, ["expired"])):
        elements = opened(seal, after=timedelta(seconds=after)).elements
        groups = [attributes.get("id") for name, attributes in elements if name == "g"]
        assert [each for each in groups if each] == shown


def picture(browser: Browser, seal: Path) -> bytes:
    """Of another page that shows it."""
    page = seal.with_suffix(".html")
    page.write_text(f"<!doctype html><img src='{seal.name}' width='360' height='96' alt=''>")
    browser.open(page.as_uri())
    return browser.picture()


def test_as_a_picture_it_is_over_in_time_though_it_runs_no_script(
    story: Story, tmp_path: Path
) -> None:
    seal = seal_that_lasts(LASTS, story, tmp_path)
    drawn = re.sub(r"<set [^>]*/>", "", seal.read_text())
    endless, over = seal.with_name("endless.svg"), seal.with_name("over.svg")
    endless.write_text(drawn)
    over.write_text(
        drawn.replace('id="now"', 'visibility="hidden"').replace(
            'class="unproven" visibility="hidden"', 'class="unproven"'
        )
    )
    clock = SystemClock()
    with Browser(tmp_path / "profile") as browser:
        browser.sized(400, 140)
        expired, good = picture(browser, over), picture(browser, endless)
        assert good != expired
        began = clock.monotonic()
        assert picture(browser, seal) == good
        while browser.picture() != expired:
            assert clock.monotonic() - began < LASTS.total_seconds() + PATIENCE_S
            clock.sleep(0.1)
        assert clock.monotonic() - began >= LASTS.total_seconds()
