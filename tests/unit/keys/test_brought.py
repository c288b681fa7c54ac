"""What was brought is sealed under the site's names; a newer one takes the older one's place."""

from collections.abc import Callable
from ipaddress import IPv4Address

import pytest

from standfast.cli.session import vouching
from standfast.mechanisms.edge.plan import CHOICE, EdgeAsk, plan
from standfast.mechanisms.edge.settings import EdgeSettings
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.keys.authority import CERTIFICATE, KEY, keep, make
from standfast.mechanisms.keys.certificates import brought, read
from standfast.mechanisms.keys.certificates.brought import Brought
from standfast.mechanisms.keys.certificates.check import Given
from standfast.mechanisms.keys.certificates.facts import fingerprint
from standfast.mechanisms.keys.certificates.shown import shown
from standfast.mechanisms.keys.vault import Place, Vault

from .conftest import RUNNER, Person, reopened
from .issuing import NOON, World, issue

NAMES = ("shop.example", "www.example", "else.example")
EDGES = tuple(
    Machine(
        name=f"edge-{number}",
        address=IPv4Address(f"10.0.0.{number}"),
        public=IPv4Address(f"203.0.113.{number}"),
        roles=frozenset({Role.EDGE}),
        reach=Reach(host=f"10.0.0.{number}"),
    )
    for number in (1, 2)
)


@pytest.fixture(scope="module")
def world() -> World:
    return World.make()


def one(world: World, *names: str) -> Brought:
    own = issue(names[0], by=world.between, dns=names)
    given = Given(chain=(own.certificate, world.between.certificate), key=own.key)
    return brought.taken(given, wanted=NAMES, trusted=(world.root.certificate,))


def test_it_is_sealed_and_read_again_by_the_names_of_the_site(
    world: World, place: Place, people: Callable[[str], Person]
) -> None:
    vault = Vault.begin(place, people("anna").operator, RUNNER)
    both = one(world, "shop.example", "www.example")
    brought.keep(vault, both)
    vault.save()
    assert b"PRIVATE KEY" not in place.sealed.read_bytes()
    again = reopened(place, people("anna"))
    assert brought.kept(again, NAMES) == (both,)
    assert brought.kept(again, ("else.example",)) == ()
    keep(again, make("demo", NOON), certificate=CERTIFICATE, key=KEY)
    assert vouching(again) == again.read(CERTIFICATE) + world.root.pem

    newer = one(world, "www.example")
    brought.keep(again, newer)
    shop, www = brought.kept(again, NAMES)
    assert (shop.names, www.names) == (("shop.example",), ("www.example",))
    assert (shop.key, www) == (both.key, newer)
    assert brought.drop(again, "www.example")
    assert not brought.drop(again, "www.example")
    assert brought.kept(again, NAMES) == (shop,)


def test_an_edge_gets_chain_and_key_in_one_file_for_root_and_chooses_by_name(world: World) -> None:
    shop, www = one(world, "shop.example"), one(world, "www.example")
    ask = EdgeAsk(
        health="/health",
        security_txt=False,
        trusted=(),
        slow=(),
        slow_limit_s=60,
        limits=EdgeSettings(),
    )
    made = plan(
        EDGES[0], EDGES, ask, certificate=b"own", ending=b"e", source="/src", brought=(shop, www)
    )
    files = {each.path: each for each in made.files}
    paths = [line.split() for line in files[CHOICE].content.decode().splitlines()]
    assert [names for _, *names in paths] == [["shop.example"], ["www.example"]]
    pair = files[paths[0][0]]
    assert pair.content.decode() == shop.chain + shop.key
    assert (pair.mode, pair.owner, pair.reloads) == (0o600, "root", ("haproxy.service",))
    config = files["/etc/haproxy/haproxy.cfg"].content.decode()
    assert f"crt /etc/standfast/public/cert.pem crt-list {CHOICE} alpn" in config
    without = plan(EDGES[0], EDGES, ask, certificate=b"own", ending=b"e", source="/src")
    assert CHOICE not in {each.path for each in without.files}


def test_what_edges_show_is_told_for_each_of_their_addresses(world: World) -> None:
    shop = one(world, "shop.example")
    own = issue("demo", by=world.stranger, dns=["demo"])
    told, of_edge = shown(EDGES, {"edge-1": own.pem, "edge-2": b"made by up"}, (shop,))
    assert told.names == ("shop.example",)
    assert told.addresses == ("203.0.113.1", "203.0.113.2")
    (certificate, _) = read.chain(shop.chain.encode(), "chain")
    assert (told.issuer, told.key) == ("Between", "P-256")
    assert told.sha256 == fingerprint(certificate)
    assert int(told.serial, 16) == certificate.serial_number
    assert len(told.serial) % 2 == 0
    assert (of_edge.names, of_edge.addresses) == (("demo",), ("203.0.113.1",))
