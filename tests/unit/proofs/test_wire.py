"""A sentence on its way through the site, and what of it the machines heard."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from standfast.core.errors import CannotVerify
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.rollout.links import Link
from standfast.proofs.drills.cables import (
    CUSTOMERS,
    Ear,
    Passed,
    between,
    ear,
    from_outside,
    heard,
)
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.measure import Asked
from standfast.proofs.drills.wire import LEAST_SAVED, figures, told

CONTRACT = {"addresses": ["203.0.113.10"], "port": 443}


def machine(name: str, number: int, *roles: Role) -> Machine:
    address = IPv4Address(f"10.0.0.{number}")
    return Machine(name=name, roles=frozenset(roles), address=address, reach=Reach(host=name))


SITE = (
    machine("edge-1", 1, Role.EDGE),
    machine("web-1", 2, Role.WEB),
    machine("db-1", 3, Role.DATABASE),
    machine("db-2", 4, Role.DATABASE),
    machine("backup-1", 5, Role.BACKUP),
)


def link(source: str, target: str, port: int) -> Link:
    return Link(source=source, target=target, port=port, why="it is asked")


LINKS = (
    link("edge-1", "web-1", 8443),
    link("web-1", "db-1", 5432),
    link("web-1", "db-1", 8008),
    link("web-1", "db-2", 5432),
    link("db-1", "db-2", 5432),
    link("db-2", "db-1", 5432),
    link("db-1", "backup-1", 8432),
)
FLOWS = (
    Passed("198.51.100.9", 50000, "203.0.113.10", 443, 900, 0),
    Passed("10.0.0.2", 8443, "10.0.0.1", 40001, 800, 0),
    Passed("10.0.0.2", 40002, "10.0.0.3", 5432, 700, 0),
    Passed("10.0.0.3", 5432, "10.0.0.4", 40003, 600, 0),
    Passed("10.0.0.3", 40004, "10.0.0.5", 8432, 500, 0),
)
WAYS = {CUSTOMERS: from_outside(CONTRACT), **between(SITE, LINKS)}


def listened(*flows: Passed, missed: int = 0) -> Ear:
    return Ear(machine="db-1", packets=len(flows), missed=missed, flows=flows)


def saved(times: int) -> Found:
    requests = tuple(
        Asked(kind="write", id=f"{number}", status=200, sent_s=0.1 * number, took_s=0.05)
        for number in range(times)
    )
    return Found(requests=requests, stored=(), problem="")


def test_every_way_of_the_sentence_is_known_by_its_links() -> None:
    assert list(WAYS) == [
        "customers to front ends",
        "front ends to web servers",
        "web servers to the database",
        "the database to its copy",
        "the database to backups",
    ]
    assert [heard(way, [listened(*FLOWS)]) for way in WAYS.values()] == [900, 800, 700, 600, 500]


def test_where_two_roles_are_on_one_machine_there_is_no_cable_between_them() -> None:
    one = (machine("one", 1, *Role),)
    assert between(one, ()) == {}
    three = tuple(machine(f"m-{number}", number, *Role) for number in (1, 2, 3))
    assert list(between(three, [link("m-1", "m-2", 5432)])) == [
        "web servers to the database",
        "the database to its copy",
    ]


def test_what_asks_who_is_primary_is_not_what_is_saved() -> None:
    asked = Passed("10.0.0.2", 40002, "10.0.0.3", 8008, 700, 0)
    assert not heard(WAYS["web servers to the database"], [listened(asked)])


def test_all_that_was_heard_and_none_of_it_readable_is_kept() -> None:
    found = figures(saved(8), [listened(*FLOWS)], WAYS)
    assert found == {"writes": 8, "packets": 5, "plain_sentences": 0, "unheard_ways": 0}
    story = told(SITE, [listened(*FLOWS)], WAYS, found)
    assert story[0].endswith("readable in none of them")
    assert "the database to backups: 500 bytes heard" in story


@pytest.mark.parametrize("silent", range(len(FLOWS)))
def test_a_way_on_which_nothing_was_heard_is_counted_and_named(silent: int) -> None:
    some = [listened(*(each for at, each in enumerate(FLOWS) if at != silent))]
    found = figures(saved(8), some, WAYS)
    assert found["unheard_ways"] == 1
    assert f"{list(WAYS)[silent]}: not heard" in told(SITE, some, WAYS, found)


def test_a_sentence_that_can_be_read_is_named_by_its_link() -> None:
    plain = [replace_found(3, 7)]
    found = figures(saved(8), plain, WAYS)
    assert found["plain_sentences"] == 7
    story = told(SITE, plain, WAYS, found)
    assert story[-1] == "readable: db-1:5432 to db-2:40003, 7 times, heard by db-1"


def replace_found(at: int, times: int) -> Ear:
    flows = [*FLOWS]
    flows[at] = replace(flows[at], found=times)
    return listened(*flows)


def test_nothing_is_claimed_when_little_was_saved_or_something_was_missed() -> None:
    with pytest.raises(CannotVerify, match="little to hear"):
        figures(saved(LEAST_SAVED - 1), [listened(*FLOWS)], WAYS)
    with pytest.raises(CannotVerify, match="db-1 could not hear everything"):
        figures(saved(8), [listened(*FLOWS, missed=1)], WAYS)


def test_what_a_tap_says_is_checked() -> None:
    said = {"packets": 2, "missed": 0, "flows": [["10.0.0.1", 1, "10.0.0.2", 2, 3, 0]]}
    assert ear("db-1", said).flows == (Passed("10.0.0.1", 1, "10.0.0.2", 2, 3, 0),)
    for wrong in ({}, {**said, "flows": [[1, 2]]}, {**said, "flows": 3}):
        with pytest.raises(CannotVerify, match="db-1"):
            ear("db-1", wrong)
