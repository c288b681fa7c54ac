"""Copies of this process that compute, one for each core.

A copy (fork) has all that this process has in memory at no cost; a program that is started anew
would first have to read it. It is asked one thing after the other, and answers; nothing else comes
back. Threads wait for each other at Python's lock, and where an answer takes a tenth of a
millisecond two of them have two thirds of the pace of two processes.
"""

import os
import pickle
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from mmap import mmap
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")
Work = Callable[[Question], Answer]
Pipes = Sequence[tuple[Connection, Connection]]

SHARED_BYTES = 2**20
"""A question of 256 usual entries of a log is a quarter of this."""

ENDS_WITHIN_S = 5.0
"""It has nothing to put away."""


class Copies(Generic[Question, Answer]):
    """For use in a `with`. Without any copies the work is done here, at once, and so it is when
    they have been killed. `work` is done in a copy: it may compute, and neither log, nor start
    threads, nor wait for anybody."""

    def __init__(self, work: Work[Question, Answer], count: int) -> None:
        self.count = count
        self._work = work
        self._idle: SimpleQueue[_Line] = SimpleQueue()

    def __enter__(self) -> Self:
        context = get_context("fork")
        pipes = [context.Pipe() for _ in range(self.count)]
        shared = [mmap(-1, SHARED_BYTES) for _ in pipes]
        self._processes = [
            context.Process(target=_serve, args=(self._work, at, pipes, shared[at]), daemon=True)
            for at in range(self.count)
        ]
        for process in self._processes:
            process.start()
        for (ours, theirs), memory in zip(pipes, shared, strict=True):
            theirs.close()
            self._idle.put(_Line(ours, memory))
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
            process.join(ENDS_WITHIN_S)
            process.kill()
            process.join()

    @property
    def processes(self) -> list[int]:
        """Their numbers."""
        return [each.pid for each in self._processes if each.pid is not None]

    def begin(self, question: Question) -> "Future[Answer]":
        if self.count:
            return self._threads.submit(self._ask, question)
        done: Future[Answer] = Future()
        done.set_result(self._work(question))
        return done

    def _ask(self, question: Question) -> Answer:
        line = self._idle.get()
        try:
            line.send(question)
            found: Answer = line.connection.recv()
        except (EOFError, OSError):
            # It was killed, as by a kernel that has no memory left. It takes its time here.
            line.connection.close()
            found = self._work(question)
        self._idle.put(line)
        return found


@dataclass(frozen=True, slots=True)
class _Line:
    """To one copy. Questions lie in memory that both have, and only how long they are goes through
    the connection, which would take a tenth of the time. One that is too long goes through it."""

    connection: Connection
    memory: mmap

    def close(self) -> None:
        self.connection.close()
        self.memory.close()

    def send(self, question: object) -> None:
        data = pickle.dumps(question, pickle.HIGHEST_PROTOCOL)
        if len(data) > SHARED_BYTES:
            self.connection.send((0, data))
            return
        self.memory[: len(data)] = data
        self.connection.send((len(data), b""))

    def received(self) -> Any:
        length, data = self.connection.recv()
        with memoryview(self.memory) as memory:
            return pickle.loads(memory[:length] if length else data)


def _serve(work: Work[Question, Answer], at: int, pipes: Pipes, memory: mmap) -> None:
    """Until the other end is closed, also by the death of who held it. So the ends that this copy
    has been left are closed first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    line = _Line(pipes[at][1], memory)
    for each in (end for pair in pipes for end in pair if end is not line.connection):
        each.close()
    try:
        while True:
            line.connection.send(work(line.received()))
    except (EOFError, OSError):
        pass
    finally:
        # At once: what a program does at its end is for the one of which this is a copy.
        os._exit(0)
