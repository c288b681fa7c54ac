"""Virtual time. Who waits is woken in the order of time, and one alone runs at any moment.

Three kinds of things happen: a plain function at its time; a `Process`, a generator that yields
for how many seconds it waits; and an `Actor`, a thread that runs ordinary blocking code (a
monitor's). Who waits runs what is due meanwhile, in its own thread, until somebody else's thread is
to go on, and hands the baton to that one: so threads change as seldom as they can, never run at the
same time, and the same seed always gives the same course.
"""

from collections.abc import Callable, Generator
from heapq import heappop, heappush
from threading import Lock, Thread
from typing import Any

Steps = Generator[float, None, Any]
"""Yields seconds, and may return something."""


class Over(BaseException):
    """Unwinds the thread of an actor when all is over. Nobody's `except` stops it."""


class Engine:
    """`now`: seconds since the beginning, the true time that nobody in the simulation sees."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0
        self._actors: list[Actor] = []
        self._main = Actor(self)
        self._failure: BaseException | None = None

    def at(self, when: float, action: Callable[[], object]) -> None:
        self._count += 1
        heappush(self._due, (when, self._count, action))

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        self.at(self.now + seconds, action)

    def actor(self) -> "Actor":
        made = Actor(self)
        self._actors.append(made)
        return made

    def run(self, until: float) -> None:
        """Until then, or until something fails, which is raised."""
        self.at(until, self._main)
        try:
            self.pass_time(self._main)
            if self._failure is not None:
                raise self._failure
        finally:
            for actor in self._actors:
                actor.end()

    def pass_time(self, me: "Actor") -> None:
        """Let happen what is due, until it is the turn of `me`."""
        due = self._due
        while True:
            self.now, _, action = heappop(due)
            if type(action) is not Actor:
                action()
            elif action.is_let_go():
                if action is not me:
                    action.baton.release()
                    me.take_baton()
                return

    def fail(self, failure: BaseException) -> None:
        self._failure = failure
        self._main.baton.release()


class Actor:
    """A thread, from `begin` on; without it, whoever has made the engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.baton = Lock()
        self.baton.acquire()
        self.held = False
        self._missed = self._over = False
        self._thread: Thread | None = None

    def __call__(self) -> None:
        """Never called: the engine hands it the baton instead."""

    def begin(self, code: Callable[[], None]) -> None:
        self._thread = Thread(target=self._life, args=(code,), daemon=True)
        self._thread.start()
        self.engine.at(self.engine.now, self)

    def wait(self, seconds: float) -> None:
        self.engine.at(self.engine.now + seconds, self)
        self.engine.pass_time(self)

    def follow(self, steps: Steps) -> Any:
        """Wait until others have gone through these steps for it, and return what they return."""
        engine, returned = self.engine, []

        def go_on() -> None:
            try:
                engine.after(next(steps), go_on)
            except StopIteration as end:
                returned.append(end.value)
                engine.at(engine.now, self)

        go_on()
        engine.pass_time(self)
        return returned[0]

    def hold(self, held: bool) -> None:
        """Its machine stands still, or goes on: who was to wake meanwhile then does."""
        self.held = held
        if not held and self._missed:
            self._missed = False
            self.engine.at(self.engine.now, self)

    def is_let_go(self) -> bool:
        self._missed = self.held
        return not self.held

    def take_baton(self) -> None:
        self.baton.acquire()
        if self._over:
            raise Over

    def end(self) -> None:
        self._over = True
        self.baton.release()
        if self._thread:
            self._thread.join()

    def _life(self, code: Callable[[], None]) -> None:
        try:
            self.take_baton()
            code()
        except Over:
            pass
        except BaseException as failure:  # noqa: BLE001 - of others, too, who were due as it waited
            self.engine.fail(failure)


class Process:
    """Goes through its steps, from now on. `wake` ends what it waits for."""

    def __init__(self, engine: Engine, steps: Steps) -> None:
        self.engine = engine
        self.held = self.ended = False
        self._steps = steps
        self._when = engine.now
        self._missed = False
        engine.at(self._when, self)

    def __call__(self) -> None:
        now = self.engine.now
        if self._when != now or self.ended:
            return
        if self.held:
            self._missed = True
            return
        try:
            self._when = now + next(self._steps)
        except StopIteration:
            self.ended = True
        else:
            self.engine.at(self._when, self)

    def wake(self) -> None:
        self._when = self.engine.now
        self.engine.at(self._when, self)

    def hold(self, held: bool) -> None:
        self.held = held
        if not held and self._missed:
            self._missed = False
            self.wake()

    def kill(self) -> None:
        self.ended = True
        self._steps.close()
