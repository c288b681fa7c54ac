"""The weights of an edge: what each web server gets, by how quick it is (edge/weights.py).

Standard library only, as the user of HAProxy, over its admin socket. Five times a second: look;
once a second: decide, apply. When it ends it leaves all servers alike, and so it does as long as
the planted fault `equal-weights` lasts. A HAProxy that is away, or starts anew with full weights,
is told again at the next second.
"""

import os
import socket
import sys
from dataclasses import dataclass, field

from standfast.core.clock import Clock, SystemClock
from standfast.mechanisms.edge import counts
from standfast.mechanisms.edge.weights import FULL, Account, counted, weights

SOCKET = "/run/haproxy/admin.sock"
LOOK_S = 0.2
LOOKS = 5
"""Before each decision."""

ANSWER_LIMIT_S = 2.0
ANSWER_LIMIT_BYTES = 1_000_000


@dataclass(slots=True, kw_only=True)
class Weights:
    """`equal`: the planted fault; all stay alike."""

    path: str
    clock: Clock
    equal: bool = False
    accounts: dict[str, Account] = field(default_factory=dict)
    chosen: dict[str, int] = field(default_factory=dict)
    looked_at: float = 0.0

    def look(self) -> str:
        """What HAProxy says of its servers; it is counted. Raises `OSError` if it is away."""
        answer, now = self._say(counts.ASK), self.clock.monotonic()
        passed_s = min(now - self.looked_at, 1.0)
        self.looked_at = now
        seen = counts.counts(answer)
        self.accounts = {
            name: counted(self.accounts[name], each, passed_s)
            if name in self.accounts
            else Account(last=each)
            for name, each in seen.items()
        }
        return answer

    def decide(self, answer: str) -> None:
        """Set what follows from the counts, in the backends that the answer names."""
        before, self.chosen = self.chosen, weights(self.accounts, self.chosen)
        if self.equal:
            self.chosen = dict.fromkeys(self.chosen, FULL)
        if words := counts.setting(answer, self.chosen):
            self._say(f"{words}\n")
        if self.chosen != before:
            print(" ".join(f"{name}={each}" for name, each in sorted(self.chosen.items())))

    def level(self) -> None:
        """All alike, as without this daemon."""
        answer = self._say(counts.ASK)
        if words := counts.setting(answer, dict.fromkeys(counts.counts(answer), FULL)):
            self._say(f"{words}\n")

    def _say(self, words: str) -> str:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(ANSWER_LIMIT_S)
            line.connect(self.path)
            line.sendall(words.encode())
            answer = bytearray()
            while part := line.recv(65536):
                answer += part
                if len(answer) > ANSWER_LIMIT_BYTES:
                    raise OSError("HAProxy says more than it could mean")
        return answer.decode("utf-8", "replace")


def run(loop: Weights) -> None:
    said = ""
    while True:
        try:
            for _ in range(LOOKS):
                answer = loop.look()
                loop.clock.sleep(LOOK_S)
            loop.decide(answer)
            said = ""
        except OSError as error:
            if str(error) != said:
                print(f"HAProxy does not answer: {error}", file=sys.stderr)
            said = str(error)
            loop.clock.sleep(1.0)
        sys.stdout.flush()


def main() -> None:
    loop = Weights(path=SOCKET, clock=SystemClock(), equal=os.environ.get("WEIGHTS") == "equal")
    if sys.argv[1:] == ["level"]:
        loop.level()
    else:
        run(loop)


if __name__ == "__main__":
    main()
