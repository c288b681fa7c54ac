"""A policy is read as C2SP tlog-policy says, and says who must have cosigned."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.core.errors import CannotVerify
from standfast.evidence.cosignature import cosigner
from standfast.evidence.note import vkey
from standfast.evidence.policy import of_monitors, parse
from standfast.evidence.signing import Ed25519Signer

LOG = vkey(Ed25519Signer.from_seed("example.test/log", bytes(32)))
OTHER_LOG = vkey(Ed25519Signer.from_seed("other.test/log", bytes([1] * 32)))


def key(name: str) -> str:
    return cosigner(Ed25519Signer.from_seed(f"{name}.example", name.encode().ljust(32))).vkey


TWO_LEVELS = f"""
# The example of the format, with keys in it.
log {LOG}

witness X1 {key("X1")}
witness X2 {key("X2")} https://x2.example/witness
witness X3 {key("X3")}
  group X-witnesses 2 X1 X2 X3

witness Y1 {key("Y1")}
witness Y2 {key("Y2")}
group\tY-witnesses any\tY1 Y2

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


@pytest.mark.parametrize(
    ("cosigned", "satisfied"),
    [
        ("", False),
        ("X1 X2", False),
        ("X1 X2 X3", False),
        ("X1 Y1", False),
        ("X1 X3 Y2", True),
        ("X1 X2 X3 Y1 Y2", True),
        ("Y1 Y2", False),
        ("X1 X2 Z1", False),
    ],
)
def test_groups_of_groups_count_their_members(cosigned: str, satisfied: bool) -> None:
    assert parse(TWO_LEVELS.encode()).satisfied(cosigned.split()) is satisfied


def test_the_policy_of_a_site_requires_a_majority_of_its_monitors() -> None:
    names = ("monitor-1", "monitor-2", "monitor-3")
    policy = parse(of_monitors(LOG, {name: key(name) for name in names}, 2).encode())
    assert [each.vkey for each in policy.logs] == [LOG]
    assert policy.key("example.test/log") == LOG
    assert policy.key("other.test/log") is None
    assert not policy.satisfied(["monitor-3"])
    assert policy.satisfied(["monitor-1", "monitor-3"])
    assert policy.words == "2 of monitor-1, monitor-2, monitor-3"


def test_one_monitor_alone_is_its_own_majority() -> None:
    policy = parse(of_monitors(LOG, {"one": key("one")}, 1).encode())
    assert policy.satisfied(["one"])
    assert not policy.satisfied([])
    assert policy.words == "one"


def test_a_quorum_of_nobody_and_of_one_witness() -> None:
    assert parse(b"quorum none\n").satisfied([])
    alone = parse(f"witness w {key('w')}\nquorum w\n".encode())
    assert alone.satisfied(["w"])
    assert not alone.satisfied([])


def test_names_need_not_be_text() -> None:
    policy = parse(b"witness \xff " + key("w").encode() + b"\nquorum \xff\n")
    assert policy.satisfied(["\udcff"])
    with pytest.raises(CannotVerify, match="not defined"):
        parse(b"witness K " + key("w").encode() + "\nquorum \u212a\n".encode())


W = f"witness w {key('w')}\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no quorum"),
        (W, "no quorum"),
        ("quorum w\n", "w is not defined"),
        (f"quorum w\n{W}", "w is not defined"),
        (f"{W}quorum w\nquorum w\n", "exactly one quorum"),
        (f"{W}quorum w w\n", "exactly one quorum"),
        (f"{W}quorum\n", "exactly one quorum"),
        (f"{W}{W}quorum w\n", "line 2 .* twice"),
        (f"{W}witness w {key('v')}\nquorum w\n", "taken"),
        (f"witness none {key('w')}\nquorum none\n", "taken"),
        (f"{W}group w 1 w\nquorum w\n", "taken"),
        (f"{W}group g 1 none\nquorum g\n", "none is not defined"),
        (f"{W}group g 1 g\nquorum g\n", "g is not defined"),
        (f"{W}group g 0 w\nquorum g\n", "cannot be required"),
        (f"{W}group g 2 w\nquorum g\n", "cannot be required"),
        (f"{W}group g 01 w\nquorum g\n", "nor a number"),
        (f"{W}group g +1 w\nquorum g\n", "nor a number"),
        (f"{W}group g \u0661 w\nquorum g\n", "nor a number"),
        (f"{W}group g some w\nquorum g\n", "nor a number"),
        (f"{W}group g 1\nquorum g\n", "members"),
        (f"{W}group g 1 w w\nquorum g\n", "member twice"),
        (f"{W}group g 1 w\ngroup h 1 w\nquorum h\n", "member twice"),
        (f"witness w {LOG}\nquorum w\n", "is not a witness's Ed25519 key"),
        (f"log {key('w')}\nquorum none\n", "is not an Ed25519 key"),
        (f"log {LOG}\nlog {LOG}\nquorum none\n", "twice"),
        (f"log {LOG} a b\nquorum none\n", "perhaps a URL"),
        (f"witness w {key('w')} a b\nquorum none\n", "perhaps a URL"),
        ("quorum none\r\n", "control characters"),
        ("quorum none\0\n", "control characters"),
        ("quorum\vnone\n", "control characters"),
        ("quota none\n", "line 1 begins with quota"),
        ("# " + "x" * 1_000_000, "longer than 1 MB"),
    ],
)
def test_what_the_format_forbids_is_refused(text: str, problem: str) -> None:
    with pytest.raises(CannotVerify, match=problem):
        parse(text.encode())


def test_several_logs_may_be_listed() -> None:
    policy = parse(f"log {LOG}\nlog {OTHER_LOG} https://other.test\nquorum none\n".encode())
    assert [each.name for each in policy.logs] == ["example.test/log", "other.test/log"]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_policy_or_refused(data: bytes) -> None:
    with contextlib.suppress(CannotVerify):
        parse(data)


@given(
    st.lists(
        st.sampled_from(["log", "witness", "group", "quorum", "none", "w", "1", LOG, key("w")]),
        max_size=12,
    ),
    st.sampled_from([" ", "\n", "\t"]),
)
def test_any_words_are_a_policy_or_refused(words: list[str], between: str) -> None:
    with contextlib.suppress(CannotVerify):
        parse(between.join(words).encode())
