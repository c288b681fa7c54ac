"""The commands that the documents tell people to type exist."""

import re
from collections.abc import Iterator

import click
import pytest

from standfast.cli import standfast

from .tree import ROOT, files

DOCUMENTS = tuple(path for path in files() if path.endswith(".md") and not path.startswith("src/"))


def typed(text: str) -> Iterator[tuple[str, str]]:
    """`bin/standfast drill` is `("standfast", "drill")`; options before the noun are skipped."""
    yield from re.findall(r"(?<![\w/])bin/(\w+)(?: +([a-z]+)\b)?", text)


def code(text: str) -> str:
    """What stands in fences and backticks; a sentence may go on after a program's name."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_command_in_a_document_exists(path: str) -> None:
    assert isinstance(standfast, click.Group)
    for program, word in typed(code((ROOT / path).read_text())):
        assert (ROOT / "bin" / program).is_file(), f"{path} names bin/{program}, which is missing"
        if program == "standfast" and word:
            assert word in standfast.commands, f"{path} names `standfast {word}`, which is missing"


def test_every_command_says_what_it_will_do() -> None:
    for name, command in standfast.commands.items():
        assert command.help, f"standfast {name} --help says nothing"
