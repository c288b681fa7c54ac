"""Somebody always serves while the machines of a site change."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.rollout.order import in_order, waves
from standfast.mechanisms.rollout.packages import Package, parse, upgrade
from standfast.mechanisms.rollout.update import Wanting, steps, words
from standfast.mechanisms.rollout.upgrading import parse_start


def machine(name: str, *roles: Role) -> Machine:
    return Machine(
        name=name,
        roles=frozenset(roles),
        address=IPv4Address("10.77.0.11"),
        reach=Reach(host="10.77.0.11"),
    )


SITE = (
    machine("edge-1", Role.EDGE),
    machine("edge-2", Role.EDGE),
    machine("web-1", Role.WEB),
    machine("web-2", Role.WEB),
    machine("db-1", Role.DATABASE),
    machine("db-2", Role.DATABASE),
    machine("monitor-1", Role.MONITOR),
    machine("monitor-2", Role.MONITOR),
    machine("monitor-3", Role.MONITOR),
)
THREE = (
    machine("a", Role.EDGE, Role.WEB, Role.MONITOR, Role.DATABASE),
    machine("b", Role.EDGE, Role.WEB, Role.MONITOR, Role.DATABASE),
    machine("c", Role.EDGE, Role.WEB, Role.MONITOR),
)
UNEVEN = (
    machine("a", Role.DATABASE),
    machine("b", Role.EDGE, Role.WEB, Role.DATABASE),
    machine("c", Role.MONITOR, Role.BACKUP),
)
MONITORS = ["monitor-1", "monitor-2", "monitor-3"]
FRONT = ["web-1", "web-2", "edge-1", "edge-2"]


@pytest.mark.parametrize(
    ("site", "primary", "expected"),
    [
        (SITE, "db-1", [*MONITORS, "db-2", "db-1", *FRONT]),
        (SITE, "db-2", [*MONITORS, "db-1", "db-2", *FRONT]),
        (SITE, None, [*MONITORS, "db-1", "db-2", *FRONT]),
        (THREE, "a", ["b", "c", "a"]),
        (UNEVEN, "a", ["c", "b", "a"]),
    ],
)
def test_who_watches_comes_first_and_the_primary_after_its_secondaries(
    site: tuple[Machine, ...], primary: str | None, expected: list[str]
) -> None:
    assert [each.name for each in in_order(site, primary)] == expected


def planned(applied: dict[str, str | None]) -> list[tuple[str, ...]]:
    everywhere = {each.name: applied.get(each.name, "old") for each in SITE}
    wanted = {each.name: "new" for each in SITE}
    return list(waves(SITE, wanted=wanted, applied=everywhere, primary="db-1"))


def test_a_site_that_is_brought_up_changes_at_once() -> None:
    nothing = {each.name: None for each in SITE}
    (only,) = planned(dict(nothing))
    assert sorted(only) == sorted(each.name for each in SITE)


def test_a_site_that_serves_changes_one_by_one() -> None:
    assert planned({}) == [(name,) for name in (*MONITORS, "db-2", "db-1", *FRONT)]


def test_a_new_machine_and_one_that_is_as_planned_wait_for_nobody() -> None:
    first, *rest = planned({"web-1": None, "monitor-1": "new"})
    assert first == ("monitor-1", "web-1")
    assert ("web-2",) in rest


def test_a_new_edge_that_stands_in_for_others_comes_after_those_that_are_to_know_it() -> None:
    edges = tuple(
        replace(each, moves=each.is_a(Role.EDGE))
        for each in SITE
        if each.name in ("edge-1", "edge-2")
    )
    site = (*(each for each in SITE if each.name not in ("edge-1", "edge-2")), *edges)
    wanted = {each.name: "new" for each in site}

    def turns(**applied: str | None) -> list[tuple[str, ...]]:
        everywhere = {each.name: applied.get(each.name.replace("-", "_"), "old") for each in site}
        return list(waves(site, wanted=wanted, applied=everywhere, primary="db-1"))

    assert turns(edge_1=None)[-2:] == [("edge-2",), ("edge-1",)]
    assert turns(edge_1=None, edge_2="new")[0] == ("edge-1", "edge-2"), "it is known already"
    assert turns(edge_1=None, edge_2=None)[0] == ("edge-1", "edge-2"), "there is nobody to know it"


def test_a_rollout_that_was_stopped_after_any_machine_goes_on_with_the_next() -> None:
    whole = planned({})
    for done in range(len(whole)):
        already = {name: "new" for wave in whole[:done] for name in wave}
        again = planned(dict(already))
        assert again[-len(whole) + done :] == whole[done:]


NEWER = Package(name="libssl3", old="3.0.15-1", new="3.0.16-1", security=True)


def test_only_machines_that_want_something_are_touched() -> None:
    wanting = {each.name: Wanting() for each in SITE}
    wanting["web-2"] = Wanting(packages=(NEWER,))
    wanting["db-1"] = Wanting(outdated=("postgres",))
    made = list(steps(SITE, wanting, primary="db-1", secondaries=("db-2",), reboot_all=False))
    assert [(each.machine, each.hands_over, each.reboots) for each in made] == [
        ("db-1", True, True),
        ("web-2", False, False),
    ]
    assert words(made[1]) == "upgrades 1 packages, 1 for security, restarts if they want it"
    assert words(made[0]) == "hands over to a secondary, restarts"


def test_a_primary_without_a_secondary_has_nobody_to_hand_over_to() -> None:
    wanting = {each.name: Wanting() for each in SITE}
    made = list(steps(SITE, wanting, primary="db-1", secondaries=(), reboot_all=True))
    assert len(made) == len(SITE)
    assert not any(each.hands_over for each in made)


SIMULATION = """\
NOTE: This is only a simulation!
Inst libssl3 [3.0.15-1~deb12u1] (3.0.16-1~deb12u1 Debian-Security:12/stable-security [amd64])
Inst libnew1 (1.0-1 Debian:12.9/stable [amd64])
Inst tzdata [2024a-0+deb12u1] (2024b-0+deb12u1 Debian:12.9/stable, Debian:12-updates/x [all])
Inst nodejs [20.1.0] (20.2.0 Vendor:nodistro [amd64])
Conf libssl3 (3.0.16-1~deb12u1 Debian-Security:12/stable-security [amd64])
"""


def test_what_is_newer_is_read_from_apts_own_simulation() -> None:
    found = parse(SIMULATION)
    assert [(each.name, each.security) for each in found] == [("libssl3", True), ("tzdata", False)]
    assert found[0].new == "3.0.16-1~deb12u1"
    assert [each.name for each in parse(SIMULATION, everything=True)][-1] == "nodejs"


def test_exactly_what_was_shown_is_installed() -> None:
    assert upgrade((NEWER,))[-2:] == ("install", "libssl3=3.0.16-1")


def test_a_start_is_told_by_the_kernel_and_by_process_1() -> None:
    stat = "1 (a name) ) S " + " ".join(str(number) for number in range(4, 30))
    assert parse_start(f"4d2a\n{stat}\n") == "4d2a 22"
