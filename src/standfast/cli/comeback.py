"""A whole site comes back: looked at, begun, fetched, brought up, and seen by a customer's eyes."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from standfast.cli.access import Door, led, sign_in
from standfast.cli.app import App, own_pins
from standfast.cli.arriving import CAME, FromImage, must_fit, watched, wrong_version
from standfast.cli.blueprint import release
from standfast.cli.bring_up import bring_up
from standfast.cli.handover import hand_over
from standfast.cli.listed import admit
from standfast.cli.old_log import copied, fetched_log
from standfast.cli.preflight import preflight
from standfast.cli.progress import Progress
from standfast.cli.record import log_of
from standfast.cli.recover_snapshot import bring, choose, store_of
from standfast.core.command import Runner
from standfast.core.errors import CannotVerify, ConfigError, Refused
from standfast.core.files import write_atomically
from standfast.core.units import parse_stamp, stamp
from standfast.evidence import merkle
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.statement import TextNotice
from standfast.mechanisms.backup.offsite.commands import PROGRAM
from standfast.mechanisms.backup.offsite.repository import OffsiteRepository
from standfast.mechanisms.backup.offsite.snapshots import Snapshot
from standfast.mechanisms.database.psql import psql
from standfast.mechanisms.hosts.bundle import Bundle
from standfast.mechanisms.hosts.local import image
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.keys import identities
from standfast.mechanisms.keys.custody import DNS_KEY, LOG_KEY
from standfast.mechanisms.keys.envelope.contents import Content
from standfast.mechanisms.recovery.lose_site import brought, naming
from standfast.mechanisms.recovery.lose_site.brought import Underway
from standfast.mechanisms.recovery.lose_site.land import DATABASE, LOG, Land
from standfast.mechanisms.recovery.lose_site.landed import DATABASE_HOME
from standfast.mechanisms.rollout.artifacts import Artifact
from standfast.mechanisms.rollout.databases import takes_writes
from standfast.mechanisms.rollout.machines import on_all
from standfast.mechanisms.rollout.run import Rollout

RECOVERED = "recovered"
"""In the site's folder: what comes back, until it lies on the machines. Only root enters it."""

WHICH = "snapshot"
"""Beside it: of which snapshot all of it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`snapshot`: how its id begins, else the newest; `log`: a folder with a copy of the evidence
    log, else the one in the store."""

    snapshot: str | None = None
    log: Path | None = None


@dataclass(slots=True, kw_only=True)
class Comeback:
    """One recovery of a site. Killed anywhere, the same again goes on: what came lies in the site's
    folder, what it is about in the sealed secrets, and each machine knows what it was given."""

    app: App
    content: Content
    progress: Progress
    identity: str | None = None
    underway: Underway | None = None
    door: Door | None = None
    lasted: dict[str, float] = field(default_factory=dict)

    def carried_out(self, wanted: Wanted) -> Mapping[str, Any]:
        """Looks before anything is touched: whether the store opens, has a copy of the log that its
        key has signed, and a snapshot; and whether machines can be made, or are fit."""
        began = self.app.clock.now()
        if self.app.site.dns is not None:
            carried = DNS_KEY in self.content.secrets
            naming.must_be_possible(self.app.site.dns, carried=carried)
        before = self._begun_before(wanted.snapshot)
        with self._timed("looked"):
            known = self._log_copy(before, wanted.log)
            if before is None and self.app.site.made_here:
                preflight(self.app, self.progress, said=False)
        runner = self._restic()
        with store_of(self.content, runner) as store:
            self.progress.tell("store", "asking for its snapshots")
            chosen = choose(store.snapshots(), before.snapshot if before else wanted.snapshot)
            if not self.app.site.made_here:
                self.app = admit(self.app, self.progress)
            self.underway = before or self._begin(chosen, known, began)
            self._must_be_what_was_begun(known)
            with self._timed("fetched"):
                self._fetch(store, chosen)
        with self._timed("brought_up"):
            bring_up(self.app, self.progress, arrival=self)
        return self._ended(chosen)

    @property
    def folder(self) -> Path:
        return self.app.site.folders.home / RECOVERED

    def before_units(
        self, rollout: Rollout, bundles: Mapping[str, Bundle], programs: Artifact
    ) -> None:
        """The log first: what there is of it already says whether these machines are new."""
        assert self.underway is not None
        rollout.place(bundles, programs)
        land = Land(
            programs=programs,
            run=self.underway.run,
            clock=self.app.clock,
            tell=self.progress.tell,
        )
        databases, monitors = rollout.having(Role.DATABASE), rollout.having(Role.MONITOR)
        on_all(monitors, lambda each: land.look(each, LOG))
        log = self.folder / LOG
        names = tuple(each.name for each in sorted(log.iterdir()))
        on_all(monitors, lambda each: land.bring(each, LOG, log, names))
        version = (self.folder / "data" / "PG_VERSION").read_text().strip()
        for each in databases:
            has = each.run(
                ("test", "-x", f"/usr/lib/postgresql/{version}/bin/postgres"), check=False
            )
            if has.status != 0:
                raise wrong_version(each.machine.name, version)
        present = tuple(each for each in CAME if (self.folder / each).exists())
        on_all(databases, lambda each: land.bring(each, DATABASE, self.folder, present))

    def serves(self) -> None:
        """Names are led there before certificates for them are issued."""
        with self._timed("named"):
            self.door = led(self.app, self.progress)

    def _begun_before(self, wanted: str | None) -> Underway | None:
        if not self.app.site.sealed.sealed.exists():
            return None
        vault = self.app.keys.vault
        brought.must_be_the_same_site(
            vault.get(LOG_KEY), self.content, str(self.app.site.sealed.sealed)
        )
        return brought.goes_on(vault.get(brought.NAME), self.app.site.name, wanted)

    def _begin(self, chosen: Snapshot, known: Checkpoint, began: datetime) -> Underway:
        assert chosen.source is not None
        session = self.app.keys
        mine = identities.first_operator(self.identity, session.environment, self.app.runner)
        made = Underway(
            run=chosen.id[:16],
            snapshot=chosen.id,
            data_at=stamp(chosen.source.data_at),
            entries=known.size,
            root=known.root.hex(),
            begun=stamp(began),
        )
        accept_shorter(known, self.progress)
        contents = brought.contents(self.content, mine)
        kept = {**contents.kept, brought.NAME: made.to_json()}
        session.found(replace(contents, kept=kept))
        return made

    def _log_copy(self, before: Underway | None, given: Path | None) -> Checkpoint:
        """What an earlier run of this recovery has fetched counts: by now the new site may have
        sent its own."""
        folder = self.folder / LOG
        if before is not None and (found := copied(folder, self.content.log_key)) is not None:
            return found
        return fetched_log(self.app, self.content, folder, self.progress, given)

    def _must_be_what_was_begun(self, known: Checkpoint) -> None:
        """Where the copy of the log had to be fetched anew, it may be another one."""
        assert self.underway is not None
        if (known.size, known.root.hex()) != (self.underway.entries, self.underway.root):
            raise Refused(
                f"the copy of the log in the store has {known.size} entries now, and had "
                f"{self.underway.entries} when this recovery began",
                remedy="Does the old site run? Two must not go on with one log.",
            )

    def _restic(self) -> Runner:
        runner = self.app.runner
        if Path(PROGRAM).exists():
            return runner
        if not self.app.site.made_here:
            raise ConfigError("restic is not on this computer", remedy="apt-get install restic")
        wanted = self.app.here.image
        with self._timed("image"):
            root = image.ensure(wanted, runner, lambda what: self.progress.tell("image", what))
        return FromImage(root=root, runner=runner)

    def _fetch(self, store: OffsiteRepository, chosen: Snapshot) -> None:
        """Into the site's folder, once, and whole."""
        which = self.folder / WHICH
        if not (which.is_file() and which.read_text() == chosen.id):
            for each in CAME:
                shutil.rmtree(self.folder / each, ignore_errors=True)
            with watched(self.app, self.progress, self.folder, store.bytes_of(chosen.id)):
                bring(store, chosen, self.folder, lies_in=DATABASE_HOME)
            write_atomically(which, chosen.id.encode(), mode=0o600)
        must_fit(self.app, (self.folder / "data" / "PG_VERSION").read_text().strip())

    def _ended(self, chosen: Snapshot) -> Mapping[str, Any]:
        """All of it is there: seen by signing in, and by the log that customers read."""
        assert self.underway is not None
        app, underway = self.app, self.underway
        self.door = self.door or led(app, self.progress)
        signed_in = None
        if not app.rehearsed:  # there the customer is another one, and knows the name alone
            with self._timed("signed_in"):
                signed_in = sign_in(app, self.door)
        newest = newest_before(app, underway.begun)
        entries = continued(app, underway)
        if not app.rehearsed:
            hand_over(app, TextNotice(text=notice(underway), at=app.clock.now()))
        app.keys.vault.drop(brought.NAME)
        app.keys.save()
        shutil.rmtree(self.folder, ignore_errors=True)
        ended = app.clock.now()
        return {
            "site": app.site.name,
            "url": app.site.url,
            "trust_url": f"{app.site.url}trust/",
            "ca_file": str(app.site.folders.home / "ca.pem"),
            "snapshot": underway.snapshot,
            "taken_at": stamp(chosen.taken_at),
            "newest_change_at": stamp(newest) if newest else None,
            "began_at": underway.begun,
            "ended_at": stamp(ended),
            "took_s": round((ended - parse_stamp(underway.begun)).total_seconds(), 1),
            "seconds": {name: round(each, 1) for name, each in self.lasted.items()},
            "names_lead_here": self.door.is_led,
            "signed_in": signed_in,
            "log": {"entries": entries, "continued_from": underway.entries, "root": underway.root},
            "release": of_release(app, self.content),
        }

    def _timed(self, what: str) -> "Timed":
        return Timed(app=self.app, into=self.lasted, what=what)


@dataclass(slots=True, kw_only=True)
class Timed:
    app: App
    into: dict[str, float]
    what: str
    began: float = 0.0

    def __enter__(self) -> None:
        self.began = self.app.clock.monotonic()

    def __exit__(self, *_: object) -> None:
        self.into[self.what] = self.app.clock.monotonic() - self.began


def accept_shorter(known: Checkpoint, progress: Progress) -> None:
    """Entries that this computer has verified and that never reached the store are lost, and the
    log goes on without them. Whoever brings the site back is told so, and goes by it from now on;
    all others who have verified them find it out, and must be told why."""
    pins = own_pins()
    pinned = pins.checkpoint(known.origin)
    if pinned is not None and pinned.size > known.size:
        progress.say(
            f"the log had {pinned.size} entries when it was last verified here, and goes on after "
            f"{known.size}: who has verified the others will say so"
        )
        pins.forget(known.origin)


def newest_before(app: App, begun: str) -> datetime | None:
    """The newest row that came along: the new site's own are younger than its recovery."""
    asked = psql(
        app.site.service.role,
        "--command=SELECT to_char(max(at) AT TIME ZONE 'UTC', "
        '\'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\') FROM standfast.heartbeat '
        f"WHERE at < '{begun}'",
    )
    ways = (app.connection(each.name) for each in app.site.having(Role.DATABASE))
    primary = next((each for each in ways if takes_writes(each)), None)
    if primary is None:
        raise CannotVerify("no database of the new site takes writes", remedy="standfast status")
    said = primary.run(asked).text.strip()
    return parse_stamp(said) if said else None


def continued(app: App, underway: Underway) -> int:
    """How many entries customers are shown now, which begin with those that came along."""
    record = log_of(app).record()
    entries = record.checkpoint.size
    first = record.leaves[: underway.entries]
    if record.complaints or merkle.root(first).hex() != underway.root:
        why = "; ".join(record.complaints) or "it does not begin with the entries that came along"
        raise CannotVerify(f"the evidence log of the new site cannot be verified: {why}")
    return entries


def notice(underway: Underway) -> str:
    return (
        f"The site was lost, and was brought back on other machines from its copy off site. This "
        f"log goes on from its copy there, which had {underway.entries} entries; the data is that "
        f"of {underway.data_at}."
    )


def of_release(app: App, content: Content) -> Mapping[str, Any]:
    """`same`: whether what serves now was made of the same source, by the same Standfast, as when
    the envelope was written."""
    made, before = release(app).digest, content.versions.get("release", "")
    return {"now": made, "in_envelope": before, "same": made == before}
