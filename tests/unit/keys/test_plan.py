"""Operators' keys are let in beside those that were let in before, and nobody is locked out."""

from ipaddress import IPv4Address

from standfast.mechanisms.hosts.machine import Machine, Reach
from standfast.mechanisms.keys.on_machine import without_ours
from standfast.mechanisms.keys.operators import Operator
from standfast.mechanisms.keys.plan import SSHD, KeysAsk, plan

MACHINE = Machine(
    name="web-1", roles=frozenset(), address=IPv4Address("10.0.0.1"), reach=Reach(host="web-1")
)
PEOPLE = (
    Operator(name="anna", key="ssh-ed25519 AAAAanna"),
    Operator(name="ci", key="age1ci"),
)


def files(looked_in: dict[str, str]) -> dict[str, str]:
    ask = KeysAsk(operators=PEOPLE, mark="m1", looked_in=looked_in)
    return {each.path: each.content.decode() for each in plan(MACHINE, ask).files}


def test_only_ssh_keys_are_let_in() -> None:
    said = files({})["/etc/standfast/operators"]
    assert "ssh-ed25519 AAAAanna anna" in said
    assert "age1" not in said


def test_where_sshd_looked_before_it_looks_still() -> None:
    own = "/etc/ssh/keys/%u .ssh/authorized_keys"
    assert f"AuthorizedKeysFile {own} /etc/standfast/operators\n" in files({"web-1": own})[SSHD]


def test_an_sshd_that_does_not_say_where_it_looks_is_left_alone() -> None:
    assert SSHD not in files({"web-1": ""})


def test_our_own_file_is_no_place_of_theirs() -> None:
    said = "port 22\nauthorizedkeysfile .ssh/authorized_keys /etc/standfast/operators\n"
    assert without_ours(said) == ".ssh/authorized_keys"
    assert without_ours("authorizedkeysfile none\n") == without_ours("") == ""
