"""What the edge costs, and where its requests go, side by side in one run.

    bin/bench front [--part bare|balance|flood] [--seconds N] [--rounds N] [--rate N]

`bare`: HTTPS through the edge as it is rendered, with its filter, tables and limits, and through a
short HAProxy as somebody would write it by hand, before the same web servers, in turns. The ratio
is that of the processor time per request, less what the front uses while nobody asks (ours looks
after its web servers seven times as often): on a computer that is busy with other things too,
throughput says more about these. What others add is never negative, so the least of all rounds is
the figure that counts; throughput is printed beside it.

`balance`: two web servers of which one becomes ten times as slow, and then one that is slow every
other two seconds; requests spread in turn, to whom has the fewest, and as the edge does, with the
weights that its daemon sets.

`flood`: twenty customers, each with an address of its own, ask twenty times a second together,
while one more address asks fifty times as often: on connections that it keeps, and then on a new
one each time. The edge has the limits that it has by default.
"""

import argparse
import re
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

from edges.flooding import Flood, flooded
from edges.placing import certificates, machine, placed
from edges.running import Running, haproxy, listening
from edges.slowing import Answered, Takes, asked, served
from standfast.core.clock import SystemClock
from standfast.daemons.weights import LOOK_S, LOOKS, Weights
from standfast.mechanisms.edge.plan import EdgeAsk, config
from standfast.mechanisms.edge.settings import EdgeSettings
from standfast.mechanisms.edge.weights import FULL
from standfast.mechanisms.hosts.machine import Role

NAMES = ("edge-1", "web-1", "web-2", "monitor-1")
WEBS = ("web-1", "web-2")
CONNECTIONS = 32
WARM_S = 1
UNLIMITED = EdgeSettings(requests_per_source_per_s=100_000, connections_per_source=1000)
"""All requests come from one address here: it is counted as any other, and not held."""

BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.5",
    "Accept-Encoding: gzip, deflate, br",
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=light",
)

SERVERS = """
global
    nbthread 1
    maxconn 4000
defaults
    mode http
    timeout client 60s
    timeout connect 1s
    timeout server 60s
    timeout http-keep-alive 60s
"""

SERVER = """
frontend {name}
    bind fd@{fd} ssl crt {identity}/{name}.pem ca-file {identity}/ca.pem verify required
    http-request return status 200 content-type text/html string "{body}"
"""

BARE = """
global
    maxconn 8000
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend https
    bind fd@{fd} ssl crt {identity}/edge-1.pem alpn h2,http/1.1
    http-request set-header X-Forwarded-Proto https
    option forwardfor
    default_backend web
backend web
    balance leastconn
    option httpchk GET /health
"""

BARE_SERVER = (
    "    server {name} 127.0.0.1:{port} ssl verify required ca-file {identity}/ca.pem "
    "crt {identity}/edge-1.pem verifyhost {name} sni str({name}) check inter 2s\n"
)


@dataclass(slots=True)
class Figures:
    cpu_us: list[float] = field(default_factory=list)
    per_s: list[float] = field(default_factory=list)


def bare(folder: Path, seconds: int, rounds: int) -> None:
    found = {"ours": Figures(), "bare": Figures()}
    with fronts(folder) as running:
        for _ in range(rounds):
            for name, each in running.items():
                driven(each, WARM_S)
                idle_s = used_in(each, partial(time.sleep, seconds))
                before = each.used_s()
                requests, per_s = driven(each, seconds)
                found[name].cpu_us.append(1e6 * (each.used_s() - before - idle_s) / requests)
                found[name].per_s.append(per_s)
    print(
        f"{'front':<8} {'least µs of a core a request':>32} {'median':>8} {'most requests/s':>18}"
    )
    for name, figures in found.items():
        least, median = min(figures.cpu_us), statistics.median(figures.cpu_us)
        print(f"{name:<8} {least:>32.1f} {median:>8.1f} {max(figures.per_s):>18.0f}")
    ours, other = found["ours"], found["bare"]
    print(f"\nours to bare, the least of {rounds} rounds: ", end="")
    print(f"{min(other.cpu_us) / min(ours.cpu_us):.3f} by processor time (≥ 0.95), ", end="")
    print(f"{max(ours.per_s) / max(other.per_s):.3f} by requests/s")


def used_in(front: Running, what: Callable[[], None]) -> float:
    before = front.used_s()
    what()
    return front.used_s() - before


@contextmanager
def fronts(folder: Path) -> Iterator[dict[str, Running]]:
    with ExitStack() as stack:
        sockets = stack.enter_context(listening(3))
        text = SERVERS + "".join(
            SERVER.format(name=name, fd=each.fileno(), identity=folder, body="x" * 2000)
            for name, each in zip(NAMES[1:], sockets, strict=True)
        )
        ports = {name: each.getsockname()[1] for name, each in zip(NAMES[1:], sockets, strict=True)}
        stack.enter_context(haproxy(folder / "web.cfg", text, sockets))
        plain, secure = stack.enter_context(listening(2))
        ours = placed(
            rendered(), identity=folder, folder=folder, ports=ports,
            plain=plain.fileno(), secure=secure.fileno(),
        )  # fmt: skip
        (other,) = stack.enter_context(listening(1))
        by_hand = BARE.format(fd=other.fileno(), identity=folder) + "".join(
            BARE_SERVER.format(name=name, port=ports[name], identity=folder) for name in WEBS
        )
        yield {
            "ours": stack.enter_context(haproxy(folder / "ours.cfg", ours, (plain, secure))),
            "bare": stack.enter_context(haproxy(folder / "bare.cfg", by_hand, (other,))),
        }


def rendered(webs: tuple[str, ...] = WEBS, limits: EdgeSettings = UNLIMITED) -> str:
    machines = (
        machine("edge-1", Role.EDGE),
        *(machine(name, Role.WEB) for name in webs),
        machine("monitor-1", Role.MONITOR),
    )
    ask = EdgeAsk(
        health="/health", security_txt=False, trusted=(), slow=(), slow_limit_s=60, limits=limits
    )
    return config(machines[0], machines, ask).decode()


def driven(front: Running, seconds: int) -> tuple[int, float]:
    """Requests answered, and a second of them, by `wrk` on kept-alive connections."""
    headers = (word for header in BROWSER for word in ("--header", header))
    words = ("wrk", "--threads", "1", "--connections", str(CONNECTIONS))
    lasting = ("--duration", f"{seconds}s", *headers, f"https://127.0.0.1:{front.port}/entries")
    done = subprocess.run((*words, *lasting), capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise SystemExit(done.stdout)
    (requests,) = re.findall(r"(\d+) requests in", done.stdout)
    (per_s,) = re.findall(r"Requests/sec: +([\d.]+)", done.stdout)
    return int(requests), float(per_s)


QUICK_S, SLOW_S = 0.03, 0.3
CHANGE_S = 12.0
LASTING_S = 36.0
NARROW = UNLIMITED.model_copy(update={"first_byte_s": 5})


def slowed(now: float) -> float:
    return SLOW_S if now > CHANGE_S else QUICK_S


def flapping(now: float) -> float:
    return SLOW_S if now > CHANGE_S and int(now / 2) % 2 else QUICK_S


WAYS = {"in turn": "roundrobin", "fewest": "leastconn", "ours": "random(2)"}


def balance(folder: Path, rate_per_s: float) -> None:
    """The share that the slow server does not get is that of the seconds from the tenth on."""
    columns = ("one server", "spread", "elsewhere", "mean ms", "p99 ms", "failed", "swings")
    print("{:<10} {:<8} {:>10} {:>8} {:>8} {:>6} {:>6}".format(*columns))
    for words, takes in (("10 × slow", slowed), ("flapping", flapping)):
        for name, way in WAYS.items():
            answers, swings = spread(folder, way, takes, rate_per_s)
            late = [each for each in answers if each.at_s > CHANGE_S + 10]
            share = sum(each.by == "web-2" for each in late) / len(late)
            failed = sum(not each.by for each in answers)
            times = sorted(1000 * each.took_s for each in late)
            print(
                f"{words:<10} {name:<8} {share:>10.3f} {statistics.mean(times):>8.0f} "
                f"{times[-len(times) // 100 - 1]:>8.0f} {failed:>6} {swings:>6}"
            )


def spread(
    folder: Path, way: str, takes: Takes, rate_per_s: float
) -> tuple[Sequence[Answered], int]:
    """The answers, and how often the weight of the changing server crossed the half of the full
    one after it had had five seconds."""
    with ExitStack() as stack:
        webs = (
            stack.enter_context(served("web-1", folder, takes)),
            stack.enter_context(served("web-2", folder, lambda _: QUICK_S)),
        )
        ports = {f"web-{number}": web.server_address[1] for number, web in enumerate(webs, 1)}
        plain, secure = stack.enter_context(listening(2))
        text = placed(
            rendered(limits=NARROW), identity=folder, folder=folder,
            ports={**ports, "monitor-1": 1}, plain=plain.fileno(), secure=secure.fileno(),
        )  # fmt: skip
        text = text.replace("balance random(2)", f"balance {way}")
        running = stack.enter_context(haproxy(folder / "edge.cfg", text, (plain, secure)))
        chosen: list[int] = []
        enough = threading.Event()
        if way == WAYS["ours"]:
            loop = Weights(path=str(folder / "admin.sock"), clock=SystemClock())
            deciding = threading.Thread(target=decided, args=(loop, enough, chosen))
            deciding.start()
            stack.callback(deciding.join)
            stack.callback(enough.set)
        answers = asked(running.port, folder, rate_per_s=rate_per_s, lasting_s=LASTING_S, seed=1)
    settled = chosen[round(CHANGE_S) + 5 :]
    swings = sum((one > FULL / 2) != (next_ > FULL / 2) for one, next_ in pairwise(settled))
    return answers, swings


def decided(loop: Weights, enough: threading.Event, chosen: list[int]) -> None:
    """As `weights.run`, and the weight of the server that changes is kept."""
    while not enough.is_set():
        try:
            for _ in range(LOOKS):
                answer = loop.look()
                time.sleep(LOOK_S)
            loop.decide(answer)
        except ConnectionRefusedError:  # HAProxy is about to start
            time.sleep(LOOK_S)
            continue
        chosen.append(loop.chosen["web-1"])


HONEST_PER_S, TIMES = 20.0, 50
HONEST = tuple(f"127.0.1.{number}" for number in range(1, 21))
FLOODING = "127.0.2.1"
FLOOD_S, FLOOD_CALM_S = 30.0, 4.0
IN_TIME_S = 1.0


def flood(folder: Path) -> None:
    """Customers are counted while the flood goes on."""
    columns = ("flood", "customers", "served", "in 1 s", "p99 ms", "the flood was answered")
    print("{:<16} {:>9} {:>8} {:>8} {:>7}  {}".format(*columns))
    for words, anew in (("none", None), ("requests", False), ("connections", True)):
        answers, flooding = under(folder, anew)
        late = [each for each in answers if each.at_s > FLOOD_CALM_S]
        served_ = sum(bool(each.by) for each in late) / len(late)
        in_time = sum(bool(each.by) and each.took_s <= IN_TIME_S for each in late) / len(late)
        times = sorted(1000 * each.took_s for each in late)
        said = ", ".join(f"{count} × {name}" for name, count in sorted(flooding.items()))
        print(
            f"{words:<16} {len(late):>9} {served_:>8.4f} {in_time:>8.4f} "
            f"{times[-len(times) // 100 - 1]:>7.0f}  {said}"
        )


def under(folder: Path, anew: bool | None) -> tuple[Sequence[Answered], Mapping[str, int]]:
    with ExitStack() as stack:
        webs = [stack.enter_context(served(name, folder, lambda _: QUICK_S)) for name in WEBS]
        ports = {name: web.server_address[1] for name, web in zip(WEBS, webs, strict=True)}
        plain, secure = stack.enter_context(listening(2))
        text = placed(
            rendered(limits=EdgeSettings()), identity=folder, folder=folder,
            ports={**ports, "monitor-1": 1}, plain=plain.fileno(), secure=secure.fileno(),
        )  # fmt: skip
        running = stack.enter_context(haproxy(folder / "edge.cfg", text, (plain, secure)))
        pool = stack.enter_context(ProcessPoolExecutor(1))
        lasting_s = FLOOD_S + FLOOD_CALM_S
        flooding = anew is not None and pool.submit(
            after, FLOOD_CALM_S / 2, running.port, lasting_s - FLOOD_CALM_S / 2, anew
        )
        answers = asked(
            running.port, folder,
            rate_per_s=HONEST_PER_S, lasting_s=lasting_s, seed=1, sources=HONEST,
        )  # fmt: skip
        return answers, flooding.result() if flooding else {}


def after(calm_s: float, port: int, lasting_s: float, anew: bool) -> Mapping[str, int]:
    time.sleep(calm_s)
    rate_per_s = TIMES * HONEST_PER_S
    return flooded(
        Flood(port=port, source=FLOODING, rate_per_s=rate_per_s, lasting_s=lasting_s, anew=anew)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=("bare", "balance", "flood"))
    parser.add_argument("--seconds", type=int, default=2, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--rate", type=float, default=60, help="requests a second of `balance`")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-front-") as name:
        folder = Path(name)
        certificates(folder, NAMES)
        if given.part in {None, "bare"}:
            bare(folder, given.seconds, given.rounds)
        if given.part in {None, "balance"}:
            balance(folder, given.rate)
        if given.part in {None, "flood"}:
            flood(folder)


if __name__ == "__main__":
    main()
