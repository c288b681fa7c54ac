"""Each thing that a monitor can see leads to one step."""

from dataclasses import replace

import pytest

from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.draft import Draft
from standfast.evidence.head import (
    Begin,
    CatchUp,
    Claim,
    Cosign,
    Extend,
    Hold,
    Move,
    Publish,
    Seen,
    Sign,
    Stand,
    Step,
    Wait,
    Write,
    decide,
    is_current,
    majority,
)

A, B, C = "monitor-1", "monitor-2", "monitor-3"


def at(size: int, root: str = "") -> Checkpoint:
    return Checkpoint(origin="log", size=size, root=f"{size}{root}".encode().ljust(32))


DRAFT = Draft(machine=A, base=at(5), then=at(7))

QUIET = Seen(
    me=A,
    monitors=(A, B, C),
    writer=A,
    head=at(5),
    draft=None,
    signed=at(5),
    held={A: at(5), B: at(5), C: at(5)},
    mine=at(5),
    published=at(5),
    drafts={},
    wanted=False,
    cosigned=frozenset({A, B, C}),
    shown=frozenset({A, B, C}),
    refuses="",
)
"""The writer's view when nothing is to be done."""

MIRROR = replace(QUIET, me=B)
DRAFTED = replace(QUIET, draft=DRAFT, drafts={at(7): 5}, wanted=True)
SIGNED = replace(QUIET, head=at(7), mine=at(7), signed=at(7), held={A: at(7)}, shown=frozenset())
"""What is signed is not yet shown here."""

NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("seen", "step"),
    [
        (QUIET, Wait()),
        (MIRROR, Wait()),
        (replace(QUIET, wanted=True), Write()),
        (replace(MIRROR, wanted=True), Wait()),
        # An entry on its way, as the writer sees it.
        (DRAFTED, Claim(held=at(7))),
        (replace(DRAFTED, held={A: at(7), B: at(7), C: at(5)}), Move(draft=DRAFT)),
        (replace(DRAFTED, head=at(7)), Extend(to=at(7))),
        (replace(DRAFTED, head=at(7), mine=at(7), held={A: at(7)}), Sign(head=at(7))),
        (replace(DRAFTED, head=at(7), mine=at(7), signed=at(7)), Publish()),
        (replace(SIGNED, cosigned=NOBODY), Cosign()),
        (replace(SIGNED, cosigned=frozenset({B, C})), Cosign()),
        (replace(SIGNED, cosigned=frozenset({A, B})), Publish()),
        # What is shown gets the cosignatures that came later, and loses none.
        (replace(QUIET, shown=frozenset({A, B})), Publish()),
        (replace(QUIET, cosigned=frozenset({A, B})), Wait()),
        (replace(QUIET, cosigned=frozenset({A}), shown=NOBODY), Wait()),
        # Others than monitors count for no majority, and are shown.
        (replace(QUIET, cosigned=QUIET.cosigned | {"customer"}), Publish()),
        (replace(QUIET, me=C, cosigned=frozenset({C, "customer"}), shown=NOBODY), Wait()),
        # A witness that refuses is not asked again, and the others go on without it.
        (replace(SIGNED, cosigned=frozenset({B, C}), refuses="a fork"), Publish()),
        (replace(QUIET, cosigned=frozenset({B, C}), refuses="a fork"), Wait(why="a fork")),
        (replace(QUIET, cosigned=frozenset({B, C}), refuses="a fork", wanted=True), Write()),
        (replace(SIGNED, cosigned=NOBODY, refuses="a fork", writer=None), Stand()),
        # And as a mirror does.
        (replace(MIRROR, draft=DRAFT), Hold(draft=DRAFT)),
        (replace(MIRROR, draft=DRAFT, drafts={at(7): 5}), Claim(held=at(7))),
        (replace(MIRROR, head=at(7), drafts={at(7): 5}), Extend(to=at(7))),
        (replace(MIRROR, head=at(7), mine=at(7), held={B: at(7)}), Wait()),
        (replace(MIRROR, head=at(7), mine=at(7), signed=at(7)), Publish()),
        # A mirror that was away gets what is signed, then what is not yet.
        (replace(MIRROR, head=at(7), signed=at(7)), CatchUp(to=at(7))),
        (replace(MIRROR, mine=at(2), head=at(7), signed=at(5)), CatchUp(to=at(5))),
        (replace(MIRROR, head=at(7), signed=at(5)), CatchUp(to=at(7))),
        (replace(MIRROR, head=at(7), drafts={at(7): 4}), CatchUp(to=at(7))),
        # Nobody writes.
        (replace(MIRROR, writer=None), Stand()),
        (replace(MIRROR, writer=None, head=at(7)), CatchUp(to=at(7))),
        (replace(MIRROR, writer=None, draft=DRAFT), Stand()),
        # A successor finishes what was moved, and does not go on with what was not.
        (replace(QUIET, me=C, writer=C, signed=at(4), published=at(4)), Sign(head=at(5))),
        (replace(QUIET, me=C, writer=C, draft=DRAFT, wanted=True), Write()),
        # A draft on another head is nobody's business any more.
        (replace(MIRROR, draft=replace(DRAFT, base=at(4))), Wait()),
        (replace(QUIET, draft=replace(DRAFT, base=at(4)), wanted=True), Write()),
        # A new log, or an etcd that has forgotten it.
        (replace(QUIET, head=None, held={}), Claim(held=at(5))),
        (replace(QUIET, head=None), Begin(head=at(5))),
        (replace(QUIET, head=None, writer=None), Stand()),
        (replace(MIRROR, head=None), Wait()),
        (replace(QUIET, head=None, held={A: at(5), B: at(7), C: at(5)}), CatchUp(to=at(7))),
    ],
)
def test_what_is_seen_leads_to_one_step(seen: Seen, step: Step) -> None:
    assert decide(seen) == step


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (replace(DRAFTED, held={A: at(7), B: at(5), C: at(5)}), "2 monitors must hold"),
        (replace(DRAFTED, held={A: at(7), B: at(7, "x")}), "and 1 do"),
        (replace(QUIET, head=None, held={A: at(5), B: at(5)}), "monitor-3 has not said"),
        (replace(SIGNED, cosigned=frozenset({A})), "2 witnesses must cosign"),
        (replace(SIGNED, cosigned=NOBODY, refuses="a fork"), "and 0 have: a fork"),
        (replace(MIRROR, mine=at(9)), "stands at size 9"),
        (replace(MIRROR, mine=at(5, "x")), "is not what it holds"),
    ],
)
def test_what_is_missing_is_said(seen: Seen, words: str) -> None:
    step = decide(seen)
    assert isinstance(step, Wait)
    assert words in step.why


def test_more_than_half_is_a_majority() -> None:
    assert [majority((A, B, C, "d", "e")[:count]) for count in (1, 2, 3, 4, 5)] == [1, 2, 2, 3, 3]


def test_who_shows_readers_less_than_the_log_has_is_not_current() -> None:
    assert is_current(QUIET)
    assert not is_current(replace(QUIET, head=at(7)))
    assert not is_current(replace(QUIET, head=at(7), mine=at(7)))
    assert not is_current(replace(QUIET, head=None))
