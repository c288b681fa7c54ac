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

from standfast.core import templates
from standfast.core.units import parse_stamp, stamp
from standfast.evidence.company import Company
from standfast.evidence.policy import parse
from standfast.evidence.state import derive
from standfast.evidence.statement import ScopeNotice, Unpromised
from standfast.evidence.timestamp.shelf import Stamped, command, root_path
from standfast.mechanisms.monitor.settings import MOST_AUTHORITIES
from standfast.pages.trust.render import PACKAGE, compact
from standfast.pages.trust.view import page
from standfast.promises.catalog import CATALOG, DATABASE_FAILOVER
from standfast.promises.model import State

from .conftest import (
    COMPANY,
    LOOSER,
    NOON,
    POLICY,
    STORIES,
    Story,
    hours,
    published,
    witnessed,
)

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


def test_every_kept_claim_has_an_expiry_and_its_expired_twin_is_hidden(stories: Stories) -> None:
    """A script makes the twin of each, as test_browser.py sees."""
    reader = read(stories["kept-rehearsed"]().pages(NOON))
    states = [each for each in reader.all("div") if (each.get("class") or "").startswith("state ")]
    template, kept = states
    assert kept["data-valid-until"] == stamp(NOON + hours(22))
    assert "hidden" not in kept
    assert "hidden" in template


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
    text = read(story.enrolled(NOON).due(NOON, objective=LOOSER).pages(NOON)).text
    assert "the product’s own limit is none" in text


def test_the_page_links_the_entries_that_it_rests_on(stories: Stories) -> None:
    reader = read(stories["kept-real"]().pages(NOON))
    links = [each for each in reader.all("a") if "data-outcome" in each]
    assert [each["data-entry"] for each in links] == ["3", "2"]
    assert [each["data-outcome"] for each in links] == ["kept", "calibrated"]
    assert {each["href"] for each in links} == {"log/tile/entries/000.p/4"}
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


@pytest.mark.parametrize("name", STORIES)
def test_nothing_is_loaded_from_anywhere(stories: Stories, name: str) -> None:
    html = stories[name]().pages(NOON)["index.html"].decode()
    for tag, attributes in Reader(html).elements:
        assert not {"src", "srcset", "style", "onclick", "onload"} & set(attributes)
        # A link is followed by who wants to; a style or a font would be fetched.
        assert tag == "a" or not (attributes.get("href") or "").startswith(("http", "//"))
    assert "url(" not in html
    assert "@import" not in html


@pytest.mark.parametrize("name", STORIES)
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


def test_the_whole_catalogue_fits_into_a_hundred_kilobytes_without_its_history(
    story: Story,
) -> None:
    start = NOON - hours(3)
    story.enrolled(start).said(COMPANY, start)
    for promise in CATALOG:
        story.promising(promise)
        for number in range(len(promise.parts)):
            story.due(start, part=number).calibrated(start + hours(1)).proven(start + hours(2))
    story.looked(start, start + hours(2), outage=timedelta(seconds=60))
    named = [replace(STAMPED, authority=f"authority-{each}") for each in range(MOST_AUTHORITIES)]
    place = f"https://{'s' * 60}.example.test/{'f' * 200}"
    files = published(story.record(), NOON, timestamps=named, elsewhere=place)
    assert document(files)["elsewhere"] == place
    assert (
        document(files)["headline"]
        == f"{len(CATALOG)} of {len(CATALOG)} promises kept in rehearsal"
    )
    assert len(files["index.html"]) < 100_000


def test_where_a_copy_is_stands_there_only_if_it_was_named(story: Story) -> None:
    place = "https://store.example.test/shop/trust/index.html"
    record = story.enrolled(NOON).due(NOON).record()
    bare, named = published(record, NOON), published(record, NOON, elsewhere=place)
    assert "elsewhere" not in document(bare)
    assert "a copy is at" not in read(bare).text
    assert document(named)["elsewhere"] == place
    assert f'<a href="{place}" rel="noreferrer">' in named["index.html"].decode()
    assert len(named["index.html"]) - len(bare["index.html"]) < 250
    assert named["feed.atom"] == bare["feed.atom"]


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


def test_an_objective_that_was_loosened_says_so_for_ever_after(stories: Stories) -> None:
    files = stories["changed"]().pages(NOON)
    text = read(files).text
    assert "Failed requests: none before, at most 5 from 9 Mar 2026, 06:00 UTC" in text
    assert "so less is promised than before" in text
    (promise,) = document(files)["promises"]
    (change,) = promise["drills"][0]["changes"]
    assert (change["figure"], change["before"], change["after"]) == ("failed_requests", 0, 5)


def test_an_objective_that_is_tightened_again_was_loosened_all_the_same(story: Story) -> None:
    start = NOON - hours(48)
    story.enrolled(start).due(start).due(start + hours(24), objective=LOOSER).due(NOON)
    text = read(story.pages(NOON)).text
    assert text.count("so less is promised than before") == 1
    assert "Failed requests: at most 5 before, none from 9 Mar 2026, 12:00 UTC" in text


def test_a_promise_that_was_withdrawn_stays_visible(stories: Stories) -> None:
    files = stories["changed"]().pages(NOON)
    assert "It was promised until then." in read(files).text
    (left_out,) = document(files)["not_promised"]
    assert (left_out["id"], left_out["was_promised"]) == ("restore-works", True)
    assert [each["id"] for each in document(files)["promises"]] == ["redundant-web"]


def test_what_the_company_says_stands_there_as_its_own_word(stories: Stories) -> None:
    files = stories["changed"]().pages(NOON)
    text = read(files).text
    own_word = text[text.index("What remains our word") :]
    assert "The data centre is guarded day and night." in own_word
    assert "Data protection: privacy@example.test" in own_word
    assert "Access , version 3. Owner: operations. To be reviewed by 31 Dec 2026 ." in own_word
    assert document(files)["company"] == {
        "index": 9,
        "since": stamp(NOON - hours(1)),
        **COMPANY.model_dump(mode="json"),
    }


def test_where_nothing_was_said_the_page_says_that_it_was_not(story: Story) -> None:
    silent = read(story.enrolled(NOON).pages(NOON)).text
    assert "The company has not put on record whom to ask" in silent
    files = story.said(Company(name="Example Ltd"), NOON).pages(NOON)
    text = read(files).text
    assert "The company has not said whom to ask." in text
    assert "The company has not said where." in text
    assert "The company has named no policy." in text
    assert "security.txt" not in files


def test_words_that_were_taken_back_are_not_shown(story: Story) -> None:
    story.enrolled(NOON).said(COMPANY, NOON).said(Company(), NOON)
    files = story.pages(NOON)
    assert "privacy@example.test" not in read(files).text.partition("How the text")[0]
    assert "security.txt" not in files


def test_a_policy_has_an_overdue_twin_from_the_end_of_its_last_day(stories: Stories) -> None:
    reader = read(stories["changed"]().pages(NOON))
    (until,) = [
        each
        for each in reader.all("span")
        if each.get("data-valid-until") == "2026-12-31T23:59:59.000Z"
    ]
    (overdue,) = [
        each
        for each in reader.all("strong")
        if each.get("data-valid-from") == "2026-12-31T23:59:59.000Z"
    ]
    assert "hidden" not in until
    assert "hidden" in overdue


def test_three_dates_stand_at_the_top(stories: Stories) -> None:
    text = read(stories["changed"]().pages(NOON)).text
    top = text[: text.index("The promises")]
    assert "This text from 9 Mar 2026, 11:00 UTC ( version 5 )" in top
    assert "Newest evidence 9 Mar 2026, 10:00 UTC ( entry 8 )" in top
    assert "Valid until 10 Mar 2026, 10:00 UTC" in top


def test_availability_is_not_invented(stories: Stories) -> None:
    files = stories["kept-real"]().pages(NOON)
    assert "Availability in 90 days Not measured yet:" in read(files).text
    assert document(files)["availability"] is None


def test_a_share_of_looks_is_said_with_what_nobody_saw(stories: Stories) -> None:
    files = stories["changed"]().pages(NOON)
    text = read(files).text
    assert (
        "Availability in 90 days Of 9,900 looks from 8 Mar 2026, 06:00 UTC to 9 Mar 2026, 11:30 "
        "UTC the service answered 99.959 %. For 2 h nobody looked, which counts as nothing. "
        "Outages: 1, the longest 40 s. A monitor inside the site looks every 10 s at the public "
        "addresses; what lies between them and you it does not see. ( entry 12 )"
    ) in text
    said = document(files)["availability"]
    assert isinstance(said, dict)
    assert (said["looks"], said["answered"], said["unlooked_s"]) == (9900, 9896, 7200)
    assert [each["address"] for each in said["addresses"]] == ["203.0.113.7", "203.0.113.8"]


def test_no_hour_has_a_line_of_its_own(story: Story) -> None:
    """Neither on the page nor in the feed: a quarter has 2,160."""
    other = Story(folder=story.folder.with_name("other"))
    one = other.enrolled(NOON - hours(100)).looked(NOON - hours(100), NOON - hours(99)).pages(NOON)
    story.enrolled(NOON - hours(100))
    for end in range(99, 0, -1):
        story.looked(NOON - hours(end + 1), NOON - hours(end))
    many = story.pages(NOON)
    assert abs(len(many["index.html"]) - len(one["index.html"])) < 100
    assert many["feed.atom"].count(b"<entry>") == one["feed.atom"].count(b"<entry>") == 1


def test_of_a_record_that_does_not_check_no_share_is_stated(stories: Stories) -> None:
    doubtful = replace(stories["changed"]().record(), complaints=("entry 3 was altered",))
    files = published(doubtful, NOON)
    assert "The record does not check, so no percentage is stated." in read(files).text
    assert document(files)["availability"] is None


def test_the_page_names_who_has_cosigned_and_hands_out_whom_to_require(story: Story) -> None:
    record = story.enrolled(NOON - hours(1)).record()
    policy = parse(POLICY.encode())
    files = published(witnessed(record, NOON, "monitor-1", "monitor-3"), NOON, policy)
    said = json.loads(files["trust.json"])["log"]["cosigned"]
    assert said["required"] == "2 of monitor-1, monitor-2, monitor-3"
    assert [(each["witness"], each["at"]) for each in said["by"]] == [
        ("monitor-1", "2026-03-09T12:00:00.000Z"),
        ("monitor-3", "2026-03-09T12:00:00.000Z"),
    ]
    text = " ".join(read(files).text.split())
    assert "Nobody was shown another record: monitor-1 ( 9 Mar 2026, 12:00 UTC ) and moni" in text
    assert "Required: 2 of monitor-1, monitor-2, monitor-3." in text
    assert files["policy.txt"].decode() == POLICY


def test_a_page_without_witnesses_says_nothing_of_them(story: Story) -> None:
    files = story.enrolled(NOON - hours(1)).pages(NOON)
    assert json.loads(files["trust.json"])["log"]["cosigned"] == {"required": None, "by": []}
    assert "cosigned" not in read(files).text
    assert "policy.txt" not in files


def test_each_certificate_stands_there_with_a_command_and_the_answer_to_expect(
    stories: Stories,
) -> None:
    files = stories["changed"]().pages(NOON)
    text = read(files).text
    part = text[text.index("The certificates") : text.index("What remains our word")]
    for said in (
        "shop.example and www.shop.example Issuer An Authority Serial number 0A1B Key RSA 2048",
        f"SHA-256 fingerprint {'ab' * 32}",
        "openssl s_client -connect 203.0.113.7:443 -servername shop.example",
        "openssl s_client -connect 203.0.113.8:443 -servername shop.example",
        "openssl s_client -connect 203.0.113.7:443 -noservername",
        f"Each must answer sha256 Fingerprint={':'.join(['AB'] * 32)}",
        f"It must answer sha256 Fingerprint={':'.join(['CD'] * 32)}",
    ):
        assert said in part, said
    shown = document(files)["certificates"]["shown"]
    assert [each["sha256"] for each in shown] == ["ab" * 32, "cd" * 32]


def test_a_certificate_has_an_expired_twin_from_its_last_second(stories: Stories) -> None:
    reader = read(stories["changed"]().pages(NOON))
    ends = stamp(NOON + hours(70 * 24))
    (expired,) = [each for each in reader.all("p") if each.get("data-valid-from") == ends]
    assert "hidden" in expired


def test_a_page_of_a_log_that_names_no_certificate_says_nothing_of_them(stories: Stories) -> None:
    files = stories["kept-real"]().pages(NOON)
    assert "To compare" not in read(files).text
    assert document(files)["certificates"] is None


STAMPED = Stamped(at=NOON - hours(5), size=1234, authority="freetsa")


def test_the_page_says_who_has_stamped_the_record_and_how_to_check_it(story: Story) -> None:
    another = Stamped(at=NOON - hours(6), size=2, authority="time-2")
    record = story.enrolled(NOON).due(NOON).record()
    files = published(record, NOON, timestamps=[STAMPED, another])
    text = read(files).text
    for words in ("freetsa: 9 Mar 2026, 07:00 UTC", "of the first 1,234 entries", "time-2: 9 Mar"):
        assert words in text
    for stamped in (STAMPED, another):
        assert command(stamped) in text
        for path in (stamped.note_path, stamped.answer_path, root_path(stamped.authority)):
            assert f'href="log/{path}"'.encode() in files["index.html"]
    facts = json.loads(files["trust.json"])["log"]["timestamps"]
    assert [(each["authority"], each["size"]) for each in facts] == [
        ("freetsa", 1234),
        ("time-2", 2),
    ]
    assert facts[0]["answer"] == "timestamps/1234-freetsa.tsr"


def test_without_time_stamps_nothing_is_said_of_them(story: Story) -> None:
    files = story.enrolled(NOON).due(NOON).pages(NOON)
    assert json.loads(files["trust.json"])["log"]["timestamps"] == []
    assert b"RFC 3161" not in files["index.html"]


def test_the_style_is_the_same_without_its_spaces() -> None:
    style = templates.render(PACKAGE, "page.css")
    short = compact(style)
    assert len(short) < 0.9 * len(style)
    assert "\n" not in short
    squeezed = "".join(style.split()).replace(";}", "}")
    assert "".join(short.split()) == squeezed
    for word in (
        "@media screen and (prefers-color-scheme:dark){",
        ".top .line .mark{",
        "a:focus-visible,",
    ):
        assert word in short
