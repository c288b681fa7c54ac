"""Whole pages, kept as files that a person reads when they change.

`STANDFAST_GOLDEN=write` writes them anew.
"""

from collections.abc import Callable, Mapping

import pytest
from tests.golden.kept import GOLDEN, kept

from .conftest import NOON, STORIES, Story


@pytest.mark.parametrize("name", STORIES)
def test_a_page_is_byte_for_byte_the_golden_one(
    stories: Mapping[str, Callable[[], Story]], name: str
) -> None:
    made = stories[name]().pages(NOON)
    golden = kept(GOLDEN / "pages" / name, made)
    assert sorted(golden) == sorted(made)
    for file, content in made.items():
        assert content.decode() == golden[file].decode()


def test_the_same_record_and_moment_make_the_same_bytes(story: Story) -> None:
    record_pages = story.enrolled(NOON).due(NOON).pages(NOON)
    from_another_folder = Story(folder=story.folder.with_name("again")).enrolled(NOON).due(NOON)
    assert record_pages == from_another_folder.pages(NOON)
