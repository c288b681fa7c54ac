"""The write load of the failover campaign: writes all the time, and says what became of each write.

    python load.py [--connections 8] [--rate 100] [--seconds S] [--direct db-1=ADDRESS[:PORT]]...

It runs on a web machine as the service, alone: Python 3.11, psycopg 3 and this file. DATABASE_URL
leads to the primary through the machine's own listener. Each `--direct` machine gets a connection
of its own besides, past the listener, that never stops trying either: a primary that was cut off
and still acknowledges is seen although the listener has left it.

What it prints, JSON lines, is the history that docs/failover-history.md defines. Orders come on
stdin, a line each:
- `{"read": "17"}` has the rows looked up that were written since the last such read but one: each
  row twice, after its own fault and after the next.
- `{"read": "17", "all": true}`: every row since this load began; `"ranges": [[1, 9], ...]`: these,
  as of an earlier load that could not end by itself.
- `{"stop": true}`, the end of stdin, SIGTERM, or the end of `--seconds` stops the writing; then all
  rows are read once more, and it ends.

Nothing is sent twice. A write that failed is over; the next one has the next number.
"""

import argparse
import contextlib
import json
import os
import queue
import signal
import socket
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

Outcome = Literal["ok", "fail", "unknown"]

POSTGRESQL_PORT = 5432

CONNECT_TIMEOUT_S = 2
"""The least that libpq knows. Within it a lost SYN is sent again."""

ORDINARY: Mapping[str, str | int] = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 3000,
    "application_name": "failover load",
    # The warning of a cancelled commit must arrive, whatever the role says.
    "options": "-c client_min_messages=warning",
}
"""What an application that cares sets: it notices a peer that has vanished after some 3 s."""

WRITE_DEADLINE_S = 10.0
"""Then the client gives up. A commit whose secondary has vanished waits for up to 4 s: not cut."""

READ_DEADLINE_S = 60.0
READ_PATIENCE_S = 60.0
READ_PAUSE_S = 0.5

PAUSE_S = 0.1
"""Between an error and the next try of the same connection."""

DIRECT_EVERY_S = 0.05
FLUSH_EVERY_S = 0.1
WATCH_EVERY_S = 0.1

MOST_PER_SECOND = 1000
"""Numbers begin at the time in milliseconds: at this rate a later load never meets an earlier."""

BLOCK = 10**14
"""Each direct connection has numbers of its own, this far apart, so that the listener's stay dense
and a read is told in few ranges. Below 2^53 for 89 machines: any JSON reader has them exactly."""

MOST_DIRECT = 89
MOST_UNSENT_LINES = 500_000
"""Whoever should read the history has stopped doing so long ago."""

SURELY_NOT_DONE = ("23", "25", "42")
"""SQLSTATE classes of a refusal (PostgreSQL, appendix A): integrity constraint, invalid transaction
state (25006: read-only), access rule or missing table. Only with severity ERROR: after FATAL the
session is gone, and 57P01 also ends a session whose commit is done and waits for the secondary."""

UNCOVERED = ("off", "local")
"""With these values of synchronous_commit an acknowledgement says nothing of the secondary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    severity: str
    sqlstate: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the server that wrote says of itself."""

    server: str | None
    """None through a Unix socket."""
    timeline: int
    synchronous_commit: str


def of_success(row: Row, notices: Sequence[Notice]) -> tuple[Outcome, dict[str, Any]]:
    """A success with a warning promises nothing: the commit was cancelled while it waited."""
    said = {"server": row.server, "timeline": row.timeline}
    for notice in notices:
        if notice.severity == "WARNING":
            return "unknown", {**said, "why": f"warning {notice.sqlstate}: {notice.message}"}
    if row.synchronous_commit in UNCOVERED:
        return "unknown", {**said, "why": f"synchronous_commit = {row.synchronous_commit}"}
    return "ok", said


def of_error(
    *, sent: bool, severity: str | None, sqlstate: str | None, message: str, cut: bool
) -> tuple[Outcome, dict[str, Any]]:
    """`sent`: the statement may have reached the server. `cut`: we gave up at the deadline."""
    first = message.strip().splitlines()[0] if message.strip() else ""
    why = "deadline" if cut else f"{sqlstate or 'connection'}: {first}"
    if not sent:
        return "fail", {"why": f"not sent, {why}"}
    if severity == "ERROR" and sqlstate is not None and sqlstate[:2] in SURELY_NOT_DONE:
        return "fail", {"why": why}
    return "unknown", {"why": why}


def next_turn(*, first: float, every_s: float, now: float) -> float:
    """The first turn after `now`: turns that passed while a write waited are left out, not made up
    for in a burst."""
    return first + (int((now - first) / every_s) + 1) * every_s


class History:
    """Lines in the order in which they are said, sent off a batch at a time."""

    def __init__(self, out: Callable[[str], object], clock: Callable[[], float]) -> None:
        self.out = out
        self.clock = clock
        self.lock = threading.Lock()
        self.sending = threading.Lock()
        self.lines: list[str] = []
        self.newest_timeline = 0

    def say(self, type_: str, **values: Any) -> None:
        values.setdefault("t", self.clock())
        values["t"] = round(values["t"], 6)
        line = json.dumps({"type": type_, **values}, separators=(",", ":"))
        with self.lock:
            self.lines.append(line)
            if type_ == "ok":
                self.newest_timeline = max(self.newest_timeline, values["timeline"])

    def flush(self) -> None:
        with self.sending:
            with self.lock:
                lines, self.lines = self.lines, []
            if lines:
                self.out("\n".join(lines) + "\n")


class Numbers:
    """The numbers of one stream of writes, and which of them are under way."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.next = first
        self.unread = (first, first)
        """From where the read before the last, and the last, could not tell everything."""
        self.open: set[int] = set()
        self.lock = threading.Lock()

    def take(self) -> int:
        with self.lock:
            number, self.next = self.next, self.next + 1
            self.open.add(number)
            return number

    def over(self, number: int) -> None:
        with self.lock:
            self.open.remove(number)

    def span(self, *, everything: bool) -> tuple[int, int, int]:
        """First and last number to read, and what this read cannot tell everything about: what is
        under way now may be written after it."""
        with self.lock:
            low = self.first if everything else self.unread[0]
            return low, self.next - 1, min(self.open, default=self.next)


class Link:
    """One connection that is cut when a statement passes its deadline. Cut, not cancelled: a
    cancelled commit would turn into a success with a warning, which is another fault."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self.connection: psycopg.Connection | None = None
        self.notices: list[Notice] = []
        self.was_cut = False
        self.sent = False
        self.lock = threading.Lock()
        self.deadline: float | None = None

    def ask(
        self, statement: sql.Composed, values: Sequence[Any], limit_s: float
    ) -> tuple[Any, ...]:
        """The one row. Whatever goes wrong, `sent` says whether the statement may have arrived."""
        self.sent = self.was_cut = False
        connection = self.open()
        self.notices.clear()
        with self.lock:
            self.deadline = time.monotonic() + limit_s
        try:
            self.sent = True
            row = connection.execute(statement, values).fetchone()
        finally:
            with self.lock:
                self.deadline = None
        if row is None:
            raise psycopg.DataError("no row came back")
        return row

    def open(self) -> psycopg.Connection:
        if self.connection is not None and self.connection.closed:
            self.close()
        if self.connection is None:
            self.connection = psycopg.connect(self.conninfo, autocommit=True)
            self.connection.add_notice_handler(self.noticed)
        return self.connection

    def noticed(self, said: psycopg.errors.Diagnostic) -> None:
        self.notices.append(
            Notice(
                severity=said.severity_nonlocalized or said.severity or "",
                sqlstate=said.sqlstate or "",
                message=said.message_primary or "",
            )
        )

    def cut_if_late(self, now: float) -> None:
        """The kernel's end of the connection is shut: whoever waits for an answer sees its end."""
        with self.lock:
            if self.deadline is None or now < self.deadline or self.connection is None:
                return
            self.deadline = None
            self.was_cut = True
            with contextlib.suppress(OSError, psycopg.Error):
                end = socket.socket(fileno=os.dup(self.connection.fileno()))
                with end:
                    end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


def writing(table: str) -> sql.Composed:
    """The server tells its timeline by the name of the segment it writes to: right from the first
    write after a promotion on, in shared memory, and open to every role. The control file, which
    pg_control_checkpoint() reads, keeps the old timeline until a checkpoint has ended."""
    return sql.SQL(
        "INSERT INTO {} (id) VALUES (%s) RETURNING host(inet_server_addr()),"
        " left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),"
        " current_setting('synchronous_commit')"
    ).format(sql.Identifier(table))


def reading(table: str) -> sql.Composed:
    """Numbers without a gap between them share their distance to their place in the row. Fails on
    a secondary, which has no place where it writes."""
    return sql.SQL(
        "WITH asked AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS a (low, high)),"
        " placed AS (SELECT id, id - row_number() OVER (ORDER BY id) AS island"
        " FROM asked JOIN {} ON id BETWEEN low AND high),"
        " ranges AS (SELECT min(id) AS low, max(id) AS high FROM placed GROUP BY island)"
        " SELECT host(inet_server_addr()),"
        " left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),"
        " (SELECT coalesce(json_agg(json_build_array(low, high) ORDER BY low), '[]') FROM ranges)"
    ).format(sql.Identifier(table))


def making(table: str) -> sql.Composed:
    return sql.SQL(
        "CREATE TABLE IF NOT EXISTS {}"
        " (id bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())"
    ).format(sql.Identifier(table))


@dataclass(slots=True, kw_only=True)
class Client:
    """Writes at its turns, one write after the other."""

    name: int
    via: str
    link: Link
    numbers: Numbers
    history: History
    statement: sql.Composed
    first_turn: float
    every_s: float

    def keep_on(self, stop: threading.Event) -> None:
        turn = self.first_turn
        while not stop.wait(max(0.0, turn - time.monotonic())):
            self.write()
            pause = PAUSE_S if self.link.connection is None else 0.0
            turn = next_turn(
                first=self.first_turn, every_s=self.every_s, now=time.monotonic() + pause
            )
        self.link.close()

    def write(self) -> None:
        number = self.numbers.take()
        self.history.say("invoke", id=number, client=self.name, via=self.via)
        try:
            server, segment, synchronous = self.link.ask(
                self.statement, (number,), WRITE_DEADLINE_S
            )
            row = Row(server=server, timeline=int(segment, 16), synchronous_commit=synchronous)
            outcome, said = of_success(row, self.link.notices)
        except psycopg.Error as error:
            outcome, said = of_error(
                sent=self.link.sent,
                severity=error.diag.severity_nonlocalized,
                sqlstate=error.diag.sqlstate,
                message=str(error),
                cut=self.link.was_cut,
            )
        self.history.say(outcome, id=number, **said)
        self.numbers.over(number)
        if outcome == "unknown":
            self.link.close()


class StaleError(Exception):
    """A server that is no longer the primary answered a read."""


@dataclass(slots=True, kw_only=True)
class Reader:
    link: Link
    streams: Sequence[Numbers]
    history: History
    statement: sql.Composed

    def read(self, order: Mapping[str, Any]) -> None:
        """What the primary holds, asked again until one on the newest timeline answers."""
        until = self.history.clock() + READ_PATIENCE_S
        while True:
            spans = [each.span(everything=bool(order.get("all"))) for each in self.streams]
            asked = order.get("ranges") or [[low, high] for low, high, _ in spans if low <= high]
            since = self.history.clock()
            said = {"id": str(order["read"]), "since": round(since, 6), "asked": asked}
            try:
                found = self.found(asked)
                break
            except (psycopg.Error, StaleError) as error:
                if self.history.clock() > until:
                    why = str(error).strip() or type(error).__name__
                    self.history.say("read", **said, why=why)
                    return
                time.sleep(READ_PAUSE_S)
        self.history.say("read", **said, **found)
        if not order.keys() & {"all", "ranges"}:
            for stream, (_, _, unread) in zip(self.streams, spans, strict=True):
                stream.unread = (stream.unread[1], unread)

    def found(self, asked: Sequence[Sequence[int]]) -> dict[str, Any]:
        lows, highs = [low for low, _ in asked], [high for _, high in asked]
        try:
            server, segment, present = self.link.ask(self.statement, (lows, highs), READ_DEADLINE_S)
        finally:
            self.link.close()
        timeline, newest = int(segment, 16), self.history.newest_timeline
        if timeline < newest:
            raise StaleError(f"{server} is on timeline {timeline}, and {newest} has acknowledged")
        return {"server": server, "timeline": timeline, "present": present}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    url: str
    table: str
    connections: int
    rate: float
    seconds: float | None
    direct: dict[str, tuple[str, int]]
    first: int = field(default_factory=lambda: int(time.time() * 1000))


class Load:
    def __init__(self, settings: Settings, history: History) -> None:
        self.settings = settings
        self.history = history
        self.stop = threading.Event()
        self.orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.clients = list(self.made())
        streams = {id(each.numbers): each.numbers for each in self.clients}
        self.reader = Reader(
            link=Link(make_conninfo(settings.url, **ORDINARY)),
            streams=tuple(streams.values()),
            history=history,
            statement=reading(settings.table),
        )

    def made(self) -> Iterator[Client]:
        settings, began = self.settings, time.monotonic() + FLUSH_EVERY_S
        statement = writing(settings.table)
        through_listener = make_conninfo(settings.url, **ORDINARY)
        numbers, every_s = Numbers(settings.first), settings.connections / settings.rate
        for index in range(settings.connections):
            yield Client(
                name=index,
                via="listener",
                link=Link(through_listener),
                numbers=numbers,
                history=self.history,
                statement=statement,
                first_turn=began + index / settings.rate,
                every_s=every_s,
            )
        for index, (machine, (address, port)) in enumerate(settings.direct.items()):
            # The name in the certificate is still the URL's: `hostaddr` says where to find it.
            straight = make_conninfo(settings.url, hostaddr=address, port=port, **ORDINARY)
            yield Client(
                name=settings.connections + index,
                via=machine,
                link=Link(straight),
                numbers=Numbers(BLOCK * (index + 1) + settings.first),
                history=self.history,
                statement=statement,
                first_turn=began,
                every_s=DIRECT_EVERY_S,
            )

    def introduce(self) -> None:
        settings = self.settings
        self.history.say(
            "load",
            wall=round(time.time(), 6),
            connections=settings.connections,
            rate=settings.rate,
            direct={name: f"{address}:{port}" for name, (address, port) in settings.direct.items()},
            first=settings.first,
            table=settings.table,
            deadline_s=WRITE_DEADLINE_S,
            psycopg=psycopg.__version__,
        )

    def make_table(self) -> None:
        until = time.monotonic() + READ_PATIENCE_S
        while True:
            try:
                with psycopg.connect(self.reader.link.conninfo, autocommit=True) as connection:
                    connection.execute(making(self.settings.table))
                return
            except psycopg.Error as error:
                if time.monotonic() > until:
                    sys.exit(f"load: the table could not be made: {error}")
                time.sleep(READ_PAUSE_S)

    def run(self) -> None:
        self.make_table()
        self.introduce()
        threading.Thread(target=self.send_off, daemon=True).start()
        threading.Thread(target=self.watch, daemon=True).start()
        threads = [
            threading.Thread(target=client.keep_on, args=(self.stop,)) for client in self.clients
        ]
        for thread in threads:
            thread.start()
        self.obey()
        self.stop.set()
        for thread in threads:
            thread.join()
        self.reader.read({"read": "final", "all": True})
        self.history.say("end")
        self.history.flush()

    def send_off(self) -> None:
        while True:
            try:
                self.history.flush()
            except BrokenPipeError:
                os._exit(1)  # nobody is left to tell
            time.sleep(FLUSH_EVERY_S)

    def watch(self) -> None:
        """Cuts what is late, for as long as the process lives, whether or not somebody reads."""
        links = [*(client.link for client in self.clients), self.reader.link]
        while len(self.history.lines) < MOST_UNSENT_LINES:
            for link in links:
                link.cut_if_late(time.monotonic())
            time.sleep(WATCH_EVERY_S)
        print("load: nobody reads the history", file=sys.stderr, flush=True)
        os._exit(1)

    def obey(self) -> None:
        """Until it is time to stop."""
        seconds = self.settings.seconds
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            try:
                left = None if until is None else max(0.0, until - time.monotonic())
                order = self.orders.get(timeout=left)
            except queue.Empty:
                return
            if "read" in order and sound(order.get("ranges", [])):
                self.reader.read(order)
            elif "stop" in order:
                return
            else:
                print(f"load: no such order: {order}", file=sys.stderr)

    def listen(self) -> None:
        """What is said on stdin. Its end ends a load that has no end of its own."""
        for line in sys.stdin:
            try:
                order = json.loads(line)
            except ValueError:
                order = {"not JSON": line}
            self.orders.put(order if isinstance(order, dict) else {"not an object": line})
        if self.settings.seconds is None:
            self.orders.put({"stop": True})


def sound(ranges: Any) -> bool:
    return isinstance(ranges, list) and all(
        isinstance(each, list) and len(each) == 2 and all(isinstance(end, int) for end in each)
        for each in ranges
    )


def place(text: str) -> tuple[str, tuple[str, int]]:
    """`db-1=10.0.0.4` or `db-1=10.0.0.4:5432`; an IPv6 address stands in brackets."""
    machine, _, where = text.partition("=")
    try:
        parts = urllib.parse.urlsplit(f"//{where}")
        address, port = parts.hostname, parts.port or POSTGRESQL_PORT
    except ValueError:
        address = None
    if not machine or not address:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=ADDRESS[:PORT]")
    return machine, (address, port)


def settings_from(words: Sequence[str], url: str) -> Settings:
    parser = argparse.ArgumentParser(prog="load.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--connections", type=int, default=8, help="through the listener")
    parser.add_argument("--rate", type=float, default=100.0, help="writes per second, of them all")
    parser.add_argument("--seconds", type=float, help="else until stdin ends")
    parser.add_argument("--direct", type=place, action="append", default=[], metavar="NAME=ADDRESS")
    parser.add_argument("--table", default="failover_load")
    asked = parser.parse_args(words)
    direct = dict(asked.direct)
    if asked.rate + len(direct) / DIRECT_EVERY_S > MOST_PER_SECOND or asked.rate <= 0:
        parser.error(f"the rate is above 0, and all together write ≤ {MOST_PER_SECOND} a second")
    if asked.connections < 1 or len(direct) > MOST_DIRECT:
        parser.error(f"one connection at least, and at most {MOST_DIRECT} direct ones")
    return Settings(
        url=url,
        table=asked.table,
        connections=asked.connections,
        rate=asked.rate,
        seconds=asked.seconds,
        direct=direct,
    )


def send(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def end_at_once(unexpected: threading.ExceptHookArgs) -> None:
    """A load without one of its threads would show gaps that are its own."""
    threading.__excepthook__(unexpected)
    os._exit(1)


def main() -> None:
    threading.excepthook = end_at_once
    settings = settings_from(sys.argv[1:], os.environ["DATABASE_URL"])
    load = Load(settings, History(send, time.monotonic))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: load.orders.put({"stop": True}))
    threading.Thread(target=load.listen, daemon=True).start()
    load.run()


if __name__ == "__main__":
    main()
