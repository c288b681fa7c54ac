"""Single faults: each is planned for a moment, told in words, and over some time later."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import product

from .network import AGENT, DATA, DATABASES, ETCD, KNOCK, MONITORS, PEERS, TOLD, Way
from .site import Site

STEPS = ("read", "renew", "status", "sync", "drop", "names", "add", "acquire", "load")
"""Of Patroni's loop."""

OF_A_DATABASE: Sequence[tuple[tuple[str, ...], tuple[str, ...]]] = (
    ((KNOCK,), MONITORS),
    ((ETCD,), MONITORS),
    ((KNOCK, ETCD, AGENT), MONITORS),
    ((DATA,), DATABASES),
    (("*",), (*MONITORS, *DATABASES)),
)
"""What of a database machine may be cut off: channels, and from whom."""

OF_A_MONITOR: Sequence[tuple[tuple[str, ...], tuple[str, ...]]] = (
    ((PEERS,), MONITORS),
    ((TOLD,), MONITORS),
    ((KNOCK, AGENT), DATABASES),
    (("*",), (*MONITORS, *DATABASES)),
)


class Faults:
    """`over_at`: when the last of them is."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.chance = site.chance
        self.machines = site.machines
        self.over_at = 0.0

    def plan(self, when: float, who: str, words: str, action: Callable[[], object]) -> None:
        def happens() -> None:
            self.site.tell(who, words)
            action()

        self.over_at = max(self.over_at, when)
        self.site.engine.at(when, happens)

    def power_cut(self, when: float, name: str, for_s: float | None) -> None:
        self.plan(when, name, "loses its power", partial(self.machines.cut_power, name))
        if for_s is not None:
            back = partial(self.machines.give_power, name)
            self.plan(when + for_s, name, "has power again", back)

    def pause(self, when: float, name: str, for_s: float) -> None:
        self.plan(when, name, "is paused", partial(self.machines.pause, name))
        self.plan(when + for_s, name, "goes on", partial(self.machines.resume, name))

    def freeze_patroni(self, when: float, name: str, for_s: float) -> None:
        self.plan(when, name, "Patroni is frozen", partial(self.machines.freeze_patroni, name))
        thaw = partial(self.machines.thaw_patroni, name)
        self.plan(when + for_s, name, "Patroni goes on", thaw)

    def kill_patroni(self, when: float, name: str, for_s: float) -> None:
        kill = partial(self.machines.kill_patroni, name, for_s)
        self.plan(when, name, "Patroni is killed", kill)
        self.over_at = max(self.over_at, when + for_s)

    def kill_postgres(self, when: float, name: str) -> None:
        kill = partial(self.machines.kill_postgres, name)
        self.plan(when, name, "PostgreSQL is killed", kill)

    def slow_down(self, when: float, name: str, for_s: float) -> None:
        seconds = self.chance.uniform(0.05, 1.0)
        words = f"each step of Patroni takes up to {seconds:.2f} s more"
        self.plan(when, name, words, partial(self.machines.slow_down, name, seconds))
        self.plan(when + for_s, name, "is fast", partial(self.machines.slow_down, name, 0.0))

    def stop_etcd(self, when: float, name: str, for_s: float) -> None:
        self.plan(when, name, "etcd stops", partial(self.machines.stop_etcd, name))
        self.plan(when + for_s, name, "etcd starts", partial(self.machines.start_etcd, name))

    def stop_at(self, when: float, name: str, step: str, for_s: float, *, all_of_it: bool) -> None:
        """The next time that Patroni comes to that step, it or all of its machine stands still."""
        patroni, machines = self.site.databases[name], self.machines
        what = name if all_of_it else f"Patroni of {name}"

        def stop() -> None:
            self.site.tell(name, f"{what} stops before “{step}”")
            halt, go_on = (
                (machines.pause, machines.resume)
                if all_of_it
                else (machines.freeze_patroni, machines.thaw_patroni)
            )
            halt(name)
            self.plan(self.site.engine.now + for_s, name, f"{what} goes on", partial(go_on, name))

        def arm() -> None:
            patroni.stops_at, patroni.stop = step, stop

        self.plan(when, name, f"is to stop before “{step}”", arm)
        self.over_at = max(self.over_at, when + 1.0 + for_s)

    def stop_writing(self, when: float, for_s: float) -> None:
        """Not even the heartbeat writes: `/status` stays as it is, though all is well."""
        hold = self.site.writer.hold
        self.plan(when, "client", "writes nothing", partial(hold, True))
        self.plan(when + for_s, "client", "writes again", partial(hold, False))

    def hesitate(self, when: float, seconds: float) -> None:
        """Monitors stand still between their decision and what follows from it."""
        stores = [watcher.store for watcher in self.site.watchers.values()]

        def slow() -> None:
            for store in stores:
                store.hesitates_s = seconds

        self.plan(when, "monitors", f"stop for {seconds:.1f} s before they change etcd", slow)
        self.over_at = max(self.over_at, when + 2 * seconds)

    def cut(self, when: float, ways: Iterable[Way], for_s: float, words: str) -> None:
        gone = tuple(ways)
        self.plan(when, "network", f"{words} is cut", partial(self.machines.cut, gone))
        self.plan(when + for_s, "network", f"{words} is whole", partial(self.machines.mend, gone))

    def cut_off(self, when: float, name: str, for_s: float) -> None:
        """Some purpose of it, from all or some, in one direction or both."""
        channels, all_of_them = self.chance.choice(
            OF_A_DATABASE if name in DATABASES else OF_A_MONITOR
        )
        others = [each for each in all_of_them if each != name]
        if self.chance.random() < 0.4:
            others = self.chance.sample(others, self.chance.randint(1, len(others)))
        direction = self.chance.choice(("both", "both", "to", "from"))
        ways = between(name, others, channels, direction)
        words = f"{'+'.join(channels)} {direction} {name} and {', '.join(sorted(others))}"
        self.cut(when, ways, for_s, words)

    def any(self, when: float) -> None:
        """One of all, to any machine."""
        chance = self.chance
        for_s = chance.uniform(0.3, 8.0)
        database, monitor = chance.choice(DATABASES), chance.choice(MONITORS)
        either = chance.choice((database, database, monitor))
        match chance.randrange(11):
            case 0:
                self.power_cut(when, database, chance.choice((None, for_s)))
            case 1:
                self.power_cut(when, monitor, chance.choice((None, for_s)))
            case 2:
                self.pause(when, either, for_s)
            case 3:
                self.freeze_patroni(when, database, for_s)
            case 4:
                self.kill_patroni(when, database, for_s)
            case 5:
                self.kill_postgres(when, database)
            case 6:
                self.slow_down(when, database, for_s)
            case 7:
                self.stop_etcd(when, monitor, for_s)
            case 8:
                all_of_it = chance.random() < 0.5
                self.stop_at(when, database, chance.choice(STEPS), for_s, all_of_it=all_of_it)
            case _:
                self.cut_off(when, either, for_s)


def between(
    name: str, others: Iterable[str], channels: Iterable[str], direction: str
) -> tuple[Way, ...]:
    found = []
    for other, channel in product(others, channels):
        if direction != "to":
            found.append((name, other, channel))
        if direction != "from":
            found.append((other, name, channel))
    return tuple(found)
