"""The list for people: what it takes, and what it says of itself."""

import pytest

from standfast.core.errors import ConfigError
from standfast.mechanisms.keys.operators import Operator, disagreements, key_of, parse, written

ANNA = Operator(name="anna", key="ssh-ed25519 AAAAanna")
CI = Operator(name="ci@build", key="age1ci")


def test_what_is_written_is_read_again() -> None:
    assert parse(written([ANNA, CI]).decode(), "operators") == (ANNA, CI)


def test_a_comment_behind_a_key_is_its_name() -> None:
    assert key_of("ssh-ed25519 AAAAanna anna@laptop\n") == ("ssh-ed25519 AAAAanna", "anna@laptop")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ssh-ed25519 AAAA", "line 1: '' cannot be an operator's name"),
        ("ssh-ed25519 AAAA anna\nage1x anna", "line 2: anna is there twice"),
        ("ecdsa-sha2-nistp256 AAAA anna", "no key that secrets can be sealed to"),
        ("<<<<<<< HEAD", "a merge was left unfinished"),
        ("AGE-SECRET-KEY-1X anna", "that is a private key"),
    ],
)
def test_a_wrong_line_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text, "operators")
    assert said in refused.value.problem


def test_a_list_that_differs_from_the_sealed_one_is_told() -> None:
    stranger, hidden = disagreements((ANNA,), (CI,), "operators")
    assert "lists ci@build, who cannot open the secrets" in stranger
    assert "does not list anna, who can open the secrets" in hidden
    assert not disagreements((ANNA, CI), (CI, ANNA), "operators")
