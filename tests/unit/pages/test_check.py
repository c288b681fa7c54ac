"""The check on the page, run by a real browser against a record as it is served, and one that is
not as it should be."""

import base64
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from standfast.core.clock import SystemClock
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.note import sign

from .browser import ENTER, TAB, Browser, served
from .conftest import COMPANY, LOG_SIGNER, Story, hours

ANSWERS = """
[...document.querySelectorAll("[data-answer]")].filter((each) => !each.hidden)
    .map((each) => each.dataset.answer)
"""
ANSWERED = f"""
new Promise((resolve) => {{
    const look = () => {{
        const said = {ANSWERS};
        if (said.length && !said.includes("busy")) resolve(said); else setTimeout(look, 20);
    }};
    look();
}})
"""
ALL_GOOD = ["good", "signature-good", "record-good", "page-good", "entries-good"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A page beside its log, as `pages` serves it; the log is longer than one tile."""
    now = SystemClock().now()
    start = now - timedelta(days=2)
    story = Story(folder=tmp_path / "log")
    story.enrolled(start).said(COMPANY, start).due(start).calibrated(start + hours(1))
    story.proven(start + hours(2))
    for number in range(300):
        story.noticed(f"notice {number}", start + hours(3))
    story.due(start + hours(24)).proven(now - hours(1))
    for name, content in story.pages(now).items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def checked(browser: Browser, site: Path) -> list[str]:
    with served(site) as address:
        browser.open(address)
        browser.run("document.getElementById('check-now').click()")
        said: list[str] = browser.run(ANSWERED)
    return said


def change(file: Path, old: bytes, new: bytes) -> None:
    content = file.read_bytes()
    assert content.count(old) == 1
    file.write_bytes(content.replace(old, new))


def flip(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


def test_a_record_that_is_right_is_said_to_be(browser: Browser, site: Path) -> None:
    assert checked(browser, site) == ALL_GOOD


def test_a_page_that_is_older_than_the_record_is_its_beginning(
    browser: Browser, site: Path
) -> None:
    page = (site / "index.html").read_bytes()
    grown = Story(folder=site / "log").noticed("one more", SystemClock().now())
    grown.record()
    assert (site / "index.html").read_bytes() == page
    assert checked(browser, site) == ALL_GOOD


def test_an_altered_entry_is_noticed(browser: Browser, site: Path) -> None:
    """A proof in the last bundle, which the page names, with another figure in it."""
    (bundle,) = (site / "log/tile/entries/001.p").iterdir()
    flip(bundle, len(bundle.read_bytes()) - 40)
    assert checked(browser, site) == [
        "bad",
        "signature-good",
        "record-good",
        "page-good",
        "entries-bad",
    ]


def test_an_altered_hash_is_noticed(browser: Browser, site: Path) -> None:
    flip(site / "log/tile/0/000", 5)
    said = checked(browser, site)
    assert said[:1] == ["bad"]
    assert {"signature-good", "record-bad", "page-bad"} <= set(said)


def test_a_false_signature_is_noticed(browser: Browser, site: Path) -> None:
    checkpoint = site / "log/checkpoint"
    lines = checkpoint.read_text().splitlines()
    dash, name, encoded = lines[-1].split(" ")
    signature = bytearray(base64.b64decode(encoded))
    signature[-1] ^= 1
    lines[-1] = " ".join((dash, name, base64.b64encode(signature).decode()))
    checkpoint.write_text("\n".join(lines) + "\n")
    assert checked(browser, site) == ["bad", "signature-bad"]


@pytest.mark.parametrize(
    ("shown", "other"),
    [
        (b'data-outcome="calibrated"', b'data-outcome="kept"'),
        (b'"failed_requests": 412', b'"failed_requests": 0'),
        (b'"failed_requests": 412', b'"outage_s": 0'),
    ],
)
def test_a_page_that_says_something_else_than_its_entry_is_noticed(
    browser: Browser, site: Path, shown: bytes, other: bytes
) -> None:
    change(site / "index.html", shown, other)
    assert checked(browser, site) == [
        "bad",
        "signature-good",
        "record-good",
        "page-good",
        "entries-bad",
    ]


def test_another_record_under_the_same_key_is_not_the_one_of_the_page(
    browser: Browser, site: Path
) -> None:
    """As long as the other one, and well signed: a split view."""
    shutil.rmtree(site / "log")
    story = Story(folder=site / "log")
    for number in range(307):
        story.noticed(f"other {number}", SystemClock().now())
    story.record()
    assert checked(browser, site) == [
        "bad",
        "signature-good",
        "record-good",
        "page-bad",
        "entries-bad",
    ]


def test_a_record_that_does_not_come_is_neither_right_nor_wrong(
    browser: Browser, site: Path
) -> None:
    (site / "log/tile/0/000").unlink()
    assert checked(browser, site) == ["unread"]


def test_nobody_who_answers_is_neither_right_nor_wrong(browser: Browser, site: Path) -> None:
    with served(site) as address:
        browser.open(address)
    browser.run("document.getElementById('check-now').click()")
    assert browser.run(ANSWERED) == ["unread"]


def test_a_record_that_cannot_be_understood_is_wrong(browser: Browser, site: Path) -> None:
    (site / "log/checkpoint").write_bytes(b"\xff\n\n\xff\n")
    assert checked(browser, site) == ["bad"]


def test_a_record_that_is_too_long_for_a_browser_is_left_to_the_command(
    browser: Browser, site: Path
) -> None:
    endless = Checkpoint(origin=LOG_SIGNER.name, size=200_001, root=bytes(32))
    (site / "log/checkpoint").write_bytes(sign(endless.to_text(), [LOG_SIGNER]))
    assert checked(browser, site) == ["long", "signature-good"]


@pytest.mark.parametrize(
    "lacks",
    [
        "crypto.subtle.importKey = () => Promise.reject(new DOMException('', 'NotSupportedError'))",
        "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })",
    ],
    ids=["no Ed25519", "no secure context"],
)
def test_a_browser_that_cannot_check_says_so(browser: Browser, site: Path, lacks: str) -> None:
    added = browser.ask("Page.addScriptToEvaluateOnNewDocument", source=lacks)
    assert checked(browser, site) == ["unable"]
    browser.ask("Page.removeScriptToEvaluateOnNewDocument", **added)


def test_the_check_is_reached_and_started_with_the_keyboard_alone(
    browser: Browser, site: Path
) -> None:
    with served(site) as address:
        browser.open(address)
        for _ in range(60):
            browser.press(TAB)
            if browser.run("document.activeElement.id") == "check-now":
                break
        assert browser.run("document.activeElement.matches(':focus-visible')")
        browser.press(ENTER)
        assert browser.run(ANSWERED) == ALL_GOOD
        assert browser.run("document.activeElement.id") == "check-now"
