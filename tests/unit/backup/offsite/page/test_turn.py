"""Who publishes, what is sent, and what goes: decisions alone."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.mechanisms.backup.offsite.page import names, turn
from standfast.mechanisms.backup.offsite.page.elsewhere import Item
from standfast.mechanisms.backup.offsite.page.sent import Sent, believed, digest
from standfast.mechanisms.backup.offsite.page.shown import Shown

from .stores import NOON

MINUTE = timedelta(minutes=1)


def found(size: int = 3, at: datetime = NOON, **files: bytes) -> Shown:
    return Shown(made_at=at, size=size, files=files)


@pytest.mark.parametrize(
    ("position", "stored", "due"),
    [
        (0, None, True),
        (0, timedelta(0), True),
        (1, None, True),
        (1, 9 * MINUTE, False),
        (1, 10 * MINUTE, False),
        (1, 11 * MINUTE, True),
        (2, 11 * MINUTE, False),
        (2, 21 * MINUTE, True),
    ],
)
def test_the_first_publishes_and_the_others_when_those_before_them_do_not(
    position: int, stored: timedelta | None, due: bool
) -> None:
    assert turn.is_due(position, stored) is due


def test_a_page_of_the_future_counts_for_nothing() -> None:
    assert turn.age(NOON + 11 * MINUTE, NOON) is None
    assert turn.age(NOON + MINUTE, NOON) == -MINUTE
    assert turn.is_newer(found(), NOON + 11 * MINUTE, NOON)


def test_an_older_page_is_never_put_in_the_place_of_a_newer_one() -> None:
    assert turn.is_newer(found(at=NOON), None, NOON)
    assert turn.is_newer(found(at=NOON), NOON - MINUTE, NOON)
    assert not turn.is_newer(found(at=NOON), NOON, NOON)
    assert not turn.is_newer(found(at=NOON), NOON + MINUTE, NOON)


def test_the_newest_page_of_all_monitors_is_taken() -> None:
    old, new = found(at=NOON), found(at=NOON + MINUTE)
    assert turn.newest((old, new, old)) is new
    assert turn.newest(()) is None


def test_the_page_comes_after_the_checkpoint_that_it_was_made_from() -> None:
    files = dict.fromkeys(
        (names.PAGE, names.MACHINE_FORM, names.CHECKPOINT, "seal.svg", names.STAMPS_INDEX), b"x"
    )
    assert [each.name for each in turn.in_order(files)] == [
        names.STAMPS_INDEX,
        names.CHECKPOINT,
        "seal.svg",
        names.MACHINE_FORM,
        names.PAGE,
    ]


def test_what_was_sent_is_believed_only_while_its_checkpoint_lies_there() -> None:
    sent = Sent(where="s3 there", digests={names.CHECKPOINT: digest(b"one"), "log/tile/0/000": "x"})
    assert believed(sent, "s3 there", b"one") == sent
    for where, stored in (("s3 there", b"two"), ("s3 there", None), ("s3 elsewhere", b"one")):
        assert believed(sent, where, stored) == Sent(where=where)


@given(st.lists(st.integers(1, 90), min_size=1, max_size=12))
def test_what_the_last_two_checkpoints_need_is_never_taken_away(steps: list[int]) -> None:
    """Whatever a log grows by: what lies in the store has every tile of the present checkpoint and
    of the one before it, or the full tile in the place of a narrower one, and nothing else."""
    sent, lying, size = Sent(where="x"), set[str](), 0
    for step in steps:
        before, size = size, size + step
        shown = found(size)
        items = tuple(Item(name=each, content=b"") for each in turn.tiles_to_send(shown, sent))
        lying |= {each.name for each in items}
        going, sent = turn.outlived(shown, sent.after(items))
        lying -= going
        needed = set(names.tiles(size)) | set(names.tiles(before))
        assert needed <= lying
        assert lying <= set(names.tiles(size)) | needed | set(sent.leaving)
        again, same = turn.outlived(shown, sent)
        assert (again, same) == (frozenset(), sent), "nothing goes while the log does not grow"


def test_what_the_site_has_no_more_goes() -> None:
    sent = Sent(digests={"security.txt": "x", names.PAGE: "y"})
    shown = Shown(made_at=NOON, size=3, files={}, absent=frozenset({"security.txt", "policy.txt"}))
    going, then = turn.outlived(shown, sent)
    assert going == {"security.txt"}
    assert then.digests == {names.PAGE: "y"}


@given(st.binary(max_size=300))
def test_any_bytes_are_a_memory_or_none(data: bytes) -> None:
    assert isinstance(Sent.from_json(data), Sent)


def test_a_memory_is_read_as_it_was_written() -> None:
    sent = Sent(where="a", digests={"b": "c"}, leaving=("d",), trouble="e")
    assert Sent.from_json(sent.to_json()) == sent
