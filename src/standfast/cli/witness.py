"""`standfast witness`: a customer watches a site's log. Needs neither root nor a site."""

import json
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from standfast.cli.app import own_pins, state_folder
from standfast.cli.reading import of_log, transport_to
from standfast.cli.sightings import LOOK_S, SHORTEST_LOOK_S, Looking, front_of, in_a_thread
from standfast.cli.vantage import must_be_root
from standfast.core.clock import Clock, SystemClock
from standfast.core.command import Runner, SystemRunner
from standfast.core.errors import BrokenInvariant, CannotVerify, StandfastError
from standfast.core.units import stamp
from standfast.evidence.cosignature import cosigner
from standfast.evidence.note import parse_vkey
from standfast.evidence.read import claimed_name
from standfast.evidence.tiles import CHECKPOINT
from standfast.evidence.transport import Transport
from standfast.evidence.witness import Reason, Refuse, Witness
from standfast.mechanisms.witness import alarm, place, serve
from standfast.mechanisms.witness.diary import Diary
from standfast.mechanisms.witness.follow import Look, look
from standfast.mechanisms.witness.sighting import Sighting

INTERVAL_S = 60.0
SHORTEST_S = 1.0


@click.command()
@click.option("--url", required=True, help="A site, its trust page, or its log.")
@click.option("--key", help="The log's key as one line; remembered once it was seen to sign.")
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Believe certificates of this authority instead of the system's.",
)
@click.option("--name", help="Under which it cosigns: an address of yours. Given once.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where its key lies and what it remembers.",
)
@click.option("--once", is_flag=True, help="Look once, and end with a status.")
@click.option(
    "--interval",
    "interval_s",
    type=click.FloatRange(min=SHORTEST_S),
    default=INTERVAL_S,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option(
    "--alarm",
    "alarm_command",
    metavar="COMMAND",
    help="Run when the log contradicts itself: JSON on its stdin, words as its last argument.",
)
@click.option("--listen", metavar="HOST:PORT", help="Answer the site when it asks to cosign.")
@click.option("--look", "looks", is_flag=True, help="See the site's front as a visitor, too.")
@click.option(
    "--look-every",
    "look_s",
    type=click.FloatRange(min=SHORTEST_LOOK_S),
    default=LOOK_S,
    show_default=True,
    help="Seconds from one such look to the next.",
)
@click.option("--scan", "scans", is_flag=True, help="With --look: ask every port once a day. Root.")
@click.option("--history", is_flag=True, help="Check what --look has written down, and end.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line for each look.")
def witness(
    url: str,
    key: str | None,
    ca_file: Path | None,
    name: str | None,
    folder: Path | None,
    once: bool,
    interval_s: float,
    alarm_command: str | None,
    listen: str | None,
    looks: bool,
    look_s: float,
    scans: bool,
    history: bool,
    as_json: bool,
) -> int:
    """Watch a site's log from your own computer: cosign what continues it, refuse all else.

    Remembers the last checkpoint that it cosigned. A newer one is cosigned if the log's own tiles
    show that it continues that one; if they do not, the log's owner has shown two records, both
    are kept, and --alarm is run. An older checkpoint that lasts for ten minutes, and a log that
    does not answer for an hour, ring as well. Each trouble rings once.

    With --listen it answers C2SP tlog-witness over plain HTTP (POST /add-checkpoint). Give the
    line that it prints first to the site's operator, for `[evidence] witnesses`: then your
    cosignature stands on the site's trust page.

    With --look it also sees the site's front as a visitor does, at every IPv4 address: handshake,
    certificate, an answer. Each look is written down beside its own state, signed by its key; the
    site gets none of it, and nothing of it enters the site's log. A certificate that is not
    believed rings at once, a front that answers nobody when that lasts for five minutes. With
    --scan every port is asked once a day, and whatever answers beside the web rings. Ask ports
    only of a site whose owner agrees: to others this looks like an attack.

    Exit status with --once: 0 if it has cosigned (and seen nothing wrong), 1 if it has refused, or
    seen something wrong, 3 if the log could not be read. With --history: 1 if a line is missing or
    not its own.
    """
    if alarm_command:
        alarm.words_of(alarm_command)
    address, pins, clock = of_log(url), own_pins(), SystemClock()
    if scans and not looks:
        raise click.UsageError("--scan goes with --look.")
    front = front_of(address, ca_file or pins.authority_at(address)) if looks else None
    if scans:
        must_be_root()
    transport = transport_to(address, pins, ca_file)
    origin, vkey = identified(transport, key, address)
    own = folder or state_folder() / "witness"
    signer = place.signer(own, name, default=f"{socket.getfqdn()}/witness")
    memory = Witness(folder=own, log=parse_vkey(vkey), signer=signer)
    diary = Diary(folder=memory.place, signer=signer)
    if history:
        return say_history(diary, as_json=as_json)
    following = Following(
        transport=transport,
        witness=memory,
        clock=clock,
        runner=SystemRunner(),
        alarm_command=alarm_command,
        as_json=as_json,
    )
    if not as_json:
        click.echo(f"This witness of {origin} is {cosigner(signer).vkey}")
    if listen:
        server = serve.started(listen, memory, clock, following.asked)
        click.echo(f"Listening on port {server.server_port}.", err=True)
    looking = (
        Looking(
            front=front,
            diary=diary,
            clock=clock,
            scans=scans,
            say=following.say_seen,
            ring=following.ring,
        )
        if front
        else None
    )
    found = following.turn()
    if found.line and key:
        pins.trust(key, address=address, authority=ca_file.read_bytes() if ca_file else None)
    if once:
        seen = looking.turn() if looking else ()
        return 1 if any(each.trouble for each in seen) else found.status
    thread = in_a_thread(looking, look_s) if looking else None
    while True:
        clock.sleep(interval_s)
        following.turn()
        if thread and not thread.is_alive():
            raise BrokenInvariant("nobody looks at the front any more", remedy="Start it anew.")


def say_history(diary: Diary, *, as_json: bool) -> int:
    told = diary.told()
    if as_json:
        click.echo(json.dumps(asdict(told)))
        return 1 if told.complaints else 0
    for each in told.complaints:
        click.echo(f"WRONG: {each}", err=True)
    if not told.sightings:
        click.echo("Nothing was looked at yet (--look).")
        return 1 if told.complaints else 0
    click.echo(
        f"{told.sightings} looks at the front from {told.first} to {told.last}: "
        f"{told.answered} were answered, {told.good} without any trouble."
    )
    if not told.complaints:
        click.echo("Every line is signed by this witness, and none between two is missing.")
    return 1 if told.complaints else 0


def identified(transport: Transport, key: str | None, address: str) -> tuple[str, str]:
    """The log's name and key. With a key that is given, the log need not answer yet."""
    if key is not None:
        return parse_vkey(key).name, key
    origin = claimed_name(transport.fetch(CHECKPOINT))
    vkey = own_pins().key(origin)
    if vkey is None:
        raise CannotVerify(
            f"no key is pinned for the log {origin} at {address}",
            remedy="Give it once with --key: it stands on the trust page, and a copy that reached "
            "you another way (a contract, a mail) is worth more.",
        )
    return origin, vkey


@dataclass(slots=True, kw_only=True)
class Following:
    transport: Transport
    witness: Witness
    clock: Clock
    runner: Runner
    alarm_command: str | None
    as_json: bool
    watch: alarm.Watch = field(default_factory=alarm.Watch)
    fork: bytes = b""

    def turn(self) -> Look:
        found = look(self.transport, self.witness, self.clock.now())
        self.say(found)
        self.watch = alarm.after(self.watch, found)
        if alarm.is_due(self.watch, found.at) and self.ring(found):
            self.watch = alarm.told(self.watch)
        return found

    def asked(self, why: str) -> None:
        """Somebody who asked for a cosignature has shown a fork. Each one rings once."""
        now, last = self.clock.now(), self.witness.last
        refused = Refuse(reason=Reason.FORK, why=why)
        found = Look(at=now, last=last, note=self.witness.refused(Reason.FORK), refused=refused)
        self.say(found)
        if found.note != self.fork and self.ring(found):
            self.fork = found.note

    def ring(self, found: alarm.Found) -> bool:
        """Whether it was heard: a command that fails is run again at the next look."""
        if self.alarm_command is None:
            return True
        try:
            self.runner.run(alarm.command(self.alarm_command, found))
        except StandfastError as error:
            click.echo(error.words, err=True)
            return False
        return True

    def say_seen(self, seen: Sighting) -> None:
        if self.as_json:
            click.echo(json.dumps({"at": stamp(seen.at), "front": seen.document()}))
        else:
            click.echo(f"{seen.at:%Y-%m-%d %H:%M:%S} {seen.words}", err=bool(seen.trouble))

    def say(self, found: Look) -> None:
        if self.as_json:
            click.echo(json.dumps(found.document()))
        else:
            click.echo(f"{found.at:%Y-%m-%d %H:%M:%S} {found.words}", err=not found.line)
