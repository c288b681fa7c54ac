"""Ask a backup machine what it has, and tell it to restore: the operator's side, through SSH."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from standfast.core.clock import Clock
from standfast.core.errors import CannotVerify, CommandFailed, Refused
from standfast.mechanisms.backup import taking
from standfast.mechanisms.backup.offsite import places as offsite
from standfast.mechanisms.backup.offsite.orders import Return
from standfast.mechanisms.backup.orders import Order
from standfast.mechanisms.backup.places import ORDER, REPORT, RESTORE_UNIT, TAKE_UNIT, USER
from standfast.mechanisms.backup.shelf import Shelf
from standfast.mechanisms.hosts.connection import Connection

RESTORE_LIMIT_S = 24 * 3600.0
"""As long as the unit itself may take."""

SHELF_LIMIT_S = 120.0
"""The engine's word, and a few segments of WAL; a machine under load takes longer."""

OFFSITE_LIMIT_S = 400.0
"""Three questions to a store that may be far away, each at its own limit."""

OLD = "No module named"
POLL_S = 1.0
SSH_SLACK_S = 15.0

AS_ITS_USER = ("runuser", "-u", USER, "--")
"""What the engine is asked to do leaves nothing behind that its own user could not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What lies in a repository. `segment` is the newest of WAL; None for what there is none of."""

    copy_age_s: float | None
    segment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    connection: Connection

    @property
    def name(self) -> str:
        return self.connection.machine.name

    def look(self) -> Look:
        return parse(self._program("look", timeout_s=SSH_SLACK_S))

    def wait_for(self, segment: str, limit_s: float) -> Look:
        """Return as soon as that segment is there, or when the time is over."""
        return parse(self._program("look", segment, str(limit_s), timeout_s=limit_s + SSH_SLACK_S))

    def shelf(self) -> Shelf:
        """What it can bring back. Takes seconds: the newest WAL is read for its time."""
        return Shelf.from_json(self._program("shelf", timeout_s=SHELF_LIMIT_S, by=AS_ITS_USER))

    def received(self) -> bytes:
        """WAL that it has and its repository has not yet, packed (`receiver/received.py`). Empty
        where its release of Standfast knows of none: what is to be brought back now does not wait
        for `up`."""
        argv = self._started("receiver.received", by=AS_ITS_USER)
        said = self.connection.run(argv, timeout_s=SHELF_LIMIT_S, check=False)
        if said.status != 0 and OLD not in said.complaint:
            raise CommandFailed(
                f"{self.name} does not hand over what it received: {said.complaint.strip()}",
                remedy=f"standfast logs {self.name} --unit standfast-receiver.service",
            )
        return said.stdout

    def hears(self, word: str, limit_s: float) -> bool | None:
        """Whether that word, which the primary has written, is in what it receives by then. None
        where it receives nothing."""
        said = json.loads(
            self._program("receiver.look", word, str(limit_s), timeout_s=limit_s + SSH_SLACK_S)
        )
        return bool(said["found"]) if said["received"] else None

    def take(self, clock: Clock, tell: Callable[[str], None]) -> None:
        """Have it take a copy now, of the kind that is due."""
        show = ("systemctl", "show", f"--property={','.join(taking.PROPERTIES)}", TAKE_UNIT)
        start = ("systemctl", "start", "--no-block", TAKE_UNIT)
        taking.Order(
            machine=self.name,
            start=lambda: self.connection.run(start),
            look=lambda: taking.read(self.connection.run(show).text),
            clock=clock,
            tell=tell,
        ).carry_out()

    def restore(self, order: Order) -> Mapping[str, Any]:
        """The report (`restore.Report`). Should this end before, the machine goes on by itself
        and destroys what it restored."""
        return self._carried_out(
            order.run, order.to_json(), (RESTORE_UNIT,), order_at=ORDER, report_at=REPORT
        )

    def bring_back(self, order: Return) -> Mapping[str, Any]:
        """The same of a snapshot that comes from the store off site."""
        return self._carried_out(
            order.run,
            order.to_json(),
            (offsite.FETCH_UNIT, offsite.CHECK_UNIT),
            order_at=offsite.ORDER,
            report_at=offsite.RETURN_REPORT,
        )

    def send_off_site(self, clock: Clock, limit_s: float) -> None:
        """Have it take a snapshot now, and return when that has arrived or the time is over."""
        before, end = self._last_sent(), clock.monotonic() + limit_s
        self.connection.run(("systemctl", "start", offsite.RESTORE_UNIT), timeout_s=limit_s)
        while self._last_sent() == before and clock.monotonic() < end:
            clock.sleep(POLL_S)

    def _last_sent(self) -> str:
        return self.connection.run(("cat", offsite.LAST), check=False).text

    def _carried_out(
        self, run: str, order: bytes, units: tuple[str, ...], *, order_at: str, report_at: str
    ) -> Mapping[str, Any]:
        self._refuse_a_second(units)
        self.connection.run(("rm", "-f", report_at))
        self.connection.run((*AS_ITS_USER, "tee", order_at), stdin=order)
        for unit in units:
            self.connection.run(
                ("systemctl", "start", unit), timeout_s=RESTORE_LIMIT_S, check=False
            )
        said = self.connection.run(("cat", report_at), check=False)
        if said.status != 0:
            raise CannotVerify(
                f"{self.name} did not report on its restore",
                remedy=f"standfast logs {self.name} --unit {units[-1]}",
            )
        report: dict[str, Any] = json.loads(said.stdout)
        if report["run"] != run:
            raise CannotVerify(f"{self.name} reported on another restore than it was told to make")
        return report

    def off_site(self) -> Mapping[str, Any]:
        """What lies off site, as this machine's key opens it (`offsite/look.py`)."""
        said: dict[str, Any] = json.loads(
            self._program("offsite.look", timeout_s=OFFSITE_LIMIT_S, by=AS_ITS_USER)
        )
        return said

    def _refuse_a_second(self, units: tuple[str, ...]) -> None:
        asked = self.connection.run(("systemctl", "is-active", *units), check=False)
        if {"active", "activating"} & set(asked.text.split()):
            raise Refused(
                f"{self.name} is restoring already", remedy="Wait until it is done, then try again."
            )

    def _program(self, *words: str, timeout_s: float, by: tuple[str, ...] = ()) -> str:
        """Run one of this room's programs there."""
        return self.connection.run(self._started(*words, by=by), timeout_s=timeout_s).text

    def _started(self, *words: str, by: tuple[str, ...] = ()) -> tuple[str, ...]:
        module = f"standfast.mechanisms.backup.{words[0]}"
        variables = environment(self.connection, TAKE_UNIT)
        return (*by, "env", *variables, "/usr/bin/python3", "-m", module, *words[1:])


def environment(connection: Connection, unit: str) -> tuple[str, ...]:
    """Under which our programs run on a machine; where they lie, one of its own units says."""
    shown = connection.run(("systemctl", "show", "--property=Environment", "--value", unit))
    return tuple(shown.text.split())


def parse(printed: str) -> Look:
    said = json.loads(printed)
    return Look(copy_age_s=said["copy_age_s"], segment=said["segment"])
