"""What a line means, and who may ask for what."""

import pytest

from standfast.core.errors import Refused, Unreachable
from standfast.mechanisms.hosts.agent.facts import kibibytes, uptime_s
from standfast.mechanisms.hosts.agent.permission import AgentSettings, permit
from standfast.mechanisms.hosts.agent.protocol import (
    format_answer,
    format_problem,
    format_request,
    parse_reply,
    parse_request,
    read_line,
)
from standfast.mechanisms.hosts.agent.units import parse_states, started_by_timers, without_idle
from standfast.mechanisms.hosts.agent.verbs import Verb, table
from standfast.mechanisms.hosts.plan import (
    VERB_OF_ISSUING,
    VERBS_OF_ALL,
    VERBS_OF_MONITORS,
    VERBS_OF_WATCHERS,
)

SETTINGS = AgentSettings.from_json(
    '{"machine": "edge-1", "resident": false, "idle_s": 60, '
    '"verbs": {"operator": ["facts", "plant"], "web-1": []}}'
)


class NoRunner:
    def run(self, command: object, *, check: bool = True) -> object:
        raise AssertionError("nothing is run")


class Drip:
    """A peer that sends one byte per second, by its own clock."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def settimeout(self, value: float | None) -> None:
        assert value is not None
        assert value > 0

    def recv(self, size: int) -> bytes:
        self.now_s += 1
        return b"{"


def test_a_request_comes_back_as_it_was_sent() -> None:
    request = parse_request(format_request("plant", {"fault": "blind-edge", "lease_s": 3}))
    assert request.verb == "plant"
    assert request.values == {"fault": "blind-edge", "lease_s": 3}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"GET / HTTP/1.1\r\n",
        b'{"verb": "facts", "with": {}}',
        b'{"verb": "facts"}\n',
        b'{"verb": 7, "with": {}}\n',
        b'{"verb": "facts", "with": []}\n',
        b'{"verb": "facts", "with": {}, "as": "root"}\n',
        b"\xff\xfe\n",
        b"[" * 4000 + b"\n",
    ],
)
def test_what_is_no_request_is_refused_in_words(line: bytes) -> None:
    with pytest.raises(Refused, match="no request"):
        parse_request(line)


def test_an_answer_comes_back_and_a_refusal_is_raised_in_the_machines_words() -> None:
    assert parse_reply(format_answer({"web": "active"}), "web-1") == {"web": "active"}
    with pytest.raises(Refused, match="web-1: not today") as caught:
        parse_reply(format_problem("not today", "Try tomorrow."), "web-1")
    assert caught.value.remedy == "Try tomorrow."


@pytest.mark.parametrize("line", [b"", b'{"answer": {"half', b'{"answer": 7}\n', b"{}\n"])
def test_half_an_answer_is_none(line: bytes) -> None:
    with pytest.raises(Unreachable, match="web-1"):
        parse_reply(line, "web-1")


def test_a_line_that_drips_is_given_up_after_its_time_as_a_whole() -> None:
    drip = Drip()
    with pytest.raises(TimeoutError):
        read_line(drip, limit=4096, patience_s=10, clock=drip)  # type: ignore[arg-type]
    assert drip.now_s == 10


def test_only_a_listed_name_may_ask_and_only_for_its_verbs() -> None:
    permit("operator", "facts", SETTINGS)
    for peer, verb in (("operator", "remove"), ("web-1", "facts"), ("web-2", "facts"), ("", "")):
        with pytest.raises(Refused):
            permit(peer, verb, SETTINGS)


def test_a_verb_takes_exactly_what_it_takes() -> None:
    verb = Verb(does=lambda fault: {"was": fault}, takes=frozenset({"fault"}))
    assert verb({"fault": "x"}) == {"was": "x"}
    for values in ({}, {"fault": "x", "and": "more"}, {"flaw": "x"}):
        with pytest.raises(Refused, match="takes fault"):
            verb(values)


def test_every_verb_that_a_role_allows_exists() -> None:
    allowed = {*VERBS_OF_ALL, *VERBS_OF_MONITORS, *VERBS_OF_WATCHERS}
    allowed.add(VERB_OF_ISSUING)
    assert allowed == table(NoRunner()).keys()  # type: ignore[arg-type]


def test_uptime_is_that_of_process_1_not_of_the_kernel_it_shares() -> None:
    init = "1 (a name) with) S 0 1 1 0 -1 4194560 9 9 9 9 1 2 3 4 20 0 1 0 90000 1 1"
    assert uptime_s("1000.50 900.00\n", init, ticks=100) == 100.5


def test_memory_is_given_in_bytes() -> None:
    text = "MemTotal:       24 kB\nMemFree:    1 kB\nMemAvailable:   12 kB\n"
    assert kibibytes(text, "MemAvailable") == 12 * 1024


def test_states_belong_to_units_by_their_order() -> None:
    assert parse_states(["a.service", "b.timer"], "active\nfailed\n") == {
        "a.service": "active",
        "b.timer": "failed",
    }


def test_of_what_a_timer_starts_only_a_failure_is_told() -> None:
    names = ["a.service", "b.timer", "c.timer", "c.service"]
    assert started_by_timers(names) == ["b.service"]
    for state, told in (("failed", True), ("inactive", False), ("activating", False)):
        found = {"a.service": "active", "b.timer": "active", "b.service": state}
        assert ("b.service" in without_idle(found, ["b.service"])) is told


def test_monitors_ask_in_the_words_of_the_verb() -> None:
    """Who is out of reach is asked by daemons/monitor.py, of whatever agent runs there."""
    asked = parse_request(format_request("severed", {"machine": "db-1"}))
    assert asked.values.keys() == table(NoRunner())[asked.verb].takes  # type: ignore[arg-type]
