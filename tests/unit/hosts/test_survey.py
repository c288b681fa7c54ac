"""Who may be set up, and whom the firewall would lock out: decided before anything is touched."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, ip_address

import pytest

from standfast.mechanisms.hosts.foreign import Found
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.hosts.survey import (
    Arrival,
    Seen,
    arrived,
    beyond,
    free_bytes,
    occupied,
    refusal,
)
from standfast.mechanisms.hosts.system import System, misfit, parse

OFFICE = (IPv4Network("10.0.0.0/24"), IPv4Network("192.0.2.7/32"))
BOOKWORM = parse('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n')
TRIXIE = parse('PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nID=debian\n')
NOBLE = parse('PRETTY_NAME="Ubuntu 24.04.1 LTS"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n')
JAMMY = parse('PRETTY_NAME="Ubuntu 22.04 LTS"\nVERSION_ID="22.04"\nID=ubuntu\nID_LIKE=debian\n')
RASPBIAN = parse('PRETTY_NAME="Raspbian 12"\nVERSION_ID="12"\nID=raspbian\nID_LIKE=debian\n')
SID = parse('PRETTY_NAME="Debian GNU/Linux trixie/sid"\nID=debian\n')
NOTHING = parse("")

GOOD = Seen(system=BOOKWORM, user_id=0, arrival=Arrival(source=ip_address("10.0.0.9"), port=22))


def machine(role: Role = Role.WEB) -> Machine:
    return Machine(
        name="a-1", roles=frozenset({role}), address=IPv4Address("10.0.0.11"), reach=Reach(host="a")
    )


def said(seen: Seen, role: Role = Role.WEB) -> str:
    refused = refusal(machine(role), seen, OFFICE)
    assert refused is None or refused.remedy
    return refused.problem if refused else ""


def test_a_fit_machine_reached_from_the_office_is_taken() -> None:
    assert said(GOOD) == ""


@pytest.mark.parametrize("source", ["10.0.1.9", "192.0.2.8", "2001:db8::9"])
def test_a_connection_from_elsewhere_would_be_locked_out(source: str) -> None:
    elsewhere = replace(GOOD, arrival=Arrival(source=ip_address(source), port=22))
    assert f"from {source}, which network.management_from does not hold" in said(elsewhere)


def test_every_network_of_the_list_lets_operators_in() -> None:
    assert said(replace(GOOD, arrival=Arrival(source=ip_address("192.0.2.7"), port=22))) == ""


def test_a_machine_that_does_not_say_whence_it_is_reached_is_not_guessed_about() -> None:
    assert "does not say from which address" in said(replace(GOOD, arrival=None))


def test_only_root_is_let_in() -> None:
    assert "not root" in said(replace(GOOD, user_id=1000))


@pytest.mark.parametrize(
    ("system", "role"),
    [
        (BOOKWORM, Role.WEB),
        (BOOKWORM, Role.DATABASE),
        (TRIXIE, Role.DATABASE),
        (TRIXIE, Role.EDGE),
        (NOBLE, Role.MONITOR),
    ],
)
def test_systems_that_can_do_what_the_role_needs(system: System, role: Role) -> None:
    assert said(replace(GOOD, system=system), role) == ""


@pytest.mark.parametrize(
    ("system", "role"),
    [
        (TRIXIE, Role.WEB),
        (NOBLE, Role.WEB),
        (NOBLE, Role.DATABASE),
        (JAMMY, Role.EDGE),
        (RASPBIAN, Role.EDGE),
        (SID, Role.EDGE),
        (NOTHING, Role.EDGE),
    ],
)
def test_systems_that_cannot_are_named(system: System, role: Role) -> None:
    assert f"a-1 runs {system.name}; nothing was touched" == said(
        replace(GOOD, system=system), role
    )


def test_web_machines_run_what_the_service_is_built_on() -> None:
    web = frozenset({Role.WEB})
    assert misfit(TRIXIE, web, suite="trixie") == ""
    assert "Debian 13 on a web machine" in misfit(BOOKWORM, web, suite="trixie")


def test_ssh_says_whence_it_comes_and_where_it_arrives() -> None:
    assert arrived("2001:db8::1 51834 2001:db8::2 2222\n") == Arrival(
        source=ip_address("2001:db8::1"), port=2222
    )
    assert arrived("") is None


@pytest.mark.parametrize(("ahead_s", "words"), [(3600.0, "60 min ahead of"), (-7200.0, "behind")])
def test_a_clock_that_is_wrong_is_named_with_how_much(ahead_s: float, words: str) -> None:
    assert words in said(replace(GOOD, ahead_s=ahead_s))


def test_a_clock_is_not_blamed_for_the_time_that_the_answer_took() -> None:
    assert beyond(105.0, earliest=100.0, latest=110.0) == 0
    assert beyond(3710.0, earliest=100.0, latest=110.0) == 3600
    assert beyond(90.0, earliest=100.0, latest=110.0) == -10


def test_a_full_disk_is_named_with_what_is_free() -> None:
    full = free_bytes("    Avail Mounted on\n 12000000 /var\n99000000000 /\n")
    assert full == {"/var": 12_000_000, "/": 99_000_000_000}
    assert "the disk of a-1 at /var has 12.0 MB free" in said(replace(GOOD, free=full))


def test_a_machine_without_python_is_told_to_get_it() -> None:
    assert "no python3" in said(replace(GOOD, has_python=False))


def test_what_is_in_the_way_needs_the_operators_word() -> None:
    nginx = Found(what="nginx listens on port 443", unit="nginx.service")
    refused = occupied("a-1", [nginx], adopted=False)
    assert refused is not None
    assert "nginx listens on port 443" in refused.problem
    assert "up --adopt a-1" in refused.remedy
    assert occupied("a-1", [nginx], adopted=True) is None
    assert occupied("a-1", [], adopted=False) is None


def test_no_word_helps_against_what_could_not_be_put_back() -> None:
    refused = occupied("a-1", [Found(what="rules of the legacy iptables")], adopted=True)
    assert refused is not None
    assert "Take that away yourself" in refused.remedy
