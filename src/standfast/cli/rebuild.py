"""What a drill needs of `standfast recover --into site`: both databases lost, and one brought back;
and how a drill that was killed in the middle of it is ended.

The steps are those of `recover`, so what is measured is what an operator would wait for. What they
do to the machines, and why nothing is lost by it: mechanisms/recovery/in_place/ordeal.py.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Event

from standfast.cli.app import App
from standfast.cli.bring_back_site import migrate, planned, serve, wait_until_it_answers
from standfast.cli.lock import in_turn
from standfast.cli.progress import Progress
from standfast.cli.withdraw import stop_service
from standfast.core.errors import CannotVerify, Refused, StandfastError, Unreachable
from standfast.core.units import parse_stamp, stamp
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.recovery.in_place.ordeal import Ordeal, WayOut
from standfast.mechanisms.recovery.in_place.site import InPlace
from standfast.mechanisms.recovery.point_in_time.orders import Order
from standfast.mechanisms.rollout.machines import on_all, wait_for_ssh
from standfast.proofs.drills.ground import Brought

STARTS_WITHIN_S = 900.0
"""A server of metal takes minutes for its memory alone."""


@dataclass(slots=True, kw_only=True)
class Rebuild:
    """One recovery. `stop` may be called from another thread: it ends at its next word."""

    app: App
    progress: Progress
    _begun: tuple[str, Order] | None = None
    _stopped: Event = field(default_factory=Event)

    def must_be_possible(self) -> None:
        """Forgets what the drill before this one kept, whose room is needed, and looks at all that
        `recover` looks at first. Raises `Refused`, or what `recover` would."""
        if self._in_place.under_way() is not None:
            raise Refused(
                "a recovery of this site is under way",
                remedy="End it: standfast recover --to latest --into site; or give it up: "
                "standfast recover abandon",
            )
        self._ordeal.forget()
        self._planned()

    def lose(self) -> None:
        self._ordeal.lose()

    def reach(self) -> None:
        """The machines are on again; connections from before are of no use."""
        ways = [self.app.connection(each.name) for each in self.app.site.having(Role.DATABASE)]
        for each in ways:
            each.close()
        end = self.app.clock.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                on_all(ways, lambda each: wait_for_ssh(each, self.app.clock))
            except Unreachable:
                if self.app.clock.monotonic() > end:
                    raise
                self._tell("databases", "waiting until they have started")
            else:
                return

    def bring(self) -> Brought:
        name, order = self._begun = self._planned()
        self._in_place.begin(name, order)
        stop_service(self.app, self.progress)
        reached = self._in_place.bring(name, order)
        return Brought(
            machine=name, copy=order.copy, newest=parse_stamp(reached) if reached else None
        )

    def take_over(self) -> None:
        """The service answers afterwards. Before: `bring`."""
        assert self._begun is not None
        self._on(*self._begun)

    def put_back(self) -> None:
        """The service answers afterwards, with what it had."""
        self._ordeal.put_back()
        self._serve()

    def keep(self) -> Mapping[str, str]:
        """End it, once what came back has been looked at. Machine to folder: what they had."""
        assert self._begun is not None
        name, order = self._begun
        self._in_place.mirror(name)
        self._ordeal.keep(order)
        self._in_place.finish(name)
        return self._ordeal.kept()

    def end_what_was_begun(self) -> None:
        """By another command than the one that began it. Does nothing to a site that is whole: what
        runs is started, which is all that may be missing where nothing else is to be done."""
        match self._ordeal.way_out():
            case WayOut.NONE:
                with suppress(StandfastError):
                    self._in_place.follow()
                    serve(self.app, self.progress)
                return
            case WayOut.BACK:
                self._ordeal.put_back()
            case WayOut.KEEP:
                self._ordeal.keep(None)
            case WayOut.ON:
                self._begun = self._in_place.under_way()
                assert self._begun is not None
                self._on(*self._begun)
                self._ordeal.keep(self._begun[1])
                self._in_place.finish(self._begun[0])
        self._in_place.follow()
        self._serve()

    def stop(self) -> None:
        self._stopped.set()

    def _on(self, name: str, order: Order) -> None:
        self._in_place.take_over(name, order)
        migrate(self.app, self.progress)
        self._serve()

    def _serve(self) -> None:
        serve(self.app, self.progress)
        wait_until_it_answers(self.app)

    def _planned(self) -> tuple[str, Order]:
        name, order = planned(self.app, self._in_place, None, None, self.progress)
        return name, replace(order, begun=stamp(self.app.clock.now()))

    @property
    def _ordeal(self) -> Ordeal:
        return Ordeal(in_place=self._in_place)

    @property
    def _in_place(self) -> InPlace:
        return InPlace(
            connections=self.app.connections,
            clock=self.app.clock,
            tell=self._tell,
            site=self.app.site.name,
            database=self.app.site.service.role,
        )

    def _tell(self, who: str, what: str) -> None:
        """Everything that waits says so every second, so this ends it soon."""
        if self._stopped.is_set():
            raise CannotVerify("the recovery was interrupted")
        self.progress.tell(who, what)


def rebuilding(app: App) -> bool:
    """Whether this site could be in the middle of one: it takes two database machines."""
    return len(app.site.having(Role.DATABASE)) > 1


def end_what_was_begun(app: App) -> None:
    """The guard of a killed drill may be at it while the next command is, too."""
    home = app.site.folders.home
    if not (rebuilding(app) and home.exists()):
        return
    with in_turn(home / "rebuild.lock"):
        Rebuild(app=app, progress=Progress(quiet=True)).end_what_was_begun()
