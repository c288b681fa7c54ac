"""Wait until the service answers at its public address: only then is a site up.

Asked as a customer would, over verified TLS; a unit that runs is not yet a service that answers.
"""

import ssl
import urllib.request
from pathlib import Path

from standfast.core.clock import Clock
from standfast.core.errors import Unreachable

WAIT_S = 30.0
"""Process starts, two health checks of the edge, and room for a loaded computer."""

POLL_S = 0.1
ANSWER_TIMEOUT_S = 5.0


def answers_now(url: str, ca_file: Path) -> bool:
    context = ssl.create_default_context(cafile=str(ca_file))
    try:
        with urllib.request.urlopen(url, context=context, timeout=ANSWER_TIMEOUT_S):
            return True
    except OSError:  # refused, timed out, or answered with a failure
        return False


def wait_until_answered(url: str, ca_file: Path, clock: Clock, *, edge: str) -> None:
    """`edge` names the machine on which to look if it does not."""
    context = ssl.create_default_context(cafile=str(ca_file))
    end = clock.monotonic() + WAIT_S
    while True:
        try:
            with urllib.request.urlopen(url, context=context, timeout=ANSWER_TIMEOUT_S):
                return
        except OSError as error:  # refused, timed out, or answered with a failure
            if clock.monotonic() > end:
                raise Unreachable(
                    f"{url} does not answer {WAIT_S:.0f} s after everything was started: {error}",
                    remedy=f"standfast logs {edge} --unit haproxy.service",
                ) from error
        clock.sleep(POLL_S)
