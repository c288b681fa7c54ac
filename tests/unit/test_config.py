from pathlib import Path

import pytest

from standfast.config import parse
from standfast.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("colour = 1", "colour: unknown key"),
        ('port = "high"', "port: "),
        ('[[machines]]\nname = "a"\nroles = ["edge"]', "with the role web"),
        ("[promises.nothing]\npromised = true", "promises.nothing: unknown promise"),
        ("name = ", "is not TOML"),
    ],
)
def test_wrong_input_is_refused_with_the_path_of_the_key(text: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        parse(text, "standfast.toml")


def test_a_duplicate_address_is_refused() -> None:
    machine = '[[machines]]\nname = "{}"\nroles = ["edge", "web"]\naddress = "10.0.0.1"\n'
    with pytest.raises(ConfigError, match=r"10\.0\.0\.1 is given 2 times"):
        parse(machine.format("a") + machine.format("b"), "standfast.toml")


LISTED = "".join(
    f'[[machines]]\nname = "{name}"\nroles = ["{role}"]\naddress = "10.0.0.{index}"\n'
    + ('public = "192.0.2.1"\n' if role == "edge" else "")
    for index, (name, role) in enumerate(
        (("e", "edge"), ("w", "web"), ("x", "web"), ("d", "database"), ("m", "monitor"))
    )
)


def test_listed_machines_need_to_know_who_may_reach_ssh() -> None:
    with pytest.raises(ConfigError, match=r"network\.management_from: listed machines need it"):
        parse(LISTED, "standfast.toml")
    parse(f'{LISTED}[network]\nmanagement_from = ["10.0.0.0/8"]', "standfast.toml")


def test_an_empty_file_means_the_example_on_five_machines() -> None:
    assert len(parse("", "standfast.toml").machines) == 5


def test_the_example_file_says_the_defaults() -> None:
    example = Path(__file__).resolve().parents[2] / "standfast.example.toml"
    said, default = parse(example.read_text(), "example"), parse("", "nothing")
    assert said.machines == default.machines
    assert said.model_copy(update={"promises": {}}) == default
