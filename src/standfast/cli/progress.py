"""Say what is being done: one line per machine and step, at 80 columns.

On a terminal a line is rewritten while its step goes on; elsewhere each new step is a line.
Progress goes to stderr, so stdout holds the answer alone.
"""

import sys
import threading
from dataclasses import dataclass, field
from typing import TextIO

WIDTH = 80
NAME_WIDTH = 11


@dataclass(slots=True, kw_only=True)
class Progress:
    out: TextIO = field(default_factory=lambda: sys.stderr)
    quiet: bool = False
    steps: dict[str, str] = field(default_factory=dict)
    drawn: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, who: str, what: str) -> None:
        with self.lock:
            before, self.steps[who] = self.steps.get(who, ""), what
            if self.quiet or before == what:
                return
            if self.out.isatty():
                self._redraw()
            elif step(before) != step(what):
                print(line(who, step(what)), file=self.out, flush=True)

    def end(self) -> None:
        """What is drawn stays; the next step begins below it."""
        with self.lock:
            self.steps.clear()
            self.drawn = 0

    def say(self, words: str = "") -> None:
        if not self.quiet:
            self.end()
            print(words, file=self.out, flush=True)

    def _redraw(self) -> None:
        if self.drawn:
            self.out.write(f"\x1b[{self.drawn}A")
        for who, what in self.steps.items():
            self.out.write(f"\x1b[2K{line(who, what)}\n")
        self.drawn = len(self.steps)
        self.out.flush()


def step(what: str) -> str:
    """Without the figures that change while a step goes on: `power cut of web-1 … 50 asked`."""
    return what.partition(" … ")[0]


def line(who: str, what: str) -> str:
    text = f"  {who:<{NAME_WIDTH}} {what}"
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
