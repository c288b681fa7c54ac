import hashlib

import pytest

from standfast.evidence import merkle

RFC_6962_LEAVES = [
    bytes.fromhex(each)
    for each in [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
]
RFC_6962_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = range(1, 34)
LEAVES = [merkle.leaf_hash(b"%d" % n) for n in range(max(SIZES))]


def defined(hashes):
    """The recursive definition of RFC 9162, 2.1.1, word for word."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + defined(hashes[:k]) + defined(hashes[k:])).digest()


def flipped(hashes):
    for at in range(len(hashes)):
        yield [*hashes[:at], bytes([hashes[at][0] ^ 1]) + hashes[at][1:], *hashes[at + 1 :]]
        yield [*hashes[:at], *hashes[at + 1 :]]
        yield [*hashes[:at], hashes[at][:31], *hashes[at + 1 :]]
    yield [*hashes, bytes(32)]


def test_the_published_tree_of_eight_leaves_is_reproduced_at_every_size():
    hashes = [merkle.leaf_hash(each) for each in RFC_6962_LEAVES]
    roots = [merkle.root(hashes[:size]).hex() for size in range(1, 9)]
    assert roots == RFC_6962_ROOTS


def test_the_root_of_nothing_is_the_hash_of_nothing():
    assert merkle.root([]) == hashlib.sha256(b"").digest()


def test_the_root_is_that_of_the_recursive_definition():
    for size in SIZES:
        assert merkle.root(LEAVES[:size]) == defined(LEAVES[:size])


def test_every_leaf_is_shown_to_be_where_it_is_and_nowhere_else():
    for size in SIZES:
        root = merkle.root(LEAVES[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(LEAVES[:size], index)
            for claimed in range(size):
                shown = merkle.included(
                    leaf=LEAVES[index], index=claimed, size=size, proof=proof, root=root
                )
                assert shown is (claimed == index)


def test_an_inclusion_proof_with_any_change_shows_nothing():
    for size in (1, 2, 7, 8, 13):
        root = merkle.root(LEAVES[:size])
        for index in range(size):
            good = merkle.inclusion_proof(LEAVES[:size], index)
            for proof in flipped(good):
                assert not merkle.included(
                    leaf=LEAVES[index], index=index, size=size, proof=proof, root=root
                )


def test_every_tree_is_shown_to_begin_with_every_smaller_one():
    for size in SIZES:
        root = merkle.root(LEAVES[:size])
        for old_size in range(1, size + 1):
            proof = merkle.consistency_proof(LEAVES[:size], old_size)
            old_root = merkle.root(LEAVES[:old_size])
            assert merkle.consistent(
                old_size=old_size, old_root=old_root, size=size, root=root, proof=proof
            )


def test_a_consistency_proof_shows_nothing_about_another_tree_or_with_any_change():
    for size in (2, 7, 8, 13):
        root = merkle.root(LEAVES[:size])
        for old_size in range(1, size + 1):
            proof = merkle.consistency_proof(LEAVES[:size], old_size)
            old_root = merkle.root(LEAVES[:old_size])
            other = merkle.root([*LEAVES[: old_size - 1], bytes(32)])
            tried = [(other, proof), *((old_root, each) for each in flipped(proof))]
            for claimed, changed in tried:
                assert not merkle.consistent(
                    old_size=old_size, old_root=claimed, size=size, root=root, proof=changed
                )


def test_nothing_is_shown_from_an_empty_tree_or_backwards():
    root = merkle.root(LEAVES[:4])
    empty = merkle.root([])
    assert not merkle.consistent(old_size=0, old_root=empty, size=4, root=root, proof=[])
    assert not merkle.consistent(old_size=4, old_root=root, size=3, root=root, proof=[])
    assert not merkle.included(leaf=root, index=0, size=0, proof=[], root=root)


@pytest.mark.parametrize("index", [-1, 4])
def test_there_is_no_proof_for_a_leaf_that_is_not_there(index):
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion_proof(LEAVES[:4], index)


@pytest.mark.parametrize("old_size", [0, 5])
def test_there_is_no_proof_from_a_size_that_never_was(old_size):
    with pytest.raises(ValueError, match="no consistency"):
        merkle.consistency_proof(LEAVES[:4], old_size)
