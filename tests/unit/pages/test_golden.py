"""Whole pages, kept as files that a person reads when they change.

`STANDFAST_GOLDEN=write` writes them anew.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from .conftest import NOON, Story

GOLDEN = Path(__file__).parents[2] / "golden" / "pages"
STORIES = ("kept-rehearsed", "kept-real", "broken", "unproven", "empty")


@pytest.mark.parametrize("name", STORIES)
def test_a_page_is_byte_for_byte_the_golden_one(
    stories: Mapping[str, Callable[[], Story]], name: str
) -> None:
    for file, content in stories[name]().pages(NOON).items():
        golden = GOLDEN / name / file
        if os.environ.get("STANDFAST_GOLDEN") == "write":
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_bytes(content)
        assert content.decode() == golden.read_text()


def test_the_same_record_and_moment_make_the_same_bytes(story: Story) -> None:
    record_pages = story.enrolled(NOON).due(NOON).pages(NOON)
    from_another_folder = Story(folder=story.folder.with_name("again")).enrolled(NOON).due(NOON)
    assert record_pages == from_another_folder.pages(NOON)
