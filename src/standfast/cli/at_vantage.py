"""Programs of ours where customers are, and where no machine of the site stands."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from standfast.config import PROJECT
from standfast.core.command import Command, Runner, start
from standfast.proofs.drills.ground import LOAD

OURS: Mapping[str, str] = {"PYTHONPATH": str(PROJECT / "src")}


@dataclass(frozen=True, slots=True, kw_only=True)
class AtVantage:
    """`inside`: what stands before a program's words so that it runs there. Machines made here have
    a namespace for it; of listed ones this computer itself is the vantage."""

    runner: Runner
    inside: tuple[str, ...] = ()

    def start(self, plan: bytes) -> IO[bytes]:
        process = start(Command(argv=self._words(LOAD), environment=OURS), stderr=None)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(plan)
        process.stdin.close()
        return process.stdout

    def look(self, module: str, asked: bytes, *, limit_s: float) -> bytes:
        words = self._words(module)
        asking = Command(argv=words, environment=OURS, stdin=asked, timeout_s=limit_s)
        return self.runner.run(asking).stdout

    def _words(self, module: str) -> tuple[str, ...]:
        return (*self.inside, sys.executable, "-m", module)
