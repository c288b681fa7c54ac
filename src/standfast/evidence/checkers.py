"""Processes that check signatures: all that takes long in reading a log, on every core.

They are copies of this one (fork), because they need nothing but the library, and because starting
anew would take as long as a thousand signatures. They are given keys, signatures and bytes, and say
yes or no; nothing else comes back, so what they cannot say is not believed. Threads would do the
same, and would wait for each other at Python's lock: two took two thirds of two processes' pace.
"""

import os
import signal
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from standfast.evidence.signing import Check, signed_each

PAYS_FROM = 2000
"""Signatures that one process checks in a quarter of a second."""

MOST = 16
"""One process writes down what these find, and can feed about so many."""


class Checkers:
    """`signatures` is how many there will be, about: for few no process is started."""

    def __init__(self, signatures: int) -> None:
        cores = min(os.cpu_count() or 1, MOST)
        self.count = cores if cores > 1 and signatures >= PAYS_FROM else 0
        self._idle: SimpleQueue[Connection] = SimpleQueue()

    def __enter__(self) -> Self:
        context = get_context("fork")
        pipes = [context.Pipe() for _ in range(self.count)]
        self._processes = [
            context.Process(target=_serve, args=(at, pipes), daemon=True)
            for at in range(self.count)
        ]
        for process in self._processes:
            process.start()
        for ours, theirs in pipes:
            theirs.close()
            self._idle.put(ours)
        # Each thread waits for the answer of one process.
        self._threads = ThreadPoolExecutor(max(self.count, 1))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        while not self._idle.empty():
            self._idle.get().close()
        for process in self._processes:
            process.join()

    @property
    def processes(self) -> list[int]:
        """Their numbers."""
        return [each.pid for each in self._processes if each.pid is not None]

    def begin(self, checks: Sequence[Check]) -> "Future[list[bool]]":
        """Which of these signatures are good."""
        if not self.count:
            done: Future[list[bool]] = Future()
            done.set_result(list(signed_each(checks)))
            return done
        return self._threads.submit(self._ask, checks)

    def _ask(self, checks: Sequence[Check]) -> list[bool]:
        connection = self._idle.get()
        try:
            connection.send(checks)
            found: list[bool] = connection.recv()
        except (EOFError, OSError):
            # It was killed, as by a kernel that has no memory left. It takes its time here.
            connection.close()
            found = list(signed_each(checks))
        self._idle.put(connection)
        return found


def _serve(at: int, pipes: Sequence[tuple[Connection, Connection]]) -> None:
    """Until the other end is closed, also by the death of who held it. So the ends that this copy
    has been left are closed first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    connection = pipes[at][1]
    for each in (end for pair in pipes for end in pair if end is not connection):
        each.close()
    try:
        while True:
            connection.send(list(signed_each(connection.recv())))
    except (EOFError, OSError):
        return
