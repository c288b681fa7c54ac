"""What befalls a site in one seed, and what must come of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from .faults import STEPS, Faults, between
from .network import DATA, ETCD, KNOCK, MONITORS
from .site import PRIMARY, SECONDARY, Site

CALM_S = (1.2, 2.4)
"""Before anything happens: a loop or two of everybody. More would show nothing new."""

AFTER_S = 4.0
"""After the last fault is over: whoever was away acts."""

REMOVED_S = 3.0
"""From the death of a primary's machine to the removal of its claim: two loops without a sign of
life, which are told apart at half a second, and what asking takes."""

ELECTION_S = 4.0
"""More, where a monitor dies at the same moment, which may lead etcd: up to 2 s for an election, a
second's patience with a voter that does not answer, and another until a lease, which the new leader
has extended, is seen to run down."""

LOSS_S = 2.0
"""More, where up to every twentieth message is lost."""

PROMOTED_S = 2.5
"""From the removal to the promotion: half a second, and two where the secondary's Patroni has still
to find out that its voter is dead, or asks the dead machine before the agent's rules refuse it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """`dies_at` and what is within how many seconds after it: where the primary's machine dies, and
    all that is needed for a removal lives on. `died`: alone, or with what."""

    kind: str
    ends_at: float
    died: str = ""
    dies_at: float | None = None
    removed_within_s: float = 0.0
    promoted_within_s: float = 0.0


Scenario = Callable[[Site], Drawn]


def draw(site: Site) -> Drawn:
    number = site.chance.random()
    return next(kind for share, kind in KINDS if number < share)(site)


def begin(site: Site) -> tuple[Random, Faults, float]:
    return site.chance, Faults(site), site.chance.uniform(*CALM_S)


def death(site: Site) -> Drawn:
    """The primary's machine dies, perhaps with a monitor, which may be etcd's leader."""
    chance, faults, start = begin(site)
    site.network.loss = chance.choice((0.0, 0.0, 0.0, 0.01, 0.05))
    site.network.slow_s = chance.choice((0.0, 0.0, 0.03))
    loss_s = LOSS_S if site.network.loss else 0.0
    within_s = REMOVED_S + loss_s
    faults.power_cut(start, PRIMARY, chance.choice((None, chance.uniform(8.0, 9.0))))
    died = "alone"
    if chance.random() < 0.35:
        leader = leader_of_etcd(site)
        monitor = chance.choice((*MONITORS, leader))
        faults.power_cut(start, monitor, None)
        within_s += ELECTION_S
        died = "with the leader of etcd" if monitor == leader else "with another monitor"
    ends_at = max(start + within_s + PROMOTED_S + loss_s + 0.1, faults.over_at + AFTER_S)
    return Drawn(
        kind="death",
        died=died,
        ends_at=ends_at,
        dies_at=start,
        removed_within_s=within_s,
        promoted_within_s=PROMOTED_S + loss_s,
    )


def sleeper(site: Site) -> Drawn:
    """The primary is cut off from the secondary and from the monitors' questions, though not from
    etcd; Patroni there stops for some seconds at one step of its loop, or has nothing to say."""
    chance, faults, start = begin(site)
    site.databases[SECONDARY].rules_fail = chance.random() < 0.5
    for_s = chance.uniform(5.0, 9.0)
    knocks = between(PRIMARY, MONITORS, (KNOCK,), chance.choice(("both", "to", "from")))
    faults.cut(start, knocks, for_s, f"{KNOCK} of {PRIMARY}")
    data = between(PRIMARY, (SECONDARY,), (DATA,), chance.choice(("both", "both", "to", "from")))
    faults.cut(start, data, for_s, f"{DATA} of {PRIMARY}")
    asleep_s = chance.uniform(2.0, 5.0)
    if chance.random() < 0.15:
        faults.stop_writing(start + chance.uniform(0.0, 0.6), asleep_s)
    else:
        at, step = start + chance.uniform(0.0, 3.0), chance.choice(STEPS[:6])
        faults.stop_at(at, PRIMARY, step, asleep_s, all_of_it=chance.random() < 0.2)
    if chance.random() < 0.25:
        faults.hesitate(start, chance.uniform(0.2, 3.0))
    if chance.random() < 0.3:
        faults.any(start + chance.uniform(0.0, 6.0))
    return Drawn(kind="sleeper", ends_at=faults.over_at + AFTER_S)


def half_seen(site: Site) -> Drawn:
    """The primary says nothing in etcd, and answers either most of the monitors or the secondary: a
    sick one, which is not for the monitors to take away."""
    chance, faults, start = begin(site)
    for_s = chance.uniform(3.0, 8.0)
    if chance.random() < 0.5:
        faults.freeze_patroni(start, PRIMARY, for_s)
    else:
        no_etcd = between(PRIMARY, MONITORS, (ETCD,), "both")
        faults.cut(start, no_etcd, for_s, f"{ETCD} of {PRIMARY}")
    if chance.random() < 0.5:
        knocks = between(PRIMARY, chance.sample(MONITORS, 1), (KNOCK,), "both")
        data = between(PRIMARY, (SECONDARY,), (DATA,), "both")
        faults.cut(start, (*knocks, *data), for_s, f"{PRIMARY} from {SECONDARY} and a monitor")
    else:
        knocks = between(PRIMARY, MONITORS, (KNOCK,), "both")
        faults.cut(start, knocks, for_s, f"{PRIMARY} from the monitors")
    return Drawn(kind="half seen", ends_at=faults.over_at + AFTER_S)


def mixture(site: Site) -> Drawn:
    """One to three of everything."""
    chance, faults, start = begin(site)
    site.network.loss = chance.choice((0.0, 0.0, 0.0, 0.05, 0.2))
    site.databases[SECONDARY].rules_fail = chance.random() < 0.2
    for _ in range(chance.randint(1, 3)):
        faults.any(start + chance.uniform(0.0, 5.0))
    return Drawn(kind="mixture", ends_at=faults.over_at + AFTER_S)


def bad_weather(site: Site) -> Drawn:
    """The primary is well; the network, a monitor or etcd is not."""
    chance, faults, start = begin(site)
    site.network.loss = chance.choice((0.0, 0.05, 0.1, 0.2))
    site.network.slow_s = chance.choice((0.0, 0.1))
    monitor, for_s = chance.choice((*MONITORS, leader_of_etcd(site))), chance.uniform(0.5, 6.0)
    fault = chance.choice((faults.pause, faults.stop_etcd, faults.cut_off, faults.power_cut))
    fault(start, monitor, for_s)
    if chance.random() < 0.3:
        faults.pause(start + chance.uniform(0.0, 2.0), chance.choice(MONITORS), 2.0)
    return Drawn(kind="bad weather", ends_at=faults.over_at + AFTER_S)


def lead_taken_back(site: Site) -> Drawn:
    """Its PostgreSQL crashes, and it hands the lead over to a secondary that has lost etcd for some
    seconds; so it takes the lead again itself, and stands still just then."""
    chance, faults, start = begin(site)
    no_etcd = between(SECONDARY, MONITORS, (ETCD,), "both")
    faults.cut(start, no_etcd, chance.uniform(3.0, 6.0), f"{ETCD} of {SECONDARY}")
    faults.kill_postgres(start + chance.uniform(0.2, 1.0), PRIMARY)
    step = chance.choice(("acquire", "load", "load", "load", "drop", "status"))
    faults.stop_at(start, PRIMARY, step, chance.uniform(3.0, 8.0), all_of_it=True)
    return Drawn(kind="lead taken back", ends_at=faults.over_at + AFTER_S)


def second_thoughts(site: Site) -> Drawn:
    """The primary's machine stands still until the monitors have decided, and is well again for
    some time before their change reaches etcd."""
    chance, faults, start = begin(site)
    faults.hesitate(start, chance.uniform(2.0, 6.0))
    faults.pause(start + chance.random(), PRIMARY, chance.uniform(2.2, 3.5))
    return Drawn(kind="second thoughts", ends_at=faults.over_at + AFTER_S)


def return_of_the_dead(site: Site) -> Drawn:
    """It dies and comes back, and soon after the next primary dies."""
    chance, faults, start = begin(site)
    faults.power_cut(start, PRIMARY, chance.uniform(1.0, 6.0))
    if chance.random() < 0.5:
        faults.any(start + chance.uniform(2.0, 9.0))
    faults.power_cut(start + chance.uniform(8.0, 14.0), SECONDARY, chance.choice((None, 3.0)))
    return Drawn(kind="return of the dead", ends_at=faults.over_at + AFTER_S)


def leader_of_etcd(site: Site) -> str:
    assert site.voters.leader is not None
    return site.voters.leader


KINDS: Sequence[tuple[float, Scenario]] = (
    (0.32, death),
    (0.50, sleeper),
    (0.55, half_seen),
    (0.75, mixture),
    (0.82, bad_weather),
    (0.87, lead_taken_back),
    (0.93, second_thoughts),
    (1.00, return_of_the_dead),
)
"""Each up to its share of all seeds."""
