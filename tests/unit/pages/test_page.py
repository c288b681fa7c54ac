"""What a visitor sees, read from the finished files as a browser would read them."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from standfast.core.units import parse_stamp, stamp
from standfast.evidence.state import derive
from standfast.evidence.statement import ScopeNotice, Unpromised
from standfast.pages.trust.view import page
from standfast.promises.catalog import DATABASE_FAILOVER
from standfast.promises.model import State

from .conftest import NOON, Story, hours, published

Stories = Mapping[str, Callable[[], Story]]
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Reader(HTMLParser):
    """Keeps every element, and the text that is not hidden when the page is opened in time."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, bool]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, "hidden" in dict(attrs) or tag in {"style", "script", "title"}))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self.open.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_data(self, data: str) -> None:
        if not any(hidden for _, hidden in self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def read(files: Mapping[str, bytes]) -> Reader:
    return Reader(files["index.html"].decode())


def document(files: Mapping[str, bytes]) -> dict[str, object]:
    loaded = json.loads(files["trust.json"])
    assert isinstance(loaded, dict)
    return loaded


def test_a_rehearsed_page_says_so_at_the_top_in_the_banner_and_beside_the_state(
    stories: Stories,
) -> None:
    text = read(stories["kept-rehearsed"]().pages(NOON)).text
    assert "1 of 1 promises kept in rehearsal" in text
    assert "This site runs on shared hardware" in text
    assert "Kept · rehearsed" in text
    assert "share one kernel" in text


def test_a_real_page_has_neither_banner_nor_the_sign_of_a_rehearsal(stories: Stories) -> None:
    reader = read(stories["kept-real"]().pages(NOON))
    assert "shared hardware" not in reader.text
    assert "Kept · real" in reader.text
    assert not [each for each in reader.all("svg") if "rehearsed" in (each.get("class") or "")]


def test_a_broken_page_begins_with_what_is_broken_and_since_when(stories: Stories) -> None:
    text = read(stories["broken"]().pages(NOON)).text
    assert text.index("1 of 1 promises broken") < 100
    assert "Broken since 9 Mar 2026, 10:00 UTC" in text
    assert "37 failed requests (promised: none)" in text
    assert "A release kept an old health check." in text


def test_a_stale_proof_is_unproven_with_the_reason(stories: Stories) -> None:
    text = read(stories["unproven"]().pages(NOON)).text
    assert "1 of 1 promises unproven" in text
    assert "Unproven · last proof rehearsed" in text
    assert "more than 24 h old" in text
    assert "Kept" not in text


def test_an_empty_record_claims_nothing(stories: Stories) -> None:
    files = stories["empty"]().pages(NOON)
    assert "Nothing is proven yet" in read(files).text
    assert document(files)["promises"] == []
    assert document(files)["valid_until"] is None


def test_a_promise_that_is_announced_and_not_proven_is_shown_as_unproven(story: Story) -> None:
    files = story.enrolled(NOON - hours(1)).due(NOON).pages(NOON)
    text = read(files).text
    assert "It has not been proven yet." in text
    assert "by 10 Mar 2026, 12:00 UTC" in text
    assert "Never. A check that has not been seen to fail proves nothing" in text


def test_missed_slots_are_counted_and_dated(story: Story) -> None:
    start = NOON - hours(73)
    story.enrolled(start - hours(1)).due(start).calibrated(start + hours(0.2))
    story.proven(start + hours(1)).due(start + hours(24)).due(start + hours(48))
    text = read(story.proven(NOON - hours(1)).pages(NOON)).text
    assert "1 due proof is missing: 7 Mar 2026, 11:00 UTC to 8 Mar 2026, 11:00 UTC" in text


def test_every_kept_claim_has_an_expiry_and_an_expired_twin(stories: Stories) -> None:
    reader = read(stories["kept-rehearsed"]().pages(NOON))
    states = [each for each in reader.all("div") if (each.get("class") or "").startswith("state ")]
    kept, expired = states
    assert kept["data-valid-until"] == expired["data-valid-from"] == stamp(NOON + hours(22))
    assert "hidden" not in kept
    assert "hidden" in expired


def test_valid_until_is_printed_for_readers_without_a_script(stories: Stories) -> None:
    text = read(stories["kept-rehearsed"]().pages(NOON)).text
    assert text.count("10 Mar 2026, 10:00 UTC") >= 3
    assert "This browser runs no script" in text


@pytest.mark.parametrize("calibrated_before", [hours(2), timedelta(days=6, hours=20)])
def test_a_claim_expires_at_the_very_moment_at_which_the_record_no_longer_carries_it(
    story: Story, calibrated_before: timedelta
) -> None:
    start = NOON - calibrated_before - hours(1)
    story.enrolled(start - hours(1)).due(start).calibrated(start + hours(1)).proven(
        start + hours(2)
    )
    while start + hours(24) < NOON:
        start += hours(24)
        story.due(start).proven(start + hours(1))
    record = story.record()
    until = parse_stamp(str(document(published(record, NOON))["valid_until"]))
    blink = timedelta(milliseconds=1)
    assert derive(record.entries, now=until - blink)[0].state is State.KEPT
    assert derive(record.entries, now=until + blink)[0].state is not State.KEPT


def test_a_state_that_outlived_its_expiry_is_not_repeated(stories: Stories) -> None:
    record = stories["kept-real"]().record()
    states = derive(record.entries, now=NOON)
    where = {"site": "demo", "service": "Timesheets", "log_url": "", "vkey": ""}
    assert page(record, states, now=NOON, **where).claims[0].state is State.KEPT
    late = page(record, states, now=NOON + timedelta(days=2), **where).claims[0]
    assert (late.state, late.valid_until) == (State.UNPROVEN, None)
    ungraded = [
        replace(each, parts=tuple(replace(part, grade=None) for part in each.parts))
        for each in states
    ]
    assert page(record, ungraded, now=NOON, **where).claims[0].state is State.UNPROVEN


def test_of_a_record_with_complaints_nothing_is_shown_as_kept(stories: Stories) -> None:
    doubtful = replace(stories["kept-real"]().record(), complaints=("entry 3 was altered",))
    files = published(doubtful, NOON)
    text = read(files).text
    assert "The record does not check" in text
    assert "entry 3 was altered" in text
    assert "Kept" not in text
    assert document(files)["complaints"] == ["entry 3 was altered"]


def test_a_looser_objective_stands_beside_the_usual_one(story: Story) -> None:
    looser = {"failed_requests": 5, "doubled_writes": 0}
    text = read(story.enrolled(NOON).due(NOON, objective=looser).pages(NOON)).text
    assert "the product’s own limit is none" in text


def test_the_page_links_the_entries_that_it_rests_on(stories: Stories) -> None:
    reader = read(stories["kept-real"]().pages(NOON))
    links = [each["href"] for each in reader.all("a")]
    assert links.count("log/tile/entries/000.p/4") == 2
    assert "Entry 3" in reader.text


def test_what_is_written_into_the_record_cannot_become_markup(story: Story) -> None:
    files = story.enrolled(NOON).noticed("<script>alert(1)</script>", NOON).pages(NOON)
    assert len(read(files).all("script")) == 1
    assert "<script>alert(1)</script>" in read(files).text


def test_the_policy_allows_this_style_and_this_script_and_nothing_else(stories: Stories) -> None:
    html = stories["broken"]().pages(NOON)["index.html"].decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy.startswith("default-src &#39;none&#39;")
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy


@pytest.mark.parametrize("name", ["kept-rehearsed", "kept-real", "broken", "unproven", "empty"])
def test_nothing_is_loaded_from_anywhere(stories: Stories, name: str) -> None:
    html = stories[name]().pages(NOON)["index.html"].decode()
    for _, attributes in Reader(html).elements:
        assert not {"src", "srcset", "style", "onclick", "onload"} & set(attributes)
        assert not (attributes.get("href") or "").startswith(("http", "//"))
    assert "url(" not in html
    assert "@import" not in html


@pytest.mark.parametrize("name", ["kept-rehearsed", "kept-real", "broken", "unproven", "empty"])
def test_headings_are_in_order_and_ids_are_unique(stories: Stories, name: str) -> None:
    reader = read(stories[name]().pages(NOON))
    assert not reader.open
    levels = [int(tag[1]) for tag, _ in reader.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [each["id"] for _, each in reader.elements if "id" in each]
    assert len(ids) == len(set(ids))
    pointed = {each["aria-labelledby"] for _, each in reader.elements if "aria-labelledby" in each}
    assert pointed <= set(ids)


def test_ninety_days_of_history_fit_into_a_hundred_kilobytes(story: Story) -> None:
    start = NOON - timedelta(days=91)
    story.enrolled(start - hours(1))
    for _ in range(91):
        story.due(start).calibrated(start + hours(0.5)).proven(start + hours(1))
        start += hours(24)
    assert len(story.pages(NOON)["index.html"]) < 100_000


def test_both_forms_say_the_same(stories: Stories) -> None:
    files = stories["kept-rehearsed"]().pages(NOON)
    text, facts = read(files).text, document(files)
    assert str(facts["headline"]) in text
    (promise,) = facts["promises"]  # type: ignore[misc]
    assert promise["statement"] in text
    assert (promise["state"], promise["grade"]) == ("kept", "rehearsed")
    assert promise["valid_until"] == facts["valid_until"] == stamp(NOON + hours(22))
    assert promise["evidence"] == {"index": 3, "calibration": 2}


def test_a_promise_of_several_drills_shows_each_with_its_own_limits(story: Story) -> None:
    story.promise = DATABASE_FAILOVER
    files = story.enrolled(NOON).due(NOON).due(NOON, part=1).pages(NOON)
    text = read(files).text
    assert "Database crash: unproven" in text
    assert "Database host: unproven" in text
    assert "at most 3 s" in text
    assert "at most 6 s" in text
    (promise,) = document(files)["promises"]
    assert promise["objective"]["database-host"] == {"lost_writes": 0, "outage_s": 6}
    assert [each["drill"] for each in promise["drills"]] == ["database-crash", "database-host"]
    assert promise["reason"] == "database-crash: it has not been proven yet"


def test_what_the_site_leaves_out_is_named_with_the_reason(story: Story) -> None:
    left_out = Unpromised(
        promise="restore-works",
        statement="A lost database comes back.",
        why="it takes a backup machine",
    )
    notice = ScopeNotice(text="left out", at=NOON, not_promised=(left_out,))
    files = story.enrolled(NOON).due(NOON).tell(notice).pages(NOON)
    text = read(files).text
    assert "What is not promised" in text
    assert "Not promised, because it takes a backup machine." in text
    (found,) = document(files)["not_promised"]
    assert (found["id"], found["why"]) == ("restore-works", "it takes a backup machine")
