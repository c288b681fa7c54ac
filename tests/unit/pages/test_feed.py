"""The feed tells what broke, what was mended, which check was not seen red in time, and notices."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from datetime import timedelta

from standfast.core.units import stamp
from standfast.pages.trust.feed import MOST, happenings
from standfast.promises.catalog import REDUNDANT_WEB

from .conftest import NOON, STORIES, Story, hours

ATOM = "{http://www.w3.org/2005/Atom}"
Stories = Mapping[str, Callable[[], Story]]


def kinds(story: Story) -> list[str]:
    return [each.kind for each in happenings(story.record().entries, now=NOON)]


def test_broken_still_broken_and_mended_are_told_in_this_order(story: Story) -> None:
    start = NOON - hours(80)
    story.enrolled(start).due(start).calibrated(start + hours(0.5))
    story.proven(start + hours(1), failed=3).due(start + hours(24))
    story.proven(start + hours(25), failed=2).due(start + hours(48)).proven(start + hours(49))
    story.due(start + hours(72)).proven(start + hours(73))
    told = happenings(story.record().entries, now=NOON)
    assert [each.kind for each in told] == ["mended", "still-broken", "broken", "notice"]
    broken = told[2]
    assert broken.title == f"Broken (rehearsed): {REDUNDANT_WEB.statement}"
    assert broken.text == "3 failed requests (promised: none)."


def test_a_proof_that_does_not_count_mends_nothing(story: Story) -> None:
    start = NOON - hours(30)
    story.enrolled(start).due(start).proven(start + hours(1), failed=3)
    story.proven(start + hours(28))
    assert kinds(story) == ["broken", "notice"]


def test_a_check_that_was_not_seen_red_in_time_is_told_at_the_time_at_which_it_should_have(
    story: Story,
) -> None:
    start = NOON - REDUNDANT_WEB.calibrated_within * 3
    story.enrolled(start).due(start).calibrated(start)
    story.calibrated(start + REDUNDANT_WEB.calibrated_within - timedelta(seconds=1))
    missed, notice = happenings(story.record().entries, now=NOON)
    assert (missed.kind, notice.kind) == ("not-seen-red", "notice")
    assert missed.at == start + REDUNDANT_WEB.calibrated_within * 2 - timedelta(seconds=1)


def test_the_newest_come_first_and_there_are_not_more_than_a_reader_takes(story: Story) -> None:
    for number in range(MOST + 10):
        story.noticed(f"notice {number}", NOON - hours(100 - number))
    texts = [each.text for each in happenings(story.record().entries, now=NOON)]
    assert len(texts) == MOST
    assert texts[0] == f"notice {MOST + 9}"


def feed(files: Mapping[str, bytes]) -> ElementTree.Element:
    return ElementTree.fromstring(files["feed.atom"])


def test_every_feed_has_what_atom_demands(stories: Stories) -> None:
    for name in STORIES:
        root = feed(stories[name]().pages(NOON))
        for element in (root, *root.iter(f"{ATOM}entry")):
            for needed in ("id", "title", "updated"):
                assert element.findtext(f"{ATOM}{needed}"), (name, needed)
        assert root.findtext(f"{ATOM}author/{ATOM}name") == "Timesheets"
        ids = [each.findtext(f"{ATOM}id") for each in root.iter(f"{ATOM}entry")]
        assert len(ids) == len(set(ids))


def test_a_feed_is_dated_by_its_newest_entry(stories: Stories) -> None:
    root = feed(stories["broken"]().pages(NOON))
    assert root.findtext(f"{ATOM}updated") == stamp(NOON)
    assert [each.findtext(f"{ATOM}title") for each in root.iter(f"{ATOM}entry")] == [
        "Notice",
        f"Broken (rehearsed): {REDUNDANT_WEB.statement}",
        "Keys may sign",
    ]


def test_no_text_of_the_record_makes_the_feed_unreadable(story: Story) -> None:
    root = feed(story.noticed("<b>bold & \x00\x1b\uffff</b>", NOON).pages(NOON))
    assert root.findtext(f"{ATOM}entry/{ATOM}summary") == "<b>bold & </b> (entry 0)"
