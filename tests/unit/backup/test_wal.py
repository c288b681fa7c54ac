"""Positions and segments of the write-ahead log."""

from standfast.mechanisms.backup.wal import covers, is_segment, position


def test_a_position_is_64_bits_in_two_halves() -> None:
    assert position("0/5000028") == 0x5000028
    assert position("1/0") == 1 << 32
    assert position("A/0") > position("9/FFFFFFFF")


def test_only_whole_names_are_segments() -> None:
    assert is_segment("0000000100000000000000AB")
    assert not is_segment("00000002.history")
    assert not is_segment("0000000100000000000000ab")


def test_a_later_segment_covers_an_earlier_one_and_a_new_timeline_every_old_one() -> None:
    assert covers("000000010000000000000005", "000000010000000000000005")
    assert not covers("000000010000000000000004", "000000010000000000000005")
    assert covers("000000020000000000000006", "000000010000000000000009")
