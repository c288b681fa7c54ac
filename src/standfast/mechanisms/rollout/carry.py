"""Carry a bundle to its machine, whatever becomes of the connection on the way.

The bundle is applied by a unit of the machine's own (systemd-run(1)), so an SSH connection that is
lost in the middle takes nothing with it: the work goes on to its end, and the next `up` finds it
done. A second applier waits for the first.
"""

import json
from collections.abc import Mapping
from typing import Any

from standfast.core.clock import Clock
from standfast.core.errors import CommandFailed, Refused, StandfastError, Unreachable
from standfast.mechanisms.hosts.bundle import Bundle
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.firewall.guard import REVERT_AFTER_S

APPLY_TIMEOUT_S = 1200.0

ON_ITS_OWN = (
    *("systemd-run", "--quiet", "--wait", "--pipe", "--collect"),
    *("--description=Standfast applies a bundle", "--property=EnvironmentFile=-/etc/environment"),
)
"""A unit has not the environment of a login: a proxy that apt-get needs may stand there."""

KNOCK_FOR_S = 20.0
KNOCK_POLL_S = 0.5


def carry(
    connection: Connection,
    bundle: Bundle,
    program: tuple[str, ...],
    clock: Clock,
    *,
    turn: tuple[str, ...] = (),
    revert_after_s: float = REVERT_AFTER_S,
) -> dict[str, Any]:
    """Return what changed. `program` runs `on_machine` there; a verb is put behind it. `turn`:
    units that waited for this machine's turn, which it is."""
    apply = (*ON_ITS_OWN, *program, "apply", f"{revert_after_s:g}", *turn)

    def applied() -> dict[str, Any]:
        done = connection.run(apply, stdin=bundle.to_json(), timeout_s=APPLY_TIMEOUT_S)
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    report = applied()
    if not report["unconfirmed"]:
        return report
    confirm(connection, (*program, "confirm"), clock, revert_after_s=revert_after_s)
    second = applied()
    if second["unconfirmed"]:
        raise StandfastError(
            f"the firewall of {connection.machine.name} changed while it was being confirmed",
            remedy="Does another program on that machine load firewall rules, too?",
        )
    return together(report, second)


def confirm(
    connection: Connection, words: tuple[str, ...], clock: Clock, *, revert_after_s: float
) -> None:
    """Come in anew, as an operator would who was not connected when the rules changed."""
    end = clock.monotonic() + min(KNOCK_FOR_S, revert_after_s)
    while True:
        try:
            connection.run_anew(words)
        except (CommandFailed, Unreachable) as error:
            if isinstance(error, Unreachable) and clock.monotonic() < end:
                clock.sleep(KNOCK_POLL_S)
                continue
            raise Refused(
                f"the new firewall of {connection.machine.name} let no new SSH connection in, so "
                f"the rules of before come back {revert_after_s:.0f} s after they were replaced",
                remedy="Does network.management_from hold the address from which you come?",
            ) from error
        else:
            return


def together(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """What two visits changed."""
    return {
        what: [*first[what], *second[what]] if isinstance(second[what], list) else second[what]
        for what in second
    }
