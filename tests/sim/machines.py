"""What can be done to machines and to the ways between them, and what follows from it at once."""

from collections.abc import Callable, Iterable, Mapping

from standfast.mechanisms.database.fence import SILENCE_LIMIT_S

from .engine import Engine, Process
from .network import DATA, DATABASES, KNOCK, MONITORS, OTHER, Network, Way
from .patroni import Patroni
from .postgres import Pair
from .verdict import Condition, Verdict
from .voters import Voters
from .watchers import Watcher

GUARD_S = (0.5, 2.0)
"""How much later than its limit the guard kills: its pace, and what an answer may take."""

RESTART_S = 1.0
BOOT_S = 1.0
SLOW_S = 0.1
"""A loop whose steps take up to so many seconds more may not be on time."""

LOSSY = 0.1
"""Where more messages are lost, not everybody who is well shows it in time."""


class Machines:
    def __init__(
        self,
        engine: Engine,
        network: Network,
        voters: Voters,
        pair: Pair,
        databases: Mapping[str, Patroni],
        watchers: dict[str, Watcher],
        new_watcher: Callable[[str], Watcher],
        verdict: Verdict,
    ) -> None:
        self.engine, self.network, self.voters, self.pair = engine, network, voters, pair
        self.databases, self.watchers = databases, watchers
        self.new_watcher, self.verdict = new_watcher, verdict
        self.paused: set[str] = set()
        self.without_power: set[str] = set()

    def cut(self, ways: Iterable[Way]) -> None:
        self.network.cuts |= set(ways)
        self.review()

    def mend(self, ways: Iterable[Way]) -> None:
        self.network.cuts -= set(ways)
        self.review()

    def cut_power(self, name: str) -> None:
        """Nobody on the other side is told."""
        self.without_power.add(name)
        self.paused.discard(name)
        self.network.silent.add(name)
        if name in MONITORS:
            self.watchers[name].actor.hold(True)
        else:
            self.databases[name].process.kill()
            self.pair.lose(self.databases[name].server)
        self.review()

    def give_power(self, name: str) -> None:
        if name not in self.without_power:
            return
        self.without_power.discard(name)
        self.network.silent.discard(name)
        if name in MONITORS:
            self.watchers[name] = self.new_watcher(name)
        else:
            server = self.databases[name].server
            server.paused = False
            self.pair.stop(server)
            self.engine.after(BOOT_S, lambda: self._start_patroni(name))
        self.review()

    def pause(self, name: str) -> None:
        """All of it stands still, and goes on later where it was."""
        if name not in self.without_power:
            self.paused.add(name)
            self.network.silent.add(name)
            self._hold(name, True)
            self.review()

    def resume(self, name: str) -> None:
        if name in self.paused:
            self.paused.discard(name)
            self.network.silent.discard(name)
            self._hold(name, False)
            self.review()

    def _hold(self, name: str, held: bool) -> None:
        if name in MONITORS:
            self.watchers[name].actor.hold(held)
        else:
            self.databases[name].server.paused = held
            self.databases[name].process.hold(held)

    def freeze_patroni(self, name: str) -> None:
        if self.databases[name].responds:
            self.databases[name].process.hold(True)
            self._alarm_guard(name)

    def thaw_patroni(self, name: str) -> None:
        if name not in self.paused:
            self.databases[name].process.hold(False)
            self.review()

    def kill_patroni(self, name: str, back_after_s: float = RESTART_S) -> None:
        """PostgreSQL lives on."""
        if self.databases[name].runs:
            self.databases[name].process.kill()
            self._alarm_guard(name)
            self.engine.after(back_after_s, lambda: self._start_patroni(name))

    def kill_postgres(self, name: str) -> None:
        self.pair.stop(self.databases[name].server)

    def slow_down(self, name: str, seconds: float) -> None:
        self.databases[name].slow_s = seconds
        self.review()

    def stop_etcd(self, name: str) -> None:
        self.voters.stopped.add(name)
        self.review()

    def start_etcd(self, name: str) -> None:
        self.voters.stopped.discard(name)
        self.review()

    def _alarm_guard(self, name: str) -> None:
        process = self.databases[name].process
        after_s = SILENCE_LIMIT_S + self.network.chance.uniform(*GUARD_S)
        self.engine.after(after_s, lambda: self._guard(name, process))
        self.review()

    def _guard(self, name: str, process: Process) -> None:
        """Kills a primary whose Patroni has been silent since."""
        patroni = self.databases[name]
        is_silent = process is patroni.process and not patroni.responds
        if is_silent and patroni.server.accepts and name not in self.without_power:
            process.kill()
            self.engine.after(RESTART_S, lambda: self._start_patroni(name))
            self.pair.stop(patroni.server)

    def _start_patroni(self, name: str) -> None:
        patroni = self.databases[name]
        if name not in self.without_power and not patroni.runs:
            patroni.start()
            patroni.process.hold(name in self.paused)
            self.review()

    def review(self) -> None:
        self.voters.review()
        self.pair.review()
        self.verdict.look_around(DATABASES)

    def conditions(self) -> dict[str, Condition]:
        """Which forbid a removal once they have held for a while."""
        return {
            "lived and was reached": self._is_well,
            "answered most of the monitors": self._answers,
            "answered the other database": self._answers_the_other,
        }

    def _is_well(self, name: str) -> bool:
        patroni = self.databases[name]
        if self.network.loss > LOSSY or patroni.slow_s > SLOW_S:
            return False
        on_time = patroni.responds and patroni.server.runs
        return on_time and self._is_reached_by_most(name) and self.voters.is_reached(name)

    def _answers(self, name: str) -> bool:
        """By the agent's port, whatever its Patroni does. A lost attempt to connect is not made
        again: where messages are lost, a machine whose Patroni is silent may be taken for dead."""
        return not self.network.loss and self._is_reached_by_most(name)

    def _answers_the_other(self, name: str) -> bool:
        patroni, way = self.databases[name], self.network.is_open_both_ways
        listens = patroni.runs or patroni.server.runs
        return not self.network.loss and listens and way(name, OTHER[name], DATA)

    def _is_reached_by_most(self, name: str) -> bool:
        way = self.network.is_open_both_ways
        return 2 * sum(way(monitor, name, KNOCK) for monitor in MONITORS) > len(MONITORS)
