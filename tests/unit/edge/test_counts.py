"""What a real HAProxy says and is told, by the daemon that does it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from standfast.core.clock import SystemClock
from standfast.daemons.weights import Weights
from standfast.mechanisms.edge import counts
from standfast.mechanisms.edge.weights import FULL, LEAST

from .loopback import QUICK, Edge, wait_until

Start = Callable[..., Edge]
PATIENT = QUICK.model_copy(update={"first_byte_s": 8})


def test_a_real_haproxy_is_counted_and_weighed(start: Start) -> None:
    """One server holds what it gets: it keeps the least weight, and the other one gets the rest."""
    edge = start(limits=PATIENT, slow=("/report",))
    loop = Weights(path=str(edge.admin), clock=SystemClock())
    edge.webs[1].release.set()
    with ThreadPoolExecutor(24) as pool:
        loop.look()
        asked = [pool.submit(edge.ask, "GET", "/wait") for _ in range(24)]
        wait_until(lambda: edge.arrived("/wait").count("web-1") > 0)
        wait_until(lambda: decided(loop)["web-1"] == LEAST)
        assert loop.chosen["web-2"] == FULL
        for backend in ("web", "once", "slow", "once-slow"):
            assert weight_in(edge, backend, "web-1") == LEAST
        loop.level()
        assert weight_in(edge, "web", "web-1") == FULL
        loop.equal = True
        assert decided(loop) == {"web-1": FULL, "web-2": FULL}
        edge.release()
        assert {each.result().status for each in asked} == {200}


def decided(loop: Weights) -> dict[str, int]:
    loop.decide(loop.look())
    return loop.chosen


def weight_in(edge: Edge, backend: str, server: str) -> int:
    return int(edge.tell(f"get weight {backend}/{server}").split()[0])


def test_what_is_no_answer_counts_nobody() -> None:
    for answer in ("", "Permission denied\n", "# pxname,svname,scur,stot\n"):
        assert counts.counts(answer) == {}
        assert counts.setting(answer, {"web-1": 1}) == ""
