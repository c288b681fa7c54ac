"""PostgreSQL on both machines: what is written, what the other has flushed, what is acknowledged.

A commit is acknowledged when whoever `waits` names has flushed it. A walreceiver that is promoted
receives no more. A connection that is broken for `DROPPED_S` is given up, at both ends
(`wal_sender_timeout`, `wal_receiver_timeout`: the longer of them), and asked for again every few
seconds.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from .engine import Engine
from .network import DATA, DATABASES, OTHER, Network

DROPPED_S = 2.5
FLUSH_S = 0.001
RECONNECT_S = 5.0
"""PostgreSQL's own `wal_retrieve_retry_interval`; at the most."""


@dataclass(frozen=True, slots=True)
class Write:
    number: int
    invoked_at: float


@dataclass(slots=True)
class Server:
    """`log`: numbers of writes, as its WAL has them. `timelines`: each timeline and the length of
    the log at which it began. `waits`: its synchronous_standby_names names the other, `since` when
    the log was so long. `follows`: its primary_conninfo points to the other. `paused`: its machine
    is."""

    name: str
    runs: bool = True
    is_primary: bool = False
    paused: bool = False
    waits: bool = False
    since: int = 0
    follows: bool = False
    log: list[int] = field(default_factory=list)
    timelines: list[tuple[int, int]] = field(default_factory=lambda: [(1, 0)])
    waiting: deque[tuple[int, Write]] = field(default_factory=deque)

    @property
    def timeline(self) -> int:
        return self.timelines[-1][0]

    @property
    def accepts(self) -> bool:
        return self.runs and self.is_primary and not self.paused

    def is_behind(self, other: "Server") -> bool:
        """Whether its history is the beginning of the other's."""
        mine, theirs = self.timelines, other.timelines
        if mine != theirs[: len(mine)]:
            return False
        end = theirs[len(mine)][1] if len(theirs) > len(mine) else len(other.log)
        return len(self.log) <= end


@dataclass(slots=True)
class Stream:
    """To `standby`. `flushed`: how far the primary knows it to be."""

    standby: str
    flushed: int
    broken_since: float | None = None


class Pair:
    """`acknowledged`, `promoted` and `changed` (a server began or ended) are called when that has
    happened."""

    def __init__(self, engine: Engine, network: Network) -> None:
        self.engine = engine
        self.network = network
        self.servers = {name: Server(name) for name in OTHER}
        self.stream: Stream | None = None
        self.asking = False
        self.acknowledged: Callable[[Server, Write], None] = lambda server, write: None
        self.promoted: Callable[[Server], None] = lambda server: None
        self.changed: Callable[[], None] = lambda: None

    def begin(self, primary: str) -> None:
        one, other = self.servers[primary], self.servers[OTHER[primary]]
        one.is_primary = one.waits = True
        other.follows = True
        self.stream = Stream(other.name, 0)

    def write(self, server: Server, write: Write) -> None:
        server.log.append(write.number)
        if server.waits:
            server.waiting.append((len(server.log), write))
        else:
            self.acknowledged(server, write)
        self._send(server)

    def streams(self, primary: str) -> bool:
        """Whether the other is in its pg_stat_replication."""
        return self.stream is not None and self.stream.standby == OTHER[primary]

    def has_all(self, primary: str) -> bool:
        """Whether the other has what was written before anybody waited for it."""
        flushed = self.stream.flushed if self.stream else 0
        return self.streams(primary) and flushed >= self.servers[primary].since

    def wait_for(self, server: Server, waits: bool) -> None:
        """Patroni writes its synchronous_standby_names, and PostgreSQL reads them."""
        if waits and not server.waits:
            server.since = len(server.log)
        server.waits = waits
        self._release(server)

    def promote(self, server: Server) -> None:
        if self.stream and self.stream.standby == server.name:
            self.stream = None
        server.is_primary, server.follows, server.waits = True, False, False
        server.timelines.append((server.timeline + 1, len(server.log)))
        self.promoted(server)

    def lose(self, server: Server) -> None:
        """It is gone, and nobody on the other side is told. What it has not acknowledged by now it
        never does."""
        server.runs = server.is_primary = False
        server.waiting.clear()

    def stop(self, server: Server) -> None:
        """However it ends, its kernel says so to who is connected."""
        self.lose(server)
        self.stream = None
        self.changed()

    def start(self, server: Server, *, follows: bool) -> None:
        """As a standby."""
        server.runs, server.follows = True, follows
        self.ask(server)
        self.changed()

    def rewind(self, server: Server) -> None:
        """As pg_rewind does, and then everything that the other has."""
        other = self.servers[OTHER[server.name]]
        server.log[:] = other.log
        server.timelines[:] = other.timelines

    def ask(self, server: Server) -> None:
        """A walreceiver that is not connected tries to be."""
        if self.stream or server.is_primary or not (server.runs and server.follows):
            return
        other = self.servers[OTHER[server.name]]
        answers = other.accepts and not server.paused and self._is_open()
        if answers and server.is_behind(other):
            self.stream = Stream(server.name, len(server.log))
            self._send(other)
        elif not self.asking:
            self.asking = True
            self.engine.after(self.network.chance.uniform(0.5, RECONNECT_S), self._ask_again)

    def _ask_again(self) -> None:
        self.asking = False
        for server in self.servers.values():
            self.ask(server)

    def review(self) -> None:
        """After anything has changed in the network or with the machines."""
        stream = self.stream
        if stream is None:
            return
        stands_still = any(each.paused for each in self.servers.values())
        if self._is_open() and not stands_still:
            if stream.broken_since is not None:
                stream.broken_since = None
                self._send(self.servers[OTHER[stream.standby]])
        elif stream.broken_since is None:
            stream.broken_since = self.engine.now
            self.engine.after(DROPPED_S, lambda: self._drop_if_broken(stream))

    def _drop_if_broken(self, stream: Stream) -> None:
        since = stream.broken_since
        if stream is not self.stream or since is None:
            return
        left_s = since + DROPPED_S - self.engine.now
        if left_s > 0:
            self.engine.after(left_s, lambda: self._drop_if_broken(stream))
        else:
            self.stream = None
            self.ask(self.servers[stream.standby])

    def _is_open(self) -> bool:
        return self.network.is_open_both_ways(*DATABASES, DATA)

    def _send(self, primary: Server) -> None:
        stream = self.stream
        if stream is None or stream.standby == primary.name:
            return
        there = self.network.message_s(primary.name, stream.standby, DATA)
        if there is not None:
            end = len(primary.log)
            self.engine.after(there + FLUSH_S, lambda: self._receive(stream, primary, end))

    def _receive(self, stream: Stream, primary: Server, end: int) -> None:
        standby = self.servers[stream.standby]
        if stream is not self.stream or standby.paused:
            return
        if len(standby.log) < end:
            standby.log.extend(primary.log[len(standby.log) : end])
            standby.timelines[:] = primary.timelines
        back = self.network.message_s(standby.name, primary.name, DATA)
        if back is not None:
            self.engine.after(back, lambda: self._flush(stream, primary, end))

    def _flush(self, stream: Stream, primary: Server, end: int) -> None:
        """The primary hears of it, perhaps after the standby was promoted."""
        if not primary.accepts:
            return
        stream.flushed = max(stream.flushed, end)
        self._release(primary, stream.flushed)

    def _release(self, server: Server, flushed: int = 0) -> None:
        waiting = server.waiting
        while waiting and (not server.waits or waiting[0][0] <= flushed):
            self.acknowledged(server, waiting.popleft()[1])
