"""What must never happen, looked at as it happens; who sees it raises `Violation`.

- An acknowledged write is on whoever leads, from the moment of the promotion to the end; and what
  was invoked after a newer timeline had acknowledged something is acknowledged by no older one.
- No claim is removed of a leader that lives and is reached: whose Patroni is on time and has open
  ways to a majority of monitors and to etcd; whose machine, whatever its Patroni does, accepts
  connections from a majority of monitors, or from the secondary; that has written `/status` within
  two loops; or whose lease is being renewed.
- Two removals are a minute apart.
"""

from collections.abc import Callable, Mapping

from standfast.mechanisms.database.removal import APART_S, QUIET_S

from .engine import Engine
from .postgres import Server, Write

GRACE_S = 3.0
"""Who comes back shows itself within a loop, and what others have heard of it is a second old at
most. Its Patroni may still wait for a voter that did not answer, and for another."""

LOOP_S = (0.9, 1.0)
"""Between two renewals of a Patroni that is on time. (Where one takes a moment longer, the lease
was not renewed for a second, which is all that the removal asks for; and of a renewal after its
last look it knows nothing.)"""

DRIFT = 1e-3
"""More than a clock is wrong."""

Condition = Callable[[str], bool]


class Violation(AssertionError):
    pass


class Verdict:
    """`conditions` of a database machine that forbid its removal, in words; `look_around` notes
    since when each holds."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.conditions: Mapping[str, Condition] = {}
        self.acknowledged: dict[int, Write] = {}
        self.removed_at: list[float] = []
        self.promoted_at: list[float] = []
        self.shown_at = 0.0
        self.renewed_at: tuple[float, float] = (0.0, 0.0)
        """The last renewal of whoever leads, and the one before."""
        self._newest = (1, float("inf"))
        """The newest timeline that has acknowledged a write, and when it first had."""
        self._leader: Server | None = None
        self._since: dict[tuple[str, str], float] = {}

    def look_around(self, names: tuple[str, ...]) -> None:
        since = self._since
        for words, holds in self.conditions.items():
            for name in names:
                if holds(name):
                    since.setdefault((name, words), self.engine.now)
                else:
                    since.pop((name, words), None)

    def sees_renewed(self) -> None:
        self.renewed_at = (self.engine.now, self.renewed_at[0])

    def sees_acknowledged(self, server: Server, write: Write) -> None:
        timeline, since = self._newest
        if server.timeline > timeline:
            self._newest = (server.timeline, self.engine.now)
        elif server.timeline < timeline and write.invoked_at > since:
            raise Violation(f"{server.name} acknowledged after the next primary had")
        self.acknowledged[write.number] = write
        leader = self._leader
        if leader is not None and leader is not server and write.number not in leader.log:
            raise Violation(f"{server.name} acknowledged what {leader.name}, which leads, lacks")

    def sees_promoted(self, server: Server) -> None:
        self._leader = server
        self.promoted_at.append(self.engine.now)
        self.look_at(server)

    def look_at(self, leader: Server) -> None:
        lost = self.acknowledged.keys() - set(leader.log)
        if lost:
            raise Violation(f"{len(lost)} acknowledged writes are missing on {leader.name}")

    def sees_removed(self, leader: str, *, is_prompt: bool) -> None:
        """`is_prompt`: etcd reaches the leader, and monitors act on what they have just seen."""
        now = self.engine.now
        for (name, words), since in self._since.items():
            if name == leader and now - since > GRACE_S:
                raise Violation(f"removed {leader}, which {words} for {now - since:.1f} s")
        if now - self.shown_at < QUIET_S * (1 - DRIFT):
            raise Violation(f"removed {leader} {now - self.shown_at:.1f} s after a sign of life")
        last, before = self.renewed_at
        renews = now - last < LOOP_S[1] and LOOP_S[0] < last - before < LOOP_S[1]
        if renews and is_prompt:
            raise Violation(f"removed {leader}, which was renewing its lease")
        if self.removed_at and now - self.removed_at[-1] < APART_S * (1 - DRIFT):
            raise Violation("two removals within a minute")
        self.removed_at.append(now)
