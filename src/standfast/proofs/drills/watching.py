"""Watch whether one machine serves, while the drill goes on: in a thread of its own, because
asking a machine that is off may take seconds."""

import threading
from collections.abc import Callable, Mapping

from standfast.core.clock import Clock
from standfast.core.errors import StandfastError

POLL_S = 0.3

ONE_QUESTION_S = 30.0
"""Asking a machine that is silent takes as long as the limits of the connection to it."""

Serving = Callable[[], Mapping[str, bool]]
"""Every web machine, and whether the service answers on it. Called from any thread."""


class Watch:
    """Ask until `machine` serves (or, with `wanted` False, until it does not), or for `limit_s`."""

    def __init__(
        self, serving: Serving, machine: str, clock: Clock, *, wanted: bool, limit_s: float
    ) -> None:
        self._serving = serving
        self._machine = machine
        self._clock = clock
        self._wanted = wanted
        self._limit_s = limit_s
        self._stopped = threading.Event()
        self._after_s: float | None = None
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; what is being asked is still heard."""
        self._stopped.set()

    def after_s(self) -> float | None:
        """Wait for the end; how long it took since the watch began, None if it was not seen."""
        self._thread.join(self._limit_s + ONE_QUESTION_S)
        return self._after_s

    def _ask(self) -> None:
        began, waited = self._clock.monotonic(), 0.0
        while waited <= self._limit_s and not self._stopped.is_set():
            seen = self._is_as_wanted()
            waited = self._clock.monotonic() - began
            if seen:
                self._after_s = waited
                return
            self._clock.sleep(POLL_S)

    def _is_as_wanted(self) -> bool:
        try:
            return self._serving().get(self._machine, False) is self._wanted
        except StandfastError:
            return False
