"""What was seen is judged as a visitor would: believed, served, and nothing else open."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from standfast.mechanisms.witness.alarm import DOWN_LASTS, Watch, after, command, is_due, told
from standfast.mechanisms.witness.sighting import DISTRUST, DOWN, OPEN, Ports, Sighting

from .conftest import NOON

GOOD = Sighting(
    at=NOON,
    host="shop.example",
    address="203.0.113.7",
    port=443,
    protocol="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    fingerprint="ab" * 32,
    status=200,
    seconds=0.05,
)
QUIET = Ports(open=(80, 443), refused=(), udp=())


@pytest.mark.parametrize(
    ("seen", "trouble"),
    [
        (GOOD, ""),
        (replace(GOOD, status=302), ""),
        (replace(GOOD, status=404), ""),
        (replace(GOOD, status=503), DOWN),
        (replace(GOOD, status=None), DOWN),
        (replace(GOOD, status=None, problem="nobody answers"), DOWN),
        (replace(GOOD, doubt="certificate has expired"), DISTRUST),
        (replace(GOOD, doubt="certificate has expired", status=None), DISTRUST),
        (replace(GOOD, ports=QUIET), ""),
        (replace(GOOD, ports=Ports(open=(22, 80, 443), refused=(), udp=())), OPEN),
        (replace(GOOD, ports=Ports(open=(443,), refused=(25,), udp=())), OPEN),
        (replace(GOOD, ports=Ports(open=(443,), refused=(), udp=(53,))), OPEN),
        (replace(GOOD, port=8443, ports=Ports(open=(8443,), refused=(), udp=())), ""),
        (replace(GOOD, ports=Ports(open=(8443,), refused=(), udp=())), OPEN),
    ],
)
def test_the_worst_that_was_seen_is_its_trouble(seen: Sighting, trouble: str) -> None:
    assert seen.trouble == trouble
    assert seen.document()["trouble"] == (trouble or None)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (GOOD, "saw shop.example (203.0.113.7): 200 after 0.05 s, TLSv1.3"),
        (replace(GOOD, status=503), "DOWN: shop.example (203.0.113.7): it answers 503"),
        (
            replace(GOOD, address="", status=None, problem="it has no address"),
            "DOWN: shop.example (no address): it has no address",
        ),
        (
            replace(GOOD, doubt="self-signed certificate"),
            f"NOT BELIEVED: shop.example (203.0.113.7) shows a certificate {'ab' * 32}: "
            "self-signed certificate",
        ),
        (
            replace(GOOD, ports=Ports(open=(22, 443), refused=(25,), udp=(53,))),
            "OPEN PORTS: shop.example (203.0.113.7) answers, beside the web, at 22, 25, 53",
        ),
    ],
)
def test_it_is_said_in_one_line(seen: Sighting, words: str) -> None:
    assert seen.words == words


def rings(*seen: Sighting) -> list[int]:
    watch, found = Watch(), []
    for number, each in enumerate(seen):
        watch = after(watch, each)
        if is_due(watch, each.at):
            watch = told(watch)
            found.append(number)
    return found


def later(seen: Sighting, by: timedelta) -> Sighting:
    return replace(seen, at=NOON + by)


def test_who_is_not_believed_rings_at_once_and_who_is_away_when_it_lasts() -> None:
    down, minute = replace(GOOD, status=None), timedelta(minutes=1)
    assert rings(replace(GOOD, doubt="x"), later(replace(GOOD, doubt="x"), minute)) == [0]
    assert rings(replace(GOOD, ports=Ports(open=(22,), refused=(), udp=()))) == [0]
    assert rings(down, later(down, DOWN_LASTS - minute)) == []
    assert rings(down, later(down, DOWN_LASTS), later(down, 2 * DOWN_LASTS)) == [1]
    assert rings(down, later(GOOD, minute), later(down, DOWN_LASTS)) == []


def test_the_alarm_gets_what_was_seen() -> None:
    made = command("mail me@example.test", replace(GOOD, doubt="x; rm -rf /"))
    assert made.argv[-1].startswith("NOT BELIEVED: shop.example")
    assert json.loads(made.stdin)["fingerprint"] == "ab" * 32
