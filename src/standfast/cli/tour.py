"""`standfast tour`: five minutes in which a site loses its primary, and its record resists.

Six steps, a key between them. Nothing is staged: the power cut, the planted fault and the proofs
that enter the log are real, and what is altered is a copy of that log.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import click

from standfast.cli import heal
from standfast.cli.app import App
from standfast.cli.attack import PowerHere
from standfast.cli.bring_up import ACCOUNT
from standfast.cli.guide import Guide, somebody_is_there
from standfast.cli.prove import at_work, promised
from standfast.cli.proving import Logged, Prover
from standfast.cli.record import log_of
from standfast.cli.told import lines
from standfast.core.errors import CannotVerify, Refused
from standfast.core.units import duration
from standfast.evidence.copied import alter, copy
from standfast.evidence.transport import FolderTransport
from standfast.evidence.verify import verify
from standfast.mechanisms.database.observe import Cluster, cluster_by_any
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.keys import custody
from standfast.promises.model import Outcome
from standfast.proofs.drills.connection import Target
from standfast.proofs.drills.customer import Customer, canary
from standfast.proofs.drills.guard import guarded
from standfast.proofs.drills.load import context

DOUBTED = "mirrored-database"
"""The promise whose check is quickest, so that nobody waits long to see it turn red."""

STEPS = 6

WHOLE_WITHIN_S = 90.0
"""A machine that comes back boots in seconds, and copies its database anew at worst."""

POLL_S = 0.5


@click.command()
@click.option("--no-pause", is_flag=True, help="Do not wait for a key between the steps.")
@click.pass_obj
def tour(file: Path | None, no_pause: bool) -> int:
    """Lead through what Standfast does, in five minutes, on the site made on this computer.

    An hour is entered into the service; the primary database loses its power; the next hour is
    saved all the same, once. A planted fault turns one promise red on the trust page, and it heals.
    The log is verified, then a copy of it is altered, and the verifier names the altered entry.

    Whatever it does to the site it takes back, also when you leave in the middle. What it proves
    stays in the evidence log, the red proof too.
    """
    with at_work(file, "tour", as_json=False) as prover:
        if not prover.attack.app.site.made_here:
            raise Refused(
                "the tour cuts the power of a machine, and these are listed: they are somebody's",
                remedy="Take it on a site made here: `standfast up` in an empty folder.",
            )
        promised(prover.attack.app, DOUBTED)
        waits = somebody_is_there() and not no_pause
        Tour(prover=prover, file=file, guide=Guide(steps=STEPS, waits=waits)).lead()
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    prover: Prover
    file: Path | None
    guide: Guide

    def lead(self) -> None:
        customer = self.enter_an_hour()
        self.cut_the_primary(customer)
        red = self.turn_red()
        self.look_green()
        self.verify()
        self.alter_a_copy(red.index)
        self.guide.say("\nThat was all of it. `standfast status` shows how the site stands now.")

    def enter_an_hour(self) -> Customer:
        site = self.app.site
        self.guide.step(
            "An hour is entered",
            f"You are {ACCOUNT}, a customer of {site.url}. Open it in a browser if you like, and "
            f"the trust page {site.url}trust/ beside it. The tour saves an hour for you.",
        )
        customer = self.customer()
        customer.sign_in()
        self.saved(customer, "before the power cut")
        return customer

    def cut_the_primary(self, customer: Customer) -> None:
        primary = self.primary()
        self.guide.step(
            f"The primary database, {primary}, loses its power",
            "Its cable out, SIGKILL to its process 1, not a word to anybody. Then you save again, "
            "and press the button until it is accepted.",
        )
        power = PowerHere(app=self.app)
        with guarded(heal.words(self.file, databases=False), note=heal.note(self.app)):
            power.cut(primary)
            self.guide.tell(f"{primary} is off.")
            self.saved(customer, "while the primary is off")
            self.guide.tell(f"The primary is {self.primary()} now; {primary} gets its power back.")
            power.restore(primary)
        self.wait_for_two_copies()

    def turn_red(self) -> Logged:
        promise = promised(self.app, DOUBTED)
        self.guide.step(
            "A fault is planted, and a promise turns red",
            f"{promise.statement} Believe no check that you have never seen red: the tour plants a "
            "fault and proves the promise again. Keep the trust page open.",
        )
        return self.prover.broken(promise, promise.parts[0], self.look_red)

    def look_red(self, proof: Logged) -> None:
        self.told(proof)
        if proof.proof.outcome is not Outcome.BROKEN:
            raise CannotVerify(
                "the check stayed green with the fault planted, so it proves nothing"
            )
        self.guide.wait("Load the trust page anew: it is red there, for everybody.")

    def look_green(self) -> None:
        promise = promised(self.app, DOUBTED)
        self.guide.step(
            "It heals",
            "The fault is gone. What was red stays in the log; only a new proof turns it green.",
        )
        self.wait_for_two_copies()
        self.told(self.prover.prove(promise, promise.parts[0]))

    def verify(self) -> None:
        log = log_of(self.app)
        self.guide.step(
            "Verify",
            "What `standfast evidence verify` does, for any customer with the log's public key: "
            "every entry hashed, every signature checked, each promise's state derived anew.",
        )
        found = log.verification()
        for complaint in found.complaints:
            self.guide.tell(f"WRONG: {complaint}")
        if found.complaints:
            raise CannotVerify("the log does not verify")
        self.guide.tell(
            f"{found.record.checkpoint.size} entries, each where it was signed to be, and every "
            "signature holds."
        )

    def alter_a_copy(self, index: int) -> None:
        self.guide.step(
            "Alter a copy",
            f"The log is copied, and one bit of entry {index} is changed in the copy: the proof "
            "that was red.",
        )
        log = log_of(self.app)
        with TemporaryDirectory(prefix="standfast-tour-") as name:
            folder = Path(name)
            alter(folder, copy(log.transport(), log.vkey, folder), index)
            copied = FolderTransport(folder)
            found = verify(copied, log.vkey, now=self.app.clock.now(), pinned=None)
        for complaint in found.complaints:
            self.guide.tell(f"WRONG: {complaint}")
        if not any(str(index) in complaint for complaint in found.complaints):
            raise CannotVerify(f"entry {index} was altered and the verifier did not name it")
        self.guide.tell("And of a log like that no promise is shown as kept.")

    @property
    def app(self) -> App:
        return self.prover.attack.app

    def customer(self) -> Customer:
        site = self.app.site
        address = urlsplit(site.url)
        assert address.hostname
        return Customer(
            target=Target(
                addresses=(address.hostname,),
                port=address.port or 443,
                host=address.hostname,
                context=context(str(site.folders.home / "ca.pem")),
            ),
            clock=self.app.clock,
            canary=canary(
                site.service.canary.model_dump(mode="json", by_alias=True, exclude={"account"})
            ),
            account=ACCOUNT,
            password=custody.ensure(self.app.keys.vault).account_password,
            run=str(custody.fresh_identifier()),
        )

    def saved(self, customer: Customer, when: str) -> None:
        identifier = str(custody.fresh_identifier())
        took = customer.save(identifier, f"{when}, tour {customer.run}")
        times = customer.count(identifier)
        self.guide.tell(f"Saved after {duration(took)}: the service has it {often(times)}.")
        if times != 1:
            raise CannotVerify(f"what was acknowledged once is there {often(times)}")

    def told(self, logged: Logged) -> None:
        self.prover.attack.progress.end()
        for line in lines(logged):
            self.guide.say(line)

    def cluster(self) -> Cluster:
        machines = self.app.site.having(Role.DATABASE)
        return cluster_by_any(self.app.connection(each.name) for each in machines)

    def primary(self) -> str:
        found = self.cluster().primary
        if found is None:
            raise Refused("there is no primary just now", remedy="Run `standfast up`, then again.")
        return found

    def wait_for_two_copies(self) -> None:
        clock = self.app.clock
        began = clock.monotonic()
        while not self.cluster().is_whole:
            if clock.monotonic() - began > WHOLE_WITHIN_S:
                raise CannotVerify(
                    f"the database has one copy only, {WHOLE_WITHIN_S:.0f} s later",
                    remedy="`standfast status` shows what does not run.",
                )
            clock.sleep(POLL_S)
        self.guide.tell("The database is on two machines again.")


def often(times: int) -> str:
    return "once" if times == 1 else f"{times} times"
