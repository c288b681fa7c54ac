import pytest

from standfast.cli.guide import Guide, Left


def guide(*keys: str, said: list[str]) -> Guide:
    pressed = iter(keys)
    return Guide(steps=2, waits=bool(keys), say=said.append, key=lambda: next(pressed))


def test_each_step_says_how_far_one_is() -> None:
    said: list[str] = []
    led = guide(" ", "\r", said=said)
    led.step("An hour is entered", "you@example.com saves an hour.")
    led.step("The primary loses power", "The plug is pulled.")
    assert [each for each in said if "/2]" in each] == [
        "\n[1/2] An hour is entered",
        "\n[2/2] The primary loses power",
    ]


def test_q_leaves_before_the_step_begins() -> None:
    said: list[str] = []
    led = guide("q", said=said)
    with pytest.raises(Left):
        led.step("The primary loses power", "The plug is pulled.")


def test_where_nobody_presses_keys_nothing_waits() -> None:
    said: list[str] = []
    led = guide(said=said)
    led.step("An hour is entered", "words " * 40)
    assert all(len(line) <= 80 for each in said for line in each.splitlines())
