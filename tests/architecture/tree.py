"""What these tests look at: the files of the project, and its Python files parsed."""

import ast
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = "src/standfast/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    path: str
    """From the root of the project, as it is shown."""
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """`src/standfast/core/clock.py` is `standfast.core.clock`, a package is its folder."""
        parts = Path(self.path).with_suffix("").parts
        parts = parts[1:] if parts[0] == "src" else parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def is_package(self) -> bool:
        return Path(self.path).name == "__init__.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    line: int
    message: str
    """What stands there and, after a semicolon, what to write instead."""


def source(path: str, text: str) -> Source:
    return Source(path=path, text=text, tree=ast.parse(text, filename=path))


@cache
def files() -> tuple[str, ...]:
    """Every file that is committed or would be: what git tracks and does not ignore."""
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return tuple(sorted(path for path in listed.split("\0") if path and (ROOT / path).is_file()))


@cache
def sources(prefix: str = "") -> tuple[Source, ...]:
    return tuple(
        source(path, (ROOT / path).read_text(encoding="utf-8"))
        for path in files()
        if path.startswith(prefix) and path.endswith(".py")
    )


def text_files() -> Iterator[tuple[str, str]]:
    """Path and content of every file that is text."""
    for path in files():
        try:
            yield path, (ROOT / path).read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue


def report(path: str, findings: Iterable[Finding]) -> list[str]:
    return [f"{path}:{finding.line}: {finding.message}" for finding in findings]
