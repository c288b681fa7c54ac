"""Do something to a site while visitors read and save, and keep what they met."""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from typing import Protocol, Self

from standfast.proofs.drills import interruptions, report
from standfast.proofs.drills.course import Course, plan_of
from standfast.proofs.drills.events import Progress
from standfast.proofs.drills.found import Found, listen
from standfast.proofs.drills.ground import Ground


class Blow(AbstractContextManager["Blow"], Protocol):
    """What is done to the site. Leaving the block undoes it, in whatever way it is left."""

    def __enter__(self) -> Self: ...

    def act(self, at_s: float) -> None:
        """Do what is due at this moment of the load."""

    def must_have_happened(self) -> None:
        """Raises `CannotVerify` unless it was done, and was seen to be done."""


def under_load(ground: Ground, course: Course, blow: Blow, words: str) -> Found:
    """`words`: what is done, for people. Raises `Unreachable` when the load could not go on."""
    tell: Callable[[str], None] = ground.tell

    def on(progress: Progress) -> None:
        blow.act(progress.at_s)
        tell(report.with_figures(words, progress.asked, progress.failed))

    with interruptions.heard(), blow:
        plan = plan_of(ground.contract, str(ground.run), course)
        with closing(ground.vantage.start(plan)) as stream:  # unheard, a load ends by itself
            found = listen(stream, total=course.total, on=on, early=course.mended_s > 0)
        blow.must_have_happened()
    return found
