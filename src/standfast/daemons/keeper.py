"""The keeper: this monitor's copy of the evidence log, and the page made from it. One of the
monitors writes; the others hold what it writes, and go on when it dies.

Loop: observe (the spool, the other monitors' words), decide (who writes what), apply (the copy),
record (the page). Machines hand in what they proved as files in any monitor's spool. A second
thread observes what is to be in the log at once (`observer.py`), a third one has what is shown
time-stamped (`stamper.py`), a fourth one asks how available the service is (`visitor.py`).
"""

import json
import os
import signal
import ssl
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from standfast.core.clock import Clock, SystemClock
from standfast.core.errors import CannotVerify, StandfastError, Unreachable
from standfast.core.files import write_atomically
from standfast.daemons.glances import Glances
from standfast.daemons.observer import PROMISE, Agents, Observer
from standfast.daemons.stamper import Stamper, asked_in, stamp_all
from standfast.daemons.turns import take_turns, take_turns_in_a_thread
from standfast.daemons.visitor import Visitor
from standfast.evidence.company import Company
from standfast.evidence.cosignature import Cosigner, parse_cosigner, witness_name
from standfast.evidence.draft import Drafts
from standfast.evidence.entries import by_kind
from standfast.evidence.envelope import leaf
from standfast.evidence.head import is_current, majority
from standfast.evidence.log import Log
from standfast.evidence.note import Verifier, parse_vkey
from standfast.evidence.policy import Policy, of_monitors, parse
from standfast.evidence.read import Record, read_log
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.state import derive, doubted
from standfast.evidence.statement import (
    AnyPredicate,
    EnrolledSigner,
    ShownCertificate,
)
from standfast.evidence.timestamp import shelf
from standfast.evidence.timestamp.judge import newest
from standfast.evidence.transport import FolderTransport, HttpsTransport, Transport
from standfast.evidence.witness import Witness
from standfast.mechanisms.hosts.agent.client import ask_directly
from standfast.mechanisms.hosts.agent.protocol import format_request
from standfast.mechanisms.hosts.tls import Identity, client_context
from standfast.mechanisms.keys.custody import fresh_identifier
from standfast.mechanisms.monitor import bulletin
from standfast.mechanisms.monitor.intake import Intake, missing
from standfast.mechanisms.monitor.issued import PATIENCE_S, Issued
from standfast.mechanisms.monitor.listed import Collector, Listed
from standfast.mechanisms.monitor.mirror import SPOOL, Mirror, Turn
from standfast.mechanisms.monitor.session import Session
from standfast.mechanisms.monitor.store import EtcdStore, Store
from standfast.mechanisms.monitor.timestamps import Asked
from standfast.mechanisms.monitor.vault import Vault
from standfast.pages.trust.render import SOMETIMES, pages
from standfast.proofs.announcements import Scope, announcements, telling
from standfast.proofs.monitoring.availability import Pace
from standfast.proofs.monitoring.visit import Door, visit

SETTINGS = Path("/etc/standfast/keeper.json")
PACE_S = 0.75
"""How long what others did waits at most before it is seen: a look costs three milliseconds of a
core, at each monitor, for as long as a site lives. What is handed in here is seen at a glance."""

QUICK_PACE_S = 0.05
QUICK_FOR_S = 3.0
"""While an entry is on its way, which takes several looks of several monitors, they look more
often; not for ever, should it not get on."""

AGAIN_AFTER_S = 1.0
"""When etcd does not answer."""

NO_MAJORITY = "nothing is logged until a majority of etcd answers"
LASTS_S = 3.0
"""What is waited for this long is said in the journal."""

PEER_TIMEOUT_S = 2.0
PAGE_EVERY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is asked of the log in every turn: its leaves' hashes, and what announcements go by."""

    size: int
    leaves: frozenset[bytes]
    said: tuple[AnyPredicate, ...]

    @classmethod
    def of(cls, record: Record) -> "Known":
        return cls(
            size=record.checkpoint.size,
            leaves=frozenset(record.leaves),
            said=telling(each.statement.predicate for each in record.entries),
        )


NOTHING = Known(size=0, leaves=frozenset(), said=())


@dataclass(slots=True, kw_only=True)
class Keeper:
    settings: Mapping[str, Any]
    signer: Ed25519Signer
    witness: Ed25519Signer
    clock: Clock
    store: Store
    peers: Mapping[str, Transport]
    issued: Issued
    record: Record | None = None
    known: Known = NOTHING
    shown_note: bytes = b""
    shown_at: datetime | None = None
    waiting: Mapping[str, bytes] = field(default_factory=dict)
    quick_until: float = 0.0
    was: object = None
    trouble: str = ""
    troubled_since: float = 0.0
    said: bool = False
    stamped_wrongly: str = ""
    writes: bool = False
    mirror: Mirror = field(init=False)
    intake: Intake = field(init=False)
    scope: Scope = field(init=False)
    policy: Policy = field(init=False)
    collector: Collector = field(init=False)
    asked: Sequence[Asked] = field(init=False)

    def __post_init__(self) -> None:
        for folder in ("spool", "refused", "drafts", "www/log"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        key = Verifier.of(self.signer.name, self.signer.public_key)
        self.mirror = Mirror(
            machine=self.settings["machine"],
            log=Log(self.www / "log", key),
            drafts=Drafts(folder=self.folder / "drafts", origin=key.name),
            signer=self.signer,
            witness=Witness(folder=self.folder / "witness", log=key, signer=self.witness),
            witnesses=witnesses_of(self.settings),
            store=self.store,
            session=Session(store=self.store, clock=self.clock),
            peers=self.peers,
            clock=self.clock,
            leaves=self._leaves,
        )
        self.intake = Intake(
            spool=self.folder / "spool",
            refused=self.folder / "refused",
            keys=tuple(parse_vkey(each["key"]) for each in self.settings["enrolled"]),
            monitors=frozenset(each["name"] for each in self.settings["monitors"]),
            say=say,
        )

        self.scope = scope_of(self.settings)
        self.asked = asked_in(self.settings)
        self.policy = policy_of(self.settings, key)
        self.collector = Collector(
            listed=listed_in(self.settings), read=self.mirror.log.tile, clock=self.clock, say=say
        )

    @property
    def folder(self) -> Path:
        return Path(self.settings["folder"])

    @property
    def www(self) -> Path:
        return self.folder / "www"

    def turn(self) -> float:
        """One round of the loop. Return after how many seconds the next one is due."""
        self.waiting = self.intake.waiting(self._known.leaves)
        self.issued.look()
        try:
            pause = self._keep()
        except Unreachable as error:
            self.writes = False
            self._say_lasting(NO_MAJORITY, f"{NO_MAJORITY}: {error.problem}")
            pause = AGAIN_AFTER_S
        self._show_if_due(self.clock.now())
        return pause

    def was_handed_more(self) -> bool:
        """Since the last turn."""
        return not self.intake.names() <= self.waiting.keys()

    def _keep(self) -> float:
        done = self.mirror.turn()
        self.writes = done.seen.writes
        self._say_lasting(done.waits_for, done.waits_for)
        if is_current(done.seen):
            (self.folder / "current").touch()
        self._pass_on(done)
        self._ask_others(done)
        now, state = self.clock.monotonic(), (done.bulletin.revisions, set(self.waiting))
        if state != self.was:
            self.was, self.quick_until = state, now + QUICK_FOR_S
        return QUICK_PACE_S if now < self.quick_until else PACE_S

    def _pass_on(self, done: Turn) -> None:
        """What waits in this spool is announced to the writer; the writer fetches it."""
        me, board = self.mirror.machine, done.bulletin
        mine = frozenset() if done.seen.writes else frozenset(self.waiting)
        if board.waiting.get(me, frozenset()) != mine:
            lease = self.mirror.session.renew()
            self.store.commit(bulletin.wait_for_writer(me, mine, lease))
        if done.seen.writes:
            for machine, names in board.waiting.items():
                self._fetch(machine, names)

    def _ask_others(self, done: Turn) -> None:
        """Customers' witnesses, by the monitor that writes, once what is signed is shown."""
        seen, board = done.seen, done.bulletin
        if not seen.writes or seen.signed is None or seen.published != seen.signed:
            return
        lacking = self.mirror.witnesses.keys() - seen.cosigned
        said = self.collector.turn(board.signed or b"", seen.signed.size, lacking)
        for name, line in said.items():
            self.store.commit(bulletin.cosign(board, name, line))

    def _fetch(self, machine: str, names: frozenset[str]) -> None:
        if machine not in self.peers:
            return
        for name in missing(names, self.waiting, self._known.leaves):
            # What is gone there, or who does not answer, is asked again in the next round.
            with suppress(CannotVerify, Unreachable):
                self.intake.take(self.mirror.fetch(machine, f"{SPOOL}{name}.json"))

    def _leaves(self) -> Sequence[bytes]:
        """All that is to be logged now: who may sign, what is announced, what was proven. Nothing
        where the log is only shown, as in a rehearsal of its site's recovery."""
        if self.settings.get("quiet"):
            return ()
        now, known = self.clock.now(), self._known
        shown = (*self.scope.certificates, *self.issued.certificates(known.said))
        due = announcements(known.said, replace(self.scope, certificates=shown), now=now)
        handed_in = (
            each for name, each in self.waiting.items() if bytes.fromhex(name) not in known.leaves
        )
        return (*(leaf(self.settings["site"], each, self.signer) for each in due), *handed_in)

    @property
    def _known(self) -> Known:
        """What is published here, verified from the first entry on: what was read last, unless the
        log has grown since, because most turns have nothing to read. What was read before is hashed
        again and not opened again."""
        size = self.mirror.log.published.size
        if size != self.known.size:
            self._read()
        return self.known

    def _read(self) -> Record:
        log = FolderTransport(self.www / "log")
        self.record = read_log(log, self._vkey, before=self.record, again=True)
        self.known = Known.of(self.record)
        return self.record

    def _show_if_due(self, now: datetime) -> None:
        note = self.mirror.log.published_note
        if not note:
            return
        if self.shown_note != note or self.shown_at is None or now - self.shown_at > PAGE_EVERY:
            self._show(now)

    def _show(self, now: datetime) -> None:
        """From the files themselves, so that damage shows within `PAGE_EVERY`."""
        record = self._read()
        states = doubted(derive(record.entries, now=now), record.complaints)
        made = pages(
            record,
            states,
            site=self.settings["site"],
            service=self.settings["service"],
            log_url=self.settings["log_url"],
            vkey=self._vkey,
            now=now,
            policy=self.policy,
            timestamps=self._timestamps(record, now),
            elsewhere=self.settings["elsewhere"],
        )
        for name, content in made.items():
            write_atomically(self.www / name, content)
        for name in SOMETIMES - made.keys():
            (self.www / name).unlink(missing_ok=True)
        self.shown_note, self.shown_at = record.checkpoint_bytes, now

    def _timestamps(self, record: Record, now: datetime) -> Sequence[shelf.Stamped]:
        """The newest of each authority, read and checked again; what does not hold is said, and not
        shown."""
        authorities = [each.authority for each in self.asked]
        found, trouble = newest(FolderTransport(self.www / "log"), authorities, record, now=now)
        if trouble and trouble != self.stamped_wrongly:
            say(f"time-stamps: {trouble}")
        self.stamped_wrongly = trouble
        return found

    def end(self) -> None:
        """Another monitor may write at once. If etcd does not hear it, it may when the lease has
        ended."""
        with suppress(StandfastError):
            self.mirror.session.end()

    @property
    def _vkey(self) -> str:
        return Verifier.of(self.signer.name, self.signer.public_key).vkey

    def _say_lasting(self, trouble: str, words: str) -> None:
        """Once for each trouble that lasts; mirrors that have yet to hold a draft are none."""
        now = self.clock.monotonic()
        if trouble != self.trouble:
            self.trouble, self.troubled_since, self.said = trouble, now, False
        if trouble and not self.said and now - self.troubled_since >= LASTS_S:
            say(words)
            self.said = True


def witnesses_of(settings: Mapping[str, Any]) -> Mapping[str, Cosigner]:
    monitors = {each["name"]: parse_cosigner(each["witness"]) for each in settings["monitors"]}
    return {**monitors, **{each.name: each.key for each in listed_in(settings)}}


def listed_in(settings: Mapping[str, Any]) -> tuple[Listed, ...]:
    return tuple(
        Listed(name=each["name"], key=parse_cosigner(each["key"]), url=each["url"])
        for each in settings["witnesses"]
    )


def policy_of(settings: Mapping[str, Any], log: Verifier) -> Policy:
    keys = {each["name"]: each["witness"] for each in settings["monitors"]}
    besides = {each["name"]: each["key"] for each in settings["witnesses"]}
    return parse(of_monitors(log.vkey, keys, majority(tuple(keys)), besides).encode())


def scope_of(settings: Mapping[str, Any]) -> Scope:
    return Scope(
        objectives={each["id"]: each["objective"] for each in settings["promises"]},
        usual={each["id"]: each["usual"] for each in settings["promises"]},
        not_promised=settings["not_promised"],
        enrolled=[EnrolledSigner(**each) for each in settings["enrolled"]],
        company=Company.model_validate(settings["company"]),
        certificates=tuple(
            ShownCertificate.model_validate(each) for each in settings["certificates"]
        ),
    )


def issued_by(settings: Mapping[str, Any], context: ssl.SSLContext, clock: Clock) -> Issued:
    said = settings["issued"]
    line = format_request("issued", {})

    def ask(edge: Mapping[str, str]) -> Mapping[str, Any]:
        at = (edge["address"], said["agent_port"])
        return ask_directly(at, edge["name"], line, context, patience_s=PATIENCE_S)

    return Issued(names=tuple(said["names"]), edges=said["edges"], ask=ask, clock=clock)


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def assembled(settings: Mapping[str, Any], credentials: Path, clock: Clock) -> Keeper:
    context = client_context(Identity.in_folder(credentials))
    addresses = {each["name"]: each["address"] for each in settings["monitors"]}
    machine, origin = settings["machine"], settings["origin"]
    own = addresses.pop(machine)
    voters = [f"{address}:{settings['etcd_port']}" for address in (own, *addresses.values())]
    return Keeper(
        settings=settings,
        signer=Ed25519Signer.from_pem(origin, (credentials / "log.pem").read_bytes()),
        witness=Ed25519Signer.from_pem(
            witness_name(origin, machine), (credentials / "witness.pem").read_bytes()
        ),
        clock=clock,
        store=EtcdStore(voters, context, prefix=bulletin.PREFIX),
        issued=issued_by(settings, context, clock),
        peers=others(settings, context),
    )


def others(settings: Mapping[str, Any], context: ssl.SSLContext) -> Mapping[str, Transport]:
    """What the other monitors hand over, by their names."""
    return {
        each["name"]: HttpsTransport(
            f"https://{each['address']}:{settings['pages_port']}",
            context=context,
            timeout_s=PEER_TIMEOUT_S,
        )
        for each in settings["monitors"]
        if each["name"] != settings["machine"]
    }


def own_signer(settings: Mapping[str, Any], credentials: Path) -> Ed25519Signer:
    """This monitor's own key, which the log's key has enrolled."""
    signing = (credentials / "signing.pem").read_bytes()
    return Ed25519Signer.from_pem(settings["machine"], signing)


def observing(keeper: Keeper, credentials: Path) -> Observer | None:
    """None where the site does not promise what would be observed."""
    settings = keeper.settings
    if PROMISE not in keeper.scope.objectives:
        return None
    return Observer(
        machine=settings["machine"],
        site=settings["site"],
        signer=own_signer(settings, credentials),
        observers=frozenset(each["name"] for each in settings["monitors"]),
        clock=keeper.clock,
        world=Agents(
            addresses=settings["databases"],
            port=settings["agent_port"],
            context=client_context(Identity.in_folder(credentials)),
        ),
        record=lambda: keeper.record,
        writes=lambda: keeper.writes,
        hand_in=keeper.intake.take,
        draw=fresh_identifier,
        vault=Vault(folder=keeper.folder / "sealed"),
    )


def stamping(keeper: Keeper, credentials: Path) -> Stamper | None:
    """None where no authority is listed. Its connections are its own: threads share none."""
    settings = keeper.settings
    if not keeper.asked:
        return None
    context = client_context(Identity.in_folder(credentials))
    return Stamper(
        asked=keeper.asked,
        every=timedelta(hours=settings["timestamps_every_h"]),
        folder=keeper.www / "log",
        key=Verifier.of(keeper.signer.name, keeper.signer.public_key),
        note=lambda: keeper.mirror.log.published_note,
        writes=lambda: keeper.writes,
        peers=others(settings, context),
        clock=keeper.clock,
        draw=fresh_identifier,
        say=say,
    )


def visiting(keeper: Keeper, credentials: Path) -> Visitor:
    """With the trust of a customer who knows the site's own authority."""
    settings, visits = keeper.settings, keeper.settings["visits"]
    trusted = ssl.create_default_context()
    trusted.load_verify_locations(cafile=credentials / "ca.pem")
    if visits["anchors"]:
        trusted.load_verify_locations(cadata=visits["anchors"])
    return Visitor(
        site=settings["site"],
        signer=own_signer(settings, credentials),
        clock=keeper.clock,
        pace=Pace(every_s=visits["every_s"], period_s=visits["period_s"]),
        doors=tuple(
            Door(name=visits["name"] or address, address=address, port=visits["port"])
            for address in visits["addresses"]
        ),
        ask=lambda door: visit(door, visits["path"], trusted, keeper.clock),
        writes=lambda: keeper.writes,
        hand_in=keeper.intake.take,
        kept=keeper.folder / "availability.json",
        has_begun=lambda: bool(keeper.record and by_kind(keeper.record.entries).counts),
    )


def beside(daemon: Observer | Visitor, name: str) -> None:
    """In a thread of its own."""
    said = (daemon.turn, daemon.clock, lambda words: say(f"{name}: {words}"))
    Thread(target=take_turns_in_a_thread, args=said, daemon=True).start()


def glancing(keeper: Keeper) -> Glances:
    return Glances(look=keeper.turn, is_new=keeper.was_handed_more, clock=keeper.clock)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    settings = json.loads(SETTINGS.read_text())
    credentials = Path(os.environ["CREDENTIALS_DIRECTORY"])
    keeper = assembled(settings, credentials, SystemClock())
    observer = observing(keeper, credentials)
    if observer is not None:
        beside(observer, "observer")
    stamper = stamping(keeper, credentials)
    if stamper is not None:
        Thread(target=stamp_all, args=(stamper,), daemon=True).start()
    visitor = visiting(keeper, credentials)
    beside(visitor, "visitor")
    try:
        take_turns(glancing(keeper).turn, keeper.clock, say)
    finally:
        visitor.end()
        keeper.end()


if __name__ == "__main__":
    main()
