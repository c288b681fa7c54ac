"""A typing error is told from a wrong passphrase, whatever way people write it down."""

from itertools import combinations

import pytest

from standfast.core.errors import Refused
from standfast.mechanisms.keys.envelope import passphrase
from standfast.mechanisms.keys.envelope.passphrase import ALPHABET, LENGTH


def test_a_drawn_one_is_understood_as_it_is_written_and_as_people_type_it() -> None:
    drawn = passphrase.draw()
    assert len(drawn) == LENGTH
    written = passphrase.written(drawn)
    assert [len(each) for each in written.split("-")] == [4] * 7
    assert passphrase.understood(written) == drawn
    assert passphrase.understood(f" {written.lower().replace('-', ' ')}\n") == drawn
    alike = drawn.replace("1", "l").replace("0", "O")
    assert passphrase.understood(alike) == drawn


def test_it_has_at_least_128_random_bits_and_differs_each_time() -> None:
    assert passphrase.DRAWN * (len(ALPHABET).bit_length() - 1) >= 128
    assert len(ALPHABET) == len(set(ALPHABET)) == 32
    drawn = [passphrase.draw() for _ in range(200)]
    assert len(set(drawn)) == 200
    assert set("".join(drawn)) == set(ALPHABET)


def test_every_single_wrong_symbol_is_a_typing_error() -> None:
    drawn = passphrase.draw()
    for at in range(LENGTH):
        for symbol in set(ALPHABET) - {drawn[at]}:
            with pytest.raises(Refused, match="mistyped: its check symbol"):
                passphrase.understood(drawn[:at] + symbol + drawn[at + 1 :])


def test_any_two_symbols_that_changed_places_are_a_typing_error() -> None:
    drawn = passphrase.draw()
    for first, second in combinations(range(LENGTH), 2):
        if drawn[first] != drawn[second]:
            swapped = list(drawn)
            swapped[first], swapped[second] = swapped[second], swapped[first]
            with pytest.raises(Refused, match="mistyped: its check symbol"):
                passphrase.understood("".join(swapped))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "it has 0 symbols, and 28 are needed"),
        ("4J2K-9XTB", "it has 8 symbols"),
        ("0" * 29, "it has 29 symbols"),
        ("four words are no way out", "U is in no passphrase"),
        ("4J2K-9XTB-0QWE-7MHC-R3VD-8NAP-5YS!", "! is in no passphrase"),
    ],
)
def test_what_can_be_no_passphrase_is_told_why(typed: str, said: str) -> None:
    with pytest.raises(Refused, match="mistyped") as refused:
        passphrase.understood(typed)
    assert said in refused.value.problem


def test_the_groups_that_are_asked_back_differ_and_are_there() -> None:
    for _ in range(50):
        first, second = passphrase.draw_groups(2)
        assert 1 <= first < second <= passphrase.GROUPS
