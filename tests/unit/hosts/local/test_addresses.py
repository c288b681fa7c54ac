"""A machine made here keeps its number, whatever else comes and goes."""

from ipaddress import IPv4Address
from pathlib import Path

from standfast.mechanisms.hosts.local.addresses import allotted, note, read
from standfast.mechanisms.hosts.local.network import card


def test_a_new_site_is_numbered_in_the_order_of_its_file() -> None:
    assert allotted(["edge-1", "web-1", "db-1"], {}) == {"edge-1": 11, "web-1": 12, "db-1": 13}


def test_who_stays_keeps_its_number_when_another_one_goes() -> None:
    before = allotted(["edge-1", "web-1", "db-1"], {})
    after = allotted(["db-1", "edge-1", "web-2"], before)
    assert (after["db-1"], after["edge-1"]) == (13, 11)


def test_a_number_is_never_given_twice() -> None:
    """A voter at the address of one that is gone would be taken for it."""
    before = {"monitor-1": 11, "monitor-2": 12, "monitor-3": 13}
    assert allotted(["monitor-1", "monitor-2", "monitor-4"], before)["monitor-4"] == 14


def test_numbers_are_read_as_they_were_noted_and_those_who_are_gone_are_kept(
    tmp_path: Path,
) -> None:
    assert read(tmp_path) == {}
    note(tmp_path, {"edge-1": IPv4Address("10.77.0.11"), "web-1": IPv4Address("10.77.0.12")})
    note(tmp_path, {"web-1": IPv4Address("10.77.0.12"), "web-2": IPv4Address("10.77.0.13")})
    assert read(tmp_path) == {"edge-1": 11, "web-1": 12, "web-2": 13}


def test_a_card_is_locally_administered_and_goes_with_the_address() -> None:
    assert card(IPv4Address("10.77.0.11")) == "02:53:0a:4d:00:0b"
    assert int(card(IPv4Address("203.0.113.11"))[:2], 16) & 0b11 == 0b10
