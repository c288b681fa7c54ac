"""Web servers before which requests are spread, second by second, on a clock of its own.

Requests come at random moments of a seeded source. A server works on `places` at a time, and takes
for each what it takes at that moment. Three ways to spread them: in turn, to whom has the fewest
under way, and as HAProxy's `random(2)` does by weights: two are drawn by weight, and the one with
less under way for its weight gets the request.
"""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from standfast.mechanisms.edge.weights import FULL, Account, Counted, counted, weights

Pick = Callable[["Traffic"], "Web"]
COUNT_S = 0.2
DECIDE_S = 1.0


@dataclass(slots=True, kw_only=True)
class Web:
    name: str
    takes_s: Callable[[float], float]
    places: int = 8
    begun: int = 0
    in_flight: int = 0
    free_at: list[float] = field(default_factory=list)
    weight: int = FULL

    def take(self, now: float) -> float:
        """When the answer is there."""
        self.begun += 1
        self.in_flight += 1
        starts = heapq.heappop(self.free_at) if len(self.free_at) == self.places else now
        ends = max(now, starts) + self.takes_s(now)
        heapq.heappush(self.free_at, ends)
        return ends


@dataclass(slots=True, kw_only=True)
class Traffic:
    webs: Sequence[Web]
    pick: Pick
    rate_per_s: float
    random: Random
    asked: list[tuple[float, str, float]] = field(default_factory=list)
    decided: list[tuple[float, Mapping[str, int]]] = field(default_factory=list)
    turn: int = 0

    def run(self, lasting_s: float) -> None:
        accounts = {web.name: Account(last=Counted(in_flight=0, begun=0)) for web in self.webs}
        now, count_at, decide_at = self.random.expovariate(self.rate_per_s), COUNT_S, DECIDE_S
        ending: list[tuple[float, str]] = []
        by_name = {web.name: web for web in self.webs}
        while now < lasting_s:
            moment = min(now, count_at)
            while ending and ending[0][0] <= moment:
                by_name[heapq.heappop(ending)[1]].in_flight -= 1
            if count_at <= now:
                for web in self.webs:
                    seen = Counted(in_flight=web.in_flight, begun=web.begun)
                    accounts[web.name] = counted(accounts[web.name], seen, COUNT_S)
                if count_at >= decide_at - 1e-9:
                    chosen = weights(accounts, {web.name: web.weight for web in self.webs})
                    self.decided.append((count_at, chosen))
                    for web in self.webs:
                        web.weight = chosen[web.name]
                    decide_at += DECIDE_S
                count_at += COUNT_S
                continue
            web = self.pick(self)
            ends = web.take(now)
            heapq.heappush(ending, (ends, web.name))
            self.asked.append((now, web.name, ends - now))
            now += self.random.expovariate(self.rate_per_s)

    def elsewhere(self, slow: str, since_s: float, until_s: float) -> float:
        """The share of requests that another one got."""
        names = [name for at, name, _ in self.asked if since_s <= at < until_s]
        return 1 - names.count(slow) / len(names)

    def mean_s(self, since_s: float) -> float:
        times = [took for at, _, took in self.asked if at >= since_s]
        return sum(times) / len(times)


def in_turn(traffic: Traffic) -> Web:
    traffic.turn += 1
    return traffic.webs[traffic.turn % len(traffic.webs)]


def fewest(traffic: Traffic) -> Web:
    """Among equals in turn, as HAProxy's leastconn."""
    traffic.turn += 1
    count = len(traffic.webs)
    order = [traffic.webs[(traffic.turn + each) % count] for each in range(count)]
    return min(order, key=lambda web: web.in_flight)


def by_weight(traffic: Traffic) -> Web:
    drawn = traffic.random.choices(traffic.webs, [web.weight for web in traffic.webs], k=2)
    first, second = drawn
    return second if second.in_flight * first.weight < first.in_flight * second.weight else first
