"""Every change of the text is a version, and the versions together give every text there was."""

from collections.abc import Callable, Mapping

import pytest

from standfast.evidence.company import Company, Contact
from standfast.pages.trust.model import Version
from standfast.pages.trust.text import versions
from standfast.promises.catalog import RESTORE_WORKS

from .conftest import COMPANY, LOOSER, NOON, Story, hours

assert COMPANY.security is not None
SECURITY = COMPANY.security


def of(story: Story) -> tuple[Version, ...]:
    return versions(story.record().entries, now=NOON + hours(100))


def test_what_is_announced_for_one_moment_is_one_version(story: Story) -> None:
    (first,) = of(story.enrolled(NOON).due(NOON).said(COMPANY, NOON))
    assert (first.number, first.since, first.index) == (1, NOON, 2)
    assert first.removed == ()
    assert story.promise.statement in first.added
    assert "About data protection: privacy@example.test." in first.added
    assert "The company’s own word: The data centre is guarded day and night." in first.added


def test_a_slot_that_says_the_same_again_is_no_version(story: Story) -> None:
    story.enrolled(NOON).due(NOON).proven(NOON + hours(1)).due(NOON + hours(24))
    assert len(of(story)) == 1


def test_a_version_has_what_was_taken_away_and_what_was_added(
    stories: Mapping[str, Callable[[], Story]],
) -> None:
    first, begun, loosened, withdrawn, spoken = of(stories["changed"]())
    assert [each.number for each in (first, begun, loosened, withdrawn, spoken)] == [1, 2, 3, 4, 5]
    assert loosened.removed == ("Web server — failed requests: none; changes saved twice: none.",)
    assert loosened.added == (
        "Web server — failed requests: at most 5; changes saved twice: none.",
    )
    assert RESTORE_WORKS.statement in withdrawn.removed
    assert withdrawn.added[0].startswith(f"Not promised: {RESTORE_WORKS.statement}")
    assert spoken.removed == ()
    assert len(spoken.added) == 1


def test_what_was_changed_and_changed_back_is_seen_twice(story: Story) -> None:
    story.enrolled(NOON).due(NOON).proven(NOON + hours(1))
    story.due(NOON + hours(24), objective=LOOSER).proven(NOON + hours(25))
    story.due(NOON + hours(48))
    _, looser, tighter = of(story)
    assert (looser.removed, looser.added) == (tighter.added, tighter.removed)


def test_a_change_is_not_dated_back_by_what_it_says_of_itself(story: Story) -> None:
    story.enrolled(NOON).due(NOON).proven(NOON + hours(5)).due(NOON, objective=LOOSER)
    assert [each.since for each in of(story)] == [NOON, NOON + hours(5)]


def test_it_is_seen_too_when_all_of_it_is_of_one_moment(story: Story) -> None:
    story.enrolled(NOON).said(COMPANY, NOON).said(Company(), NOON).said(COMPANY, NOON)
    _, taken_back, said_again = of(story)
    assert taken_back.removed == said_again.added != ()


def test_a_slot_from_the_time_when_slots_named_no_drill_is_the_same_text(story: Story) -> None:
    story.enrolled(NOON).due(NOON)
    unnamed = story.announced.model_copy(update={"drill": None})
    old = Story(folder=story.folder.with_name("old")).enrolled(NOON).tell(unnamed)
    old.proven(NOON + hours(1)).due(NOON + hours(24))
    assert len(of(old)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"contacts": (*COMPANY.contacts, Contact(about="data protection", address="tel:1"))},
        {"policies": (*COMPANY.policies, COMPANY.policies[0].model_copy(update={"version": "4"}))},
        {"security": SECURITY.model_copy(update={"encryption": "https://example.test/key"})},
        {"security": SECURITY.model_copy(update={"policy": None})},
        {"security": None},
        {"name": None},
    ],
    ids=str,
)
def test_nothing_that_the_company_says_is_changed_unseen(
    story: Story, change: dict[str, object]
) -> None:
    later = NOON + hours(1)
    story.enrolled(NOON).said(COMPANY, NOON).said(COMPANY.model_copy(update=change), later)
    assert [each.since for each in of(story)] == [NOON, later]


def test_all_versions_together_give_the_text_of_today(
    stories: Mapping[str, Callable[[], Story]],
) -> None:
    lines: set[str] = set()
    for each in of(stories["changed"]()):
        assert set(each.removed) <= lines
        lines = (lines - set(each.removed)) | set(each.added)
    assert "The company’s own word: The data centre is guarded day and night." in lines
    assert "Web server — failed requests: at most 5; changes saved twice: none." in lines
    assert RESTORE_WORKS.statement not in lines
