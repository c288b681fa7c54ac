"""A difference as a person reads it, at 80 columns. Pure."""

from collections.abc import Iterator, Mapping
from textwrap import wrap

from standfast.cli.progress import WIDTH
from standfast.mechanisms.hosts.difference import Change, Difference, FileChange

LABEL_WIDTH = 10
SIGNS: Mapping[Change, str] = {Change.NEW: "+", Change.CHANGED: "~", Change.REMOVED: "-"}


def lines(each: Difference, roles: str) -> Iterator[str]:
    yield from wrap(f"{each.machine}  ({roles})  {summary(each)}", WIDTH, subsequent_indent="    ")
    for what in each.foreign:
        yield from entry("in the way", what)
    yield from entry("packages", added(each.packages))
    yield from entry("users", added(each.users))
    yield from entry("units", added(each.units))
    if each.firewall:
        yield from file_lines("firewall", each.firewall)
    for change in each.files:
        yield from file_lines("file", change)


def summary(each: Difference) -> str:
    if each.is_empty:
        return "is as planned"
    if not each.seen:
        return "was not looked at; all of this would be there"
    figures = (
        (sum(file.change is Change.NEW for file in each.files), "file", "new"),
        (sum(file.change is Change.CHANGED for file in each.files), "file", "changed"),
        (sum(file.change is Change.REMOVED for file in each.files), "file", "removed"),
        (len(each.packages), "package", "installed"),
        (len(each.users), "user", "made"),
        (len(each.units), "unit", "enabled"),
    )
    words = [f"{counted(number, noun)} {verb}" for number, noun, verb in figures if number]
    words += ["firewall replaced"] if each.firewall else []
    words += [f"{counted(len(each.foreign), 'thing')} in the way"] if each.foreign else []
    return ", ".join(words)


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def added(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def entry(label: str, words: str) -> Iterator[str]:
    if words:
        first = f"  {label:<{LABEL_WIDTH}} "
        yield from wrap(
            words,
            WIDTH,
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_on_hyphens=False,
        )


def file_lines(label: str, change: FileChange) -> Iterator[str]:
    extra = " ".join(words for words in (change.mode, change.note) if words)
    yield from entry(label, f"{SIGNS[change.change]} {change.path}  {extra}".rstrip())
    for line in change.lines:
        yield cut(f"    {line}")


def cut(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
