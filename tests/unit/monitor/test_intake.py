"""A name from another monitor is asked for only if it can be the name of a leaf."""

from standfast.mechanisms.monitor.intake import missing

LEAF = bytes(range(32))
OTHER = bytes(32)


def test_what_is_neither_here_nor_logged_is_missing() -> None:
    names = [LEAF.hex(), OTHER.hex()]
    assert missing(names, (), ()) == (OTHER.hex(), LEAF.hex())
    assert missing(names, (OTHER.hex(),), ()) == (LEAF.hex(),)
    assert missing(names, (), (LEAF, OTHER)) == ()


def test_what_is_no_hash_is_nobodys() -> None:
    names = ["../../secret", "ab", LEAF.hex().upper(), f"{LEAF.hex()[:-2]} 1", ""]
    assert missing(names, (), ()) == ()
