"""The page is for everybody: axe looks at every kind of it, light, dark, on a phone and in print.

axe-core is in the development lock file; without it, or without a browser, this fails.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from standfast.core.units import stamp

from .browser import TAB, Browser
from .conftest import NOON, STORIES, Story

AXE = (files("axe_core_python") / "axe.min.js").read_text()
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
UNSURE = "color-contrast"
"""axe cannot tell what lies behind the text of a plot or of a list, and says so; test_style.py has
every pair of colours. Where it can tell, it counts."""

RUN = f"""
axe.run(document, {{ runOnly: {list(TAGS)!r}, resultTypes: ["violations", "incomplete"] }})
    .then((found) => ({{
        looked: found.passes.length,
        wrong: found.violations
            .concat(found.incomplete.filter((each) => each.id !== {UNSURE!r})).map(
            (each) => each.id + ": " + each.nodes.map((node) => node.target.join(" ")).join(", ")),
    }}))
"""
NARROWEST, PHONE_HEIGHT = 320, 640
"""WCAG 2.2, 1.4.10: no scrolling sideways at a width of 320 pixels."""

Stories = Mapping[str, Callable[[], Story]]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its clock stands at the moment at which the pages were made: what is kept is shown so."""
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        clock = f"Date.now = () => Date.parse({stamp(NOON)!r})"
        opened.ask("Page.addScriptToEvaluateOnNewDocument", source=clock)
        yield opened


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[[Mapping[str, bytes]], Browser]]:
    def show(made: Mapping[str, bytes]) -> Browser:
        (tmp_path / "index.html").write_bytes(made["index.html"])
        browser.open((tmp_path / "index.html").as_uri())
        return browser

    browser.sized(1000)
    browser.shown()
    yield show
    browser.sized(1000)
    browser.shown()


def complaints(browser: Browser) -> list[str]:
    browser.run(AXE)
    found: dict[str, Any] = browser.run(RUN)
    assert found["looked"] > 10, "axe has looked at hardly anything"
    wrong: list[str] = found["wrong"]
    return wrong


Opened = Callable[[Mapping[str, bytes]], Browser]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", STORIES)
def test_axe_finds_nothing(stories: Stories, opened: Opened, name: str, scheme: str) -> None:
    page = opened(stories[name]().pages(NOON))
    page.shown(scheme=scheme)
    assert not page.run("document.body.innerText.includes('expired')")
    assert complaints(page) == []


@pytest.mark.parametrize(
    ("good", "mistake", "rule"),
    [
        (r'<html lang="en">', "<html>", "html-has-lang"),
        (r' role="img" aria-label="[^"]*"', ' role="img"', "svg-img-alt"),
        (r">Check the record in this browser<", "><", "button-name"),
        (
            r'<h3 id="redundant-web-says">(.*?)</h3>',
            r'<h5 id="redundant-web-says">\1</h5>',
            "heading",
        ),
    ],
)
def test_axe_finds_a_planted_mistake(
    stories: Stories, opened: Opened, good: str, mistake: str, rule: str
) -> None:
    html = stories["changed"]().pages(NOON)["index.html"].decode()
    changed, count = re.subn(good, mistake, html)
    assert count
    page = opened({"index.html": changed.encode()})
    assert any(rule in each for each in complaints(page))


@pytest.mark.parametrize("name", STORIES)
def test_nothing_is_cut_off_or_scrolls_sideways_on_the_narrowest_phone(
    stories: Stories, opened: Opened, name: str
) -> None:
    page = opened(stories[name]().pages(NOON))
    page.sized(NARROWEST, PHONE_HEIGHT)
    page.run("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    wide = page.run(
        "[...document.querySelectorAll('main *, footer *, header *')]"
        ".filter((each) => each.getBoundingClientRect().right > innerWidth)"
        ".map((each) => each.outerHTML.slice(0, 80))"
    )
    assert wide == []
    assert complaints(page) == []


def test_every_link_and_button_is_reached_with_the_keyboard_and_shows_it(
    stories: Stories, opened: Opened
) -> None:
    page = opened(stories["changed"]().pages(NOON))
    wanted = page.run(
        "[...document.querySelectorAll('a, button, summary, pre')]"
        ".filter((each) => each.checkVisibility()).length"
    )
    reached = 0
    for _ in range(wanted):
        page.press(TAB)
        reached += page.run(
            "document.activeElement !== document.body"
            " && getComputedStyle(document.activeElement).outlineStyle === 'solid'"
        )
    assert reached == wanted > 15


def test_in_print_nothing_is_folded_and_nothing_is_there_to_be_pressed(
    stories: Stories, opened: Opened
) -> None:
    page = opened(stories["changed"]().pages(NOON))
    page.shown(medium="print", scheme="dark")
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.run("document.getElementById('check-now').checkVisibility()")
    folded = (
        "[...document.querySelectorAll('details > *')]"
        ".filter((each) => !each.checkVisibility({ contentVisibilityAuto: true })).length"
    )
    assert page.run(folded) == 0


def test_a_screen_reader_hears_the_state_before_anything_else(
    stories: Stories, opened: Opened
) -> None:
    page = opened(stories["broken"]().pages(NOON))
    tree = page.ask("Accessibility.getFullAXTree")["nodes"]
    spoken = [
        (each["role"]["value"], each["name"]["value"])
        for each in tree
        if not each["ignored"] and each.get("name", {}).get("value")
    ]
    headings = [name for role, name in spoken if role == "heading"]
    assert headings[0] == "1 of 1 promises broken"
    assert ("article", "Any web server can fail without interrupting access.") in spoken
    assert ("image", "Failed requests") in spoken
    texts = [name for role, name in spoken if role == "StaticText"]
    said = "2 proofs since 8 Mar 2026: 1 within the objective, 1 over it."
    assert any(name.startswith(said) for name in texts)
