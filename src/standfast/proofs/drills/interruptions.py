"""Make being told to end an exception, so that `finally` is heard before the process is gone."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGHUP)
"""Python itself does so for SIGINT; against SIGKILL there is `guard.py`."""


@contextmanager
def heard() -> Iterator[None]:
    """While inside, SIGTERM and SIGHUP raise `KeyboardInterrupt`, as Ctrl-C does.

    Only the main thread may choose (signal(7) handlers belong to the process): elsewhere this
    changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(f"ended by {signal.Signals(number).name}")
