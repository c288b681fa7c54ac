"""Users read the words of the glossary, and not the ones that the field uses besides.

Only words are banned that cannot mean anything else here. A foreign name keeps its word: write it
`in backticks`, as any code; a string of one word is a name, too, and is not looked at.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping

import pytest

from .tree import ROOT, Finding, Source, files, report, source, sources

INSTEAD: Mapping[str, str] = {
    "node": "machine",
    "nodes": "machines",
    "master": "primary",
    "masters": "primaries",
    "slave": "secondary",
    "slaves": "secondaries",
    "chaos": "drill",
    "slo": "promise",
    "slos": "promises",
}

A_TREE_HAS_NODES = ("src/standfast/evidence/merkle.py", "src/standfast/evidence/tiles.py")
"""RFC 9162 section 2.1 calls the inner parts of a Merkle tree so."""

QUOTED = re.compile(r"(`+)[^`]+?\1")
WORD = re.compile(rf"(?<![\w/.=-])({'|'.join(INSTEAD)})(?![\w/=-])", re.IGNORECASE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def blank(hit: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", hit[0])


def wrong_words(text: str, first_line: int = 1) -> Iterator[Finding]:
    prose = QUOTED.sub(blank, text)
    for hit in WORD.finditer(prose):
        line = first_line + prose.count("\n", 0, hit.start())
        yield Finding(line=line, message=f"“{hit[0]}”; write “{INSTEAD[hit[0].lower()]}”")


def in_python(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield from wrong_words(node.value, node.lineno)
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield from wrong_words(token.string, token.start[0])


def test_strings_and_comments_of_the_product_use_our_words() -> None:
    found = [
        line
        for each in sources("src/")
        if each.path not in A_TREE_HAS_NODES
        for line in report(each.path, in_python(each))
    ]
    assert not found, "\n" + "\n".join(found)


def test_documents_use_our_words() -> None:
    found = [
        line
        for path in files()
        if path.endswith(".md") and path != "GLOSSARY.md"
        for line in report(path, wrong_words(FENCED.sub(blank, (ROOT / path).read_text())))
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    "code",
    [
        '"""Every node of the site."""',
        'print(f"the master is {name}")',
        "x = 1  # chaos begins here",
    ],
)
def test_a_planted_word_is_found(code: str) -> None:
    assert len(list(in_python(source("src/standfast/planted.py", code)))) == 1


@pytest.mark.parametrize(
    "code",
    [
        'option = "master"',
        '"""Patroni calls it `master`, ssh_config(5) ControlMaster."""',
        'print("haproxy runs as master-worker")',
        "node = tree.body[0]",
    ],
)
def test_a_foreign_name_is_left_alone(code: str) -> None:
    assert not list(in_python(source("src/standfast/planted.py", code)))
