"""Everything that a browser would refuse is refused when it is brought, by its name."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from standfast.mechanisms.keys.certificates import brought
from standfast.mechanisms.keys.certificates.check import Given, Problem, anchor, problems
from standfast.mechanisms.keys.certificates.facts import stands_for

from .issuing import NOON, Key, Signer, World, issue, rsa_key

NAME = "shop.example"


@pytest.fixture(scope="module")
def world() -> World:
    return World.make()


def found(
    world: World, *chain: Signer, key: Key | None = None, names: Sequence[str] = (NAME,)
) -> list[str]:
    return [each.what for each in wrong(world, *chain, key=key, names=names)]


def wrong(
    world: World, *chain: Signer, key: Key | None = None, names: Sequence[str] = (NAME,)
) -> list[Problem]:
    given = Given(chain=tuple(each.certificate for each in chain), key=key or chain[0].key)
    trusted = (world.root.certificate,)
    return list(problems(given, wanted=names, trusted=trusted, now=NOON))


def test_a_good_one_has_no_problem_with_or_without_its_root(world: World) -> None:
    own = issue(NAME, by=world.between, dns=[NAME])
    assert found(world, own, world.between) == []
    assert found(world, own, world.between, world.root) == []


def test_rsa_of_2048_bits_and_a_star_for_the_name_are_good(world: World) -> None:
    own = issue(NAME, by=world.root, dns=["*.example"], key=rsa_key(2048))
    assert found(world, own) == []


def test_another_key_is_refused(world: World) -> None:
    own = issue(NAME, by=world.root, dns=[NAME])
    (said,) = found(world, own, key=rsa_key(2048))
    assert "the key is not that of the certificate: it is RSA 2048" in said
    assert "P-256" in said


def test_a_certificate_for_another_name_is_refused_by_both_names(world: World) -> None:
    own = issue("other.example", by=world.root, dns=["other.example"])
    (said,) = found(world, own)
    assert "is for other.example" in said
    assert "is called shop.example" in said


def test_a_name_that_stands_only_as_common_name_is_none(world: World) -> None:
    (said,) = found(world, issue(NAME, by=world.root))
    assert "for no name at all" in said


def test_expired_and_not_yet_valid_are_refused_with_the_date(world: World) -> None:
    late = issue(NAME, by=world.root, dns=[NAME], days=9)
    assert found(world, late) == ["shop.example expired on 2026-03-08 12:00 UTC"]
    early = issue(NAME, by=world.root, dns=[NAME], starts=NOON + timedelta(days=1))
    (said,) = found(world, early)
    assert "is not valid before 2026-03-10 12:00 UTC" in said


def test_an_expired_signer_in_between_is_refused_too(world: World) -> None:
    between = issue("Old", by=world.root, authority=True, days=5)
    (said,) = found(world, issue(NAME, by=between, dns=[NAME]), between)
    assert said.startswith("Old expired")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (rsa_key(1024), "RSA 1024"),
        (ec.generate_private_key(ec.SECP256K1()), "secp256k1"),
        (ec.generate_private_key(ec.SECP521R1()), "P-521"),
    ],
    ids=["short RSA", "weak curve", "no browser's curve"],
)
def test_a_key_that_browsers_do_not_accept_is_refused(world: World, key: Key, words: str) -> None:
    (said,) = found(world, issue(NAME, by=world.root, dns=[NAME], key=key))
    assert f"the key of {NAME} is {words}" in said


def test_a_short_key_of_the_signer_is_refused(world: World) -> None:
    between = issue("Short", by=world.root, authority=True, key=rsa_key(1024))
    own = issue(NAME, by=between, dns=[NAME])
    (said,) = found(world, own, between)
    assert "the key of Short is RSA 1024" in said


def test_sha_224_is_refused(world: World) -> None:
    (said,) = found(world, issue(NAME, by=world.root, dns=[NAME], algorithm=hashes.SHA224()))
    assert "signed with sha224" in said


def test_a_chain_whose_order_is_wrong_is_told_from_one_that_is_incomplete(world: World) -> None:
    own = issue(NAME, by=world.between, dns=[NAME])
    (first,) = found(world, world.between, own, key=own.key)
    assert "out of order: the key's certificate (shop.example) is number 2 of 2" in first
    (second,) = found(world, own, world.root, world.between)
    assert "out of order: after shop.example stands Root, and Between has signed it" in second
    (third,) = found(world, own)
    assert "incomplete: it ends with shop.example, signed by Between" in third
    (fourth,) = found(world, own, world.root)
    assert "incomplete: shop.example was signed by Between, and Root follows" in fourth


def test_an_authority_that_nobody_trusts_is_refused_and_self_signed_is_named(world: World) -> None:
    (said,) = found(world, issue(NAME, by=world.stranger, dns=[NAME]), world.stranger)
    assert "incomplete: it ends with Stranger" in said
    (alone,) = found(world, issue(NAME, dns=[NAME]))
    assert "signed by itself" in alone


def test_no_server_s_certificate_is_refused(world: World) -> None:
    own = issue(NAME, by=world.root, dns=[NAME], use=ExtendedKeyUsageOID.CLIENT_AUTH)
    (said,) = found(world, own)
    assert "not meant for servers" in said
    between = issue(NAME, by=world.root, dns=[NAME], authority=True)
    (other,) = found(world, between)
    assert "is an authority's certificate" in other


def test_somebody_who_is_no_authority_signs_nothing(world: World) -> None:
    friend = issue("friend", by=world.root, dns=["friend.example"])
    (said,) = found(world, issue(NAME, by=friend, dns=[NAME]), friend)
    assert "friend has signed shop.example and is no authority" in said


def test_everything_that_is_wrong_is_said_at_once_each_with_what_to_try(world: World) -> None:
    own = issue("other.example", by=world.stranger, dns=["other.example"], days=2)
    said = wrong(world, own, key=rsa_key(2048))
    assert len(said) == 4
    assert all(each.remedy.endswith((".", "`.")) or "?" in each.remedy for each in said)


@pytest.mark.parametrize(
    ("pattern", "name", "stands"),
    [
        ("shop.example", "shop.example", True),
        ("*.example", "shop.example", True),
        ("*.example", "a.shop.example", False),
        ("*.example", "example", False),
        ("s*.example", "shop.example", False),
        ("*.0.0.1", "127.0.0.1", False),
    ],
)
def test_a_star_is_one_whole_label(pattern: str, name: str, stands: bool) -> None:
    assert stands_for(pattern, name) is stands


def test_what_is_taken_leaves_the_root_out_and_names_it_as_who_vouches(world: World) -> None:
    own = issue(NAME, by=world.between, dns=[NAME, "www.shop.example"])
    chain = (own.certificate, world.between.certificate, world.root.certificate)
    trusted = (world.root.certificate,)
    assert anchor(chain, trusted) == world.root.certificate
    taken = brought.taken(
        Given(chain=chain, key=own.key),
        wanted=(NAME, "else.example", "www.shop.example"),
        trusted=trusted,
    )
    assert taken.names == (NAME, "www.shop.example")
    assert taken.chain.encode() == own.pem + world.between.pem
    assert taken.anchor.encode() == world.root.pem
    assert own.key_pem.decode() == taken.key
    assert taken.key not in repr(taken)
