"""Lead a person through steps: say what happens, and wait for a key between two of them."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from textwrap import fill

import click

from standfast.cli.progress import WIDTH

GO_ON = "any key goes on, q ends the tour"
LEAVE = frozenset({"q", "Q", "\x03", "\x04", "\x1b"})
"""Whoever is asked for any key and presses one of these wants to leave."""


class Left(click.Abort):
    """The person has seen enough."""


@dataclass(slots=True, kw_only=True)
class Guide:
    """`waits`: somebody is there who presses keys; else one step follows the other at once."""

    steps: int
    waits: bool
    say: Callable[[str], None] = click.echo
    key: Callable[[], str] = click.getchar
    at: int = field(default=0)

    def step(self, title: str, words: str) -> None:
        """Announce the next step, and wait before it begins."""
        self.at += 1
        self.say(f"\n[{self.at}/{self.steps}] {title}")
        self.wait(words)

    def wait(self, words: str) -> None:
        """Say it, and go on when a key is pressed."""
        self.tell(words)
        if not self.waits:
            return
        click.echo(f"  ({GO_ON})", nl=False, err=True)
        pressed = self.key()
        click.echo("\r\x1b[2K", nl=False, err=True)
        if pressed in LEAVE:
            raise Left

    def tell(self, words: str) -> None:
        self.say(fill(words, WIDTH, initial_indent="  ", subsequent_indent="  "))


def somebody_is_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
