"""What `standfast witness --look` does besides: see the site's front as any visitor does, again and
again, in a thread of its own. A front that is slow must not keep the witness from the log."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from ipaddress import IPv4Address
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from standfast.cli.vantage import RATE, addresses
from standfast.core.clock import Clock
from standfast.core.errors import ConfigError, Unreachable
from standfast.mechanisms.keys import custody
from standfast.mechanisms.witness import alarm
from standfast.mechanisms.witness.alarm import Watch
from standfast.mechanisms.witness.diary import Diary
from standfast.mechanisms.witness.sighting import Ports, Sighting
from standfast.proofs.vantage.scan import Heard, scan
from standfast.proofs.vantage.syn import Answer
from standfast.proofs.vantage.visit import meet

LOOK_S = 300.0
SHORTEST_LOOK_S = 30.0
SCAN_S = 24 * 3600.0
"""A scan asks each port twice: what a site takes for an attack, and its owner was told of."""

HTTPS = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """Where visitors go. `authority`: whom to believe instead of this computer's."""

    host: str
    port: int
    authority: Path | None


def front_of(address: str, authority: Path | None) -> Front:
    """Of the site whose log lies at that address."""
    try:
        parts = urlsplit(address)
        port = parts.port or HTTPS
    except ValueError as error:
        raise ConfigError(f"--url: {address} is no address: {error}") from error
    if parts.scheme != "https" or not parts.hostname:
        raise ConfigError(
            f"--look: {address} is a folder, and has no front to look at",
            remedy="Give the site's address with --url.",
        )
    return Front(host=parts.hostname, port=port, authority=authority)


@dataclass(slots=True, kw_only=True)
class Looking:
    """`scans`: whether every port is asked, too, once a day. `ring` tells somebody, and whether it
    was heard."""

    front: Front
    diary: Diary
    clock: Clock
    scans: bool
    say: Callable[[Sighting], None]
    ring: Callable[[Sighting], bool]
    find: Callable[[str], Sequence[IPv4Address]] = addresses
    watches: dict[str, Watch] = field(default_factory=dict)
    scanned_at: float | None = None

    def turn(self) -> tuple[Sighting, ...]:
        """One look at each address of the front."""
        found = tuple(self._seen())
        for each in found:
            self.diary.add(each)
            self.say(each)
            watch = alarm.after(self.watches.get(each.address, Watch()), each)
            if alarm.is_due(watch, each.at) and self.ring(each):
                watch = alarm.told(watch)
            self.watches[each.address] = watch
        return found

    def _seen(self) -> Iterator[Sighting]:
        try:
            places = self.find(self.front.host)
        except Unreachable as error:
            yield replace(self._nothing(""), problem=error.problem)
            return
        ports = self._ports(places)
        for place in places:
            yield replace(self._met(str(place)), ports=ports.get(place))

    def _met(self, address: str) -> Sighting:
        front = self.front
        nothing = self._nothing(address)
        try:
            visit = meet(front.host, address, front.port, front.authority, self.clock)
        except OSError as error:
            why = f"nobody answers at port {front.port}: {error or type(error).__name__}"
            return replace(nothing, problem=why)
        return replace(nothing, **asdict(visit))

    def _nothing(self, address: str) -> Sighting:
        front, now = self.front, self.clock.now()
        return Sighting(at=now, host=front.host, address=address, port=front.port)

    def _ports(self, places: Sequence[IPv4Address]) -> dict[IPv4Address, Ports]:
        now = self.clock.monotonic()
        if not self.scans or (self.scanned_at is not None and now - self.scanned_at < SCAN_S):
            return {}
        self.scanned_at = now
        secret = custody.fresh_identifier().bytes
        heard = scan(places, range(1, 65536), RATE, secret=secret, clock=self.clock)
        return {each.asker.target: answers(each) for each in heard}


def answers(heard: Heard) -> Ports:
    return Ports(
        open=tuple(heard.having(Answer.OPEN)),
        refused=tuple(heard.having(Answer.REFUSED)),
        udp=tuple(sorted(heard.udp)),
    )


def in_a_thread(looking: Looking, every_s: float) -> Thread:
    """For as long as the command runs. Whoever started it asks whether it is alive."""

    def turns() -> None:
        while True:
            looking.turn()
            looking.clock.sleep(every_s)

    thread = Thread(target=turns, daemon=True, name="looking")
    thread.start()
    return thread
