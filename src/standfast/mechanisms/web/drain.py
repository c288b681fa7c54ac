"""Make the edges leave this machine before its service stops, and see when they are back.

Runs on the machine, standard library only. The proxy beside the service counts how it answered
each edge's checks, so both questions are decided by what the edges were told, not by a pause.

Nothing has to be taken back: what is set lives in the proxy's memory, `end` runs whenever the
service has stopped, in whatever way, and from then on the proxy refuses checks by itself, because
there is nobody behind it.

python3 -m standfast.mechanisms.web.drain begin | end | admitted
"""

import csv
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from standfast.core.clock import Clock, SystemClock

SOCKET = "/run/standfast-web-proxy/admin.sock"
FLAG = "/etc/standfast/web-proxy.map"
CHECKS = "check-"
"""A backend for the checks of each edge; the rest of its name is the edge's."""

SERVICE = "service"

NOTICED = 3
"""An edge changes its mind after two answers (edge/templates/haproxy.cfg, `fall` and `rise`). It
sends the third only after it has read the second."""

SILENT_S = 3.0
"""An edge that asked nothing for so long is down, and sends nobody here. A healthy one asks every
half second and waits for two at most."""

DRAIN_LIMIT_S = 15.0
"""For requests that take long. What is left then is cut: less than TimeoutStopSec=, so that it is
this program that gives up, and says so."""

ADMIT_LIMIT_S = 20.0
POLL_S = 0.05
ASK_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the proxy counts: checks passed and refused, by edge, and requests under way."""

    passed: Mapping[str, int]
    refused: Mapping[str, int]
    under_way: int

    def asked(self, edge: str) -> int:
        return self.passed[edge] + self.refused[edge]


def parse(stat: str) -> Seen:
    """`show stat` is CSV with a heading that begins with `# ` (HAProxy's management guide, 9.1)."""
    rows = csv.DictReader(stat.lstrip("# ").splitlines())
    backends = {row["pxname"]: row for row in rows if row["svname"] == "BACKEND"}
    checks = {
        name.removeprefix(CHECKS): row for name, row in backends.items() if name.startswith(CHECKS)
    }
    return Seen(
        passed={edge: int(row["hrsp_2xx"] or 0) for edge, row in checks.items()},
        refused={edge: int(row["hrsp_5xx"] or 0) for edge, row in checks.items()},
        under_way=int(backends[SERVICE]["scur"]),
    )


def may_stop(before: Seen, now: Seen, *, waited_s: float) -> bool:
    """Every edge that lives was told often enough that it looks elsewhere, and what it had sent
    before is answered."""
    return not now.under_way and all(
        now.refused[edge] - before.refused[edge] >= NOTICED
        or (waited_s >= SILENT_S and now.asked(edge) == before.asked(edge))
        for edge in now.refused
    )


def is_admitted(before: Seen, now: Seen, *, waited_s: float) -> bool:
    """Every edge that lives has heard often enough that the service is well."""
    return all(
        now.passed[edge] - before.passed[edge] >= NOTICED
        or (waited_s >= SILENT_S and now.asked(edge) == before.asked(edge))
        for edge in now.passed
    )


def ask(order: str) -> str:
    with socket.socket(socket.AF_UNIX) as way:
        way.settimeout(ASK_TIMEOUT_S)
        way.connect(SOCKET)
        way.sendall(f"{order}\n".encode())
        answer = b""
        while part := way.recv(65536):
            answer += part
    return answer.decode()


def begin(clock: Clock) -> bool:
    before = parse(ask("show stat"))
    ask(f"set map {FLAG} drain on")
    start = clock.monotonic()
    while (waited := clock.monotonic() - start) < DRAIN_LIMIT_S:
        if may_stop(before, parse(ask("show stat")), waited_s=waited):
            return True
        clock.sleep(POLL_S)
    print(f"requests are still under way after {DRAIN_LIMIT_S:.0f} s, and will be cut")
    return False


def admitted(clock: Clock) -> bool:
    before = parse(ask("show stat"))
    start = clock.monotonic()
    while (waited := clock.monotonic() - start) < ADMIT_LIMIT_S:
        if is_admitted(before, parse(ask("show stat")), waited_s=waited):
            return True
        clock.sleep(POLL_S)
    return False


def main() -> int:
    try:
        return do(sys.argv[1], SystemClock())
    except OSError as error:
        print(f"the proxy beside the service does not answer: {error}")
        return 1  # no edge reaches the service then, and there is nobody to wait for


def do(verb: str, clock: Clock) -> int:
    match verb:
        case "begin" if "MAINPID" not in os.environ:
            return 0  # the service has ended by itself
        case "begin":
            return 0 if begin(clock) else 1
        case "admitted":
            return 0 if admitted(clock) else 1
        case _:
            ask(f"set map {FLAG} drain off")
            return 0


if __name__ == "__main__":
    sys.exit(main())
