"""Who reaches whom, in one direction at a time, and how long a message is on its way.

A channel is what passes between two machines for one purpose, so that a cut can take etcd away from
a database and leave it its monitors. A message on an open connection that is lost is sent again, as
TCP does; an attempt to connect is not, within the time for which anybody here waits for one.
"""

from random import Random

MONITORS = ("monitor-1", "monitor-2", "monitor-3")
DATABASES = ("db-1", "db-2")
OTHER = {"db-1": "db-2", "db-2": "db-1"}

ETCD, PEERS, KNOCK, TOLD, DATA, AGENT = "etcd", "peers", "knock", "told", "data", "agent"
"""Of clients with voters, of voters, of a monitor with a database's ports, of monitors, of
PostgreSQL and Patroni on both databases, of a monitor with the secondary."""

QUICK_S = (0.0003, 0.0018)
RESEND_S = 0.2
GIVE_UP_S = 3.0

Way = tuple[str, str, str]
"""From, to, channel ("*" for all)."""


class Network:
    """`loss`: of what share of messages. `slow_s`: how much longer one may take. `silent`: machines
    whose kernel answers nothing, because they have no power or stand still."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.loss = self.slow_s = 0.0
        self.cuts: set[Way] = set()
        self.silent: set[str] = set()

    def is_open(self, source: str, target: str, channel: str) -> bool:
        if source in self.silent or target in self.silent:
            return False
        cuts = self.cuts
        if not cuts:
            return True
        return (source, target, channel) not in cuts and (source, target, "*") not in cuts

    def is_open_both_ways(self, one: str, other: str, channel: str) -> bool:
        return self.is_open(one, other, channel) and self.is_open(other, one, channel)

    def message_s(self, source: str, target: str, channel: str) -> float | None:
        """How long it takes, sent now; None where it does not arrive."""
        if not self.is_open(source, target, channel):
            return None
        chance = self.chance.random
        least, most = QUICK_S
        seconds = least + (most - least + self.slow_s) * chance()
        again = RESEND_S
        while self.loss and chance() < self.loss:
            seconds += again
            again *= 2
            if seconds > GIVE_UP_S:
                return None
        return seconds

    def connects_s(self, source: str, target: str, channel: str) -> float | None:
        """How long a connection takes to be accepted; None where nobody says anything."""
        if not self.is_open_both_ways(source, target, channel):
            return None
        chance = self.chance.random
        if self.loss and (chance() < self.loss or chance() < self.loss):
            return None
        least, most = QUICK_S
        return 2 * (least + (most - least + self.slow_s) * chance())
