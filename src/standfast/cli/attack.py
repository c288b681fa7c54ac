"""Attack this site: what a drill needs of the machines, of the vantage and of the service."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from standfast.cli import heal
from standfast.cli.account import CANARY, enter_account
from standfast.cli.afar import PowerThere
from standfast.cli.app import App
from standfast.cli.at_vantage import AtVantage
from standfast.cli.blueprint import SOURCE, preview
from standfast.cli.drills import rules
from standfast.cli.progress import Progress
from standfast.cli.rebuild import Rebuild
from standfast.cli.record import log_of
from standfast.cli.rehearsal import Rehearsal
from standfast.core.errors import Refused, Unreachable
from standfast.evidence.certificates import shown_by
from standfast.evidence.consent import standing
from standfast.evidence.statement import Run
from standfast.mechanisms.edge.moving.home import is_home
from standfast.mechanisms.hosts import kernel
from standfast.mechanisms.hosts.local.names import inside
from standfast.mechanisms.hosts.local.volume import Volume
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.hosts.programs import venv_folder
from standfast.mechanisms.keys import custody
from standfast.mechanisms.keys.certificates import read
from standfast.mechanisms.keys.rotation import trusted
from standfast.mechanisms.recovery.lose_site import planted as stale_envelope
from standfast.mechanisms.rollout.links import links
from standfast.mechanisms.rollout.plan import flows
from standfast.mechanisms.rollout.run import answers, own_programs
from standfast.promises.grade import Graded, KernelSample, grade
from standfast.promises.model import Part, Promise
from standfast.proofs.drills.body import proof_body
from standfast.proofs.drills.ground import Ground, NotBack
from standfast.proofs.drills.guard import guarded
from standfast.proofs.drills.kernels import Sample, read_sample, samples_of
from standfast.proofs.permission import forbidden
from standfast.proofs.register import REGISTER, Kind

AWAKE_WITHIN_S = 3.0
"""A machine that runs answers over an open connection within milliseconds."""

HOME_WITHIN_S = 20.0
"""Twice as long as an edge takes that has just been started. One that is dark is not waited for."""

POLL_S = 0.5

HERE = custody.VANTAGE
"""The computer that measures takes part in the drill like any machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerHere:
    app: App

    def cut(self, machine: str) -> None:
        self.app.here.container(machine).power_cut()

    def restore(self, machine: str) -> None:
        self.app.here.container(machine).power_on()


@dataclass(frozen=True, slots=True, kw_only=True)
class DisksHere:
    app: App

    def overwrite(self, machine: str, number: int, run: UUID) -> int:
        return self._volume(machine).overwrite(number, run.bytes)

    def fail(self, machine: str, number: int) -> None:
        self._volume(machine).fail(number)

    def mend(self, machine: str) -> None:
        self._volume(machine).mend()

    def _volume(self, machine: str) -> Volume:
        volume = self.app.here.container(machine).volume
        if volume is None:
            raise Refused(
                f"{machine} was made without mirrored disks",
                remedy="Give it another name in the file: then it is made anew, with them.",
            )
        return volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacked:
    """`unwell`: a machine that did not serve again in time. What was measured stands, so it is
    told once that is logged."""

    run: Run
    unwell: NotBack | None


@dataclass(slots=True, kw_only=True)
class Grading:
    """Who shares a kernel with whom is measured once for each command: the samples are taken one
    after the other, which takes its time, and a power cut moves no machine to another kernel."""

    graded: Graded | None = None

    def of(self, participants: Sequence[str], sample: Sample) -> Graded:
        if self.graded is None:
            self.graded = grade(samples_of(participants, sample))
        return self.graded


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """`chosen`: the machine that the operator named; without it a drill draws one. `consent`: to
    this run, on machines that belong to somebody."""

    app: App
    file: Path | None
    progress: Progress
    chosen: str | None = None
    grading: Grading = field(default_factory=Grading)
    consent: bool = False
    planted: set[str] = field(default_factory=set)
    """Faults that are planted in this process, and end with it: those of no machine."""

    def prepare(self, part: Part) -> None:
        """Refuse what cannot be attacked, and make ready what its drill needs."""
        check = REGISTER[part.drill]
        refused = self.forbidden(part, planting=False)
        if refused is not None:
            raise refused
        if check.kind is Kind.OBSERVATION and self.chosen:
            raise Refused(f"{part.drill} looks at the whole site, so no machine can be chosen")
        check.drill.prepare(self._ground(part))

    def forbidden(self, part: Part, *, planting: bool) -> Refused | None:
        """Why this drill may not run now; planting its fault disturbs, whatever it does itself."""
        if REGISTER[part.drill].kind is Kind.OBSERVATION and not planting:
            return None
        now = self.app.clock.now()
        said = standing(log_of(self.app).record().entries)
        return forbidden(part.drill, rules(self.app), said, now=now, consent=self.consent)

    @contextmanager
    def guarded(self, part: Part) -> Iterator[None]:
        """Whatever happens inside, machines are on and faults are gone afterwards."""
        check = REGISTER[part.drill]
        restore = heal.words(self.file, databases=check.databases)
        with guarded(restore, note=heal.note(self.app), limit_s=check.limit_s):
            yield

    def run(self, promise: Promise, part: Part, *, short: bool) -> Attacked:
        """To be called `guarded`."""
        if REGISTER[part.drill].kind is Kind.DRILL:
            self._wait_for_addresses()
        graded = self.grading.of(self._participants, self._sample)
        unwell = None
        try:
            ran = REGISTER[part.drill].drill.run(self._ground(part), short=short)
        except NotBack as error:
            ran, unwell = error.ran, error
        body = proof_body(ran, promise=promise, part=part, graded=graded)
        return Attacked(run=body, unwell=unwell)

    def _ground(self, part: Part) -> Ground:
        app, run = self.app, custody.fresh_identifier()
        return Ground(
            machines=app.site.machines,
            connections=app.connections,
            agents=app.agents,
            power=PowerHere(app=app) if app.site.made_here else PowerThere(app=app),
            vantage=AtVantage(
                runner=app.runner,
                inside=inside(app.site.local_names.vantage) if app.site.made_here else (),
            ),
            contract=self._contract,
            links=lambda: links(app.site.machines, flows(preview(app))),
            flows=lambda: flows(preview(app)),
            made_here=app.site.made_here,
            programs=f"{own_programs(SOURCE).folder}/src",
            python=f"{venv_folder(app.lock)}/bin/python",
            published=lambda: log_of(app).published(),
            database=app.site.service.role,
            store=app.site.offsite.store if app.site.offsite else None,
            recovery=Rebuild(app=app, progress=self.progress),
            facility=Rehearsal(
                app=app,
                progress=self.progress,
                run=str(run),
                stale=stale_envelope.NAME in self.planted,
            ),
            serving=self._serving,
            well=self._well,
            objective=part.objective,
            sign_up=self._sign_up,
            names=app.site.names,
            shown=lambda: shown_by(log_of(app).record().entries),
            authorities=lambda: read.authorities(trusted(app.keys.vault)),
            clock=app.clock,
            tell=lambda words: self.progress.tell(part.drill, words),
            run=run,
            chosen=self.chosen,
            mirrored=tuple(machine.name for machine in app.site.mirrored),
            disks=DisksHere(app=app) if app.site.made_here else None,
        )

    def _sign_up(self) -> None:
        enter_account(self.app, CANARY, self._password)

    @property
    def _participants(self) -> tuple[str, ...]:
        return (HERE, *(machine.name for machine in self.app.site.machines))

    def _sample(self, name: str) -> KernelSample:
        if name == HERE:
            return read_sample(kernel.read())
        return read_sample(self.app.agents.ask(name, "kernel"))

    def _serving(self) -> Mapping[str, bool]:
        return {
            web.name: answers(self.app.connection(web.name), self.app.site.service)
            for web in self.app.site.having(Role.WEB)
        }

    def _well(self, machine: str) -> bool:
        """Whoever is off is found out by a question that may not take long: a connection from
        before the power cut looks open, and making a new one takes its time."""
        try:
            self.app.connection(machine).run(("true",), timeout_s=AWAKE_WITHIN_S)
            units = self.app.agents.ask(machine, "units")
        except Unreachable:
            return False
        return all(state == "active" for state in units.values()) and self._is_home(machine)

    def _is_home(self, machine: str) -> bool:
        """Whether its public address is with it, if it is one that moves."""
        return is_home(self.app.connection(machine), timeout_s=AWAKE_WITHIN_S)

    def _wait_for_addresses(self) -> None:
        """What was restarted a moment ago, by a planted fault, has not taken its address back yet;
        when it does, what is under way elsewhere is cut."""
        end = self.app.clock.monotonic() + HOME_WITHIN_S
        edges = self.app.site.having(Role.EDGE)
        while not all(self._is_home(each.name) for each in edges):
            if self.app.clock.monotonic() > end:
                return
            self.app.clock.sleep(POLL_S)

    @property
    def _password(self) -> str:
        return custody.ensure(self.app.keys.vault).canary_password

    @property
    def _contract(self) -> Mapping[str, Any]:
        canary = self.app.site.service.canary.model_dump(
            mode="json", by_alias=True, exclude={"account"}
        )
        edges = [str(edge.public) for edge in self.app.site.having(Role.EDGE)]
        return {
            **canary,
            "account": CANARY,
            "password": self._password,
            "addresses": edges,
            "port": 443,
            "host": edges[0],
            "ca_file": str(self.app.site.folders.home / "ca.pem"),
        }
