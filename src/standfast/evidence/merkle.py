"""The tree whose one hash commits to every entry and to their order (RFC 9162, 2.1).

All functions take and give hashes of leaves, never the leaves, and none reads a file. A tree of
n > 1 leaves splits at the largest power of two below n, so every left side is full and never
changes again: that is why an append-only log can be proven to have only been appended to.
"""

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32

Hashes = Sequence[bytes]


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(hashes: Hashes) -> bytes:
    """The hash of the tree over these, which are leaves, or full subtrees of one size.

    Of full subtrees the last may also be an incomplete one: the split falls at the same place.
    Works level by level; an odd one at the end rises as it is, which gives the same tree.
    """
    level = list(hashes)
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        odd = [level.pop()] if len(level) % 2 else []
        level = [node_hash(*pair) for pair in zip(level[::2], level[1::2], strict=True)] + odd
    return level[0]


def split(size: int) -> int:
    """The largest power of two below `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(hashes: Hashes, index: int) -> list[bytes]:
    """The hashes beside the way from leaf `index` up to the root (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < len(hashes):
        raise ValueError(f"there is no leaf {index} among {len(hashes)}")
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if index < k:
        return [*inclusion_proof(hashes[:k], index), root(hashes[k:])]
    return [*inclusion_proof(hashes[k:], index - k), root(hashes[:k])]


def included(*, leaf: bytes, index: int, size: int, proof: Hashes, root: bytes) -> bool:
    """Whether `proof` shows that `leaf` is number `index` of `size` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes((leaf, root, *proof)):
        return False
    fn, sn, reached = index, size - 1, leaf
    for each in proof:
        if sn == 0:
            return False
        if fn % 2 or fn == sn:
            reached = node_hash(each, reached)
            while fn and not fn % 2:
                fn, sn = fn >> 1, sn >> 1
        else:
            reached = node_hash(reached, each)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and reached == root


def consistency_proof(hashes: Hashes, old_size: int) -> list[bytes]:
    """The hashes that show the first `old_size` to be unchanged (RFC 9162, 2.1.4.1)."""
    if not 0 < old_size <= len(hashes):
        raise ValueError(f"no consistency from size {old_size} to {len(hashes)}")
    return _subproof(hashes, old_size, whole=True)


def _subproof(hashes: Hashes, old_size: int, *, whole: bool) -> list[bytes]:
    if old_size == len(hashes):
        return [] if whole else [root(hashes)]
    k = split(len(hashes))
    if old_size <= k:
        return [*_subproof(hashes[:k], old_size, whole=whole), root(hashes[k:])]
    return [*_subproof(hashes[k:], old_size - k, whole=False), root(hashes[:k])]


def consistent(*, old_size: int, old_root: bytes, size: int, root: bytes, proof: Hashes) -> bool:
    """Whether `proof` shows that the larger tree begins with the smaller (RFC 9162, 2.1.4.2).

    From size 0 nothing can be shown, so nothing is.
    """
    if not 0 < old_size <= size or not _are_hashes((old_root, root, *proof)):
        return False
    if old_size == size:
        return not proof and old_root == root
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    return bool(path) and _climbs(path, old_size - 1, size - 1) == (old_root, root)


def _climbs(path: Hashes, fn: int, sn: int) -> tuple[bytes, bytes] | None:
    while fn % 2:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for each in path[1:]:
        if sn == 0:
            return None
        if fn % 2 or fn == sn:
            first, second = node_hash(each, first), node_hash(each, second)
            while fn and not fn % 2:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, each)
        fn, sn = fn >> 1, sn >> 1
    return (first, second) if sn == 0 else None


def _are_hashes(values: Hashes) -> bool:
    return all(len(each) == HASH_BYTES for each in values)
