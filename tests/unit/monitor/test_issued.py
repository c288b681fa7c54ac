"""What edges have from an ACME server is asked of them, and what was not heard is no news."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.unit.clocks import HandClock
from tests.unit.keys.issuing import NOON, Signer, issue

from standfast.core.errors import Unreachable
from standfast.evidence.statement import CertificatesNotice, ShownCertificate
from standfast.mechanisms.monitor.issued import EVERY_S, Issued

NAMES = ("shop.example",)
EDGES = tuple(
    {"name": f"edge-{each}", "address": f"10.0.0.{each}", "public": f"203.0.113.{each}"}
    for each in (1, 2)
)


@dataclass(slots=True)
class Agents:
    """What each edge has; None for one that is off."""

    chains: dict[str, str | None] = field(default_factory=dict)
    asked: int = 0

    def ask(self, edge: Mapping[str, str]) -> Mapping[str, Any]:
        self.asked += 1
        chain = self.chains.get(edge["name"])
        if chain is None:
            raise Unreachable(f"{edge['name']} is off")
        return {"chain": chain}


def pem(signer: Signer) -> str:
    return signer.pem.decode()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def looked(issued: Issued) -> None:
    issued.look()
    assert issued.asking is not None
    issued.asking.result(timeout=10)


def serials(shown: tuple[ShownCertificate, ...]) -> list[tuple[str, str]]:
    return [(each.addresses[0], each.serial) for each in shown]


def test_each_edge_is_told_with_its_own_address_and_asked_again_after_a_while(
    clock: HandClock,
) -> None:
    one, two = issue("shop.example", dns=NAMES), issue("shop.example", dns=NAMES)
    agents = Agents({"edge-1": pem(one), "edge-2": pem(two)})
    issued = Issued(names=NAMES, edges=EDGES, ask=agents.ask, clock=clock)
    assert issued.certificates(()) == ()
    looked(issued)
    found = issued.certificates(())
    assert [each.addresses for each in found] == [("203.0.113.1",), ("203.0.113.2",)]
    assert {each.names for each in found} == {NAMES}

    issued.look()
    assert agents.asked == 2, "not yet again"
    agents.chains["edge-1"] = pem(two)
    clock.sleep(EVERY_S)
    looked(issued)
    again = issued.certificates(())
    assert again[0].serial == again[1].serial == found[1].serial


def test_an_edge_that_is_off_shows_what_the_log_says_or_what_was_heard(clock: HandClock) -> None:
    one = issue("shop.example", dns=NAMES)
    agents = Agents({"edge-1": pem(one), "edge-2": None})
    issued = Issued(names=NAMES, edges=EDGES, ask=agents.ask, clock=clock)
    looked(issued)
    (heard,) = issued.certificates(())
    of_two = heard.model_copy(update={"addresses": ("203.0.113.2",), "serial": "AB"})
    other = heard.model_copy(update={"names": ("else.example",), "serial": "CD"})
    said = (CertificatesNotice(text="before", at=NOON, certificates=(of_two, other)),)
    expected = [("203.0.113.1", heard.serial), ("203.0.113.2", "AB")]
    assert serials(issued.certificates(said)) == expected

    agents.chains["edge-1"] = None
    clock.sleep(EVERY_S)
    looked(issued)
    assert serials(issued.certificates(said)) == expected


def test_one_that_has_none_yet_shows_none(clock: HandClock) -> None:
    agents = Agents({"edge-1": "", "edge-2": ""})
    issued = Issued(names=NAMES, edges=EDGES, ask=agents.ask, clock=clock)
    looked(issued)
    assert issued.certificates(()) == ()


def test_where_nothing_is_issued_nobody_is_asked(clock: HandClock) -> None:
    agents = Agents()
    issued = Issued(names=(), edges=EDGES, ask=agents.ask, clock=clock)
    issued.look()
    assert (issued.asking, agents.asked) == (None, 0)
