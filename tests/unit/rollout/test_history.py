"""Which release comes back, which stays on machines, and what `up` leaves alone."""

from standfast.mechanisms.rollout.history import (
    KEPT,
    History,
    migrated,
    newest,
    read,
    superfluous,
    to_go_back_to,
    took_back,
    went_live,
)
from standfast.mechanisms.web.release import Release
from standfast.mechanisms.web.settings import Commands

COMMANDS = Commands(web=("bin/web",))


def release(digest: str) -> Release:
    return Release(digest=digest, commands=COMMANDS)


def after(*digests: str) -> History:
    history = History()
    for digest in digests:
        history = went_live(history, release(digest), since="2026-11-25T00:00:00Z")
    return history


def test_a_page_reads_back_as_it_was_written() -> None:
    history = migrated(took_back(after("a", "b"), ["b"]), release("b"))
    assert read(history.note().decode()) == history
    assert read("") == History()


def test_the_newest_page_is_believed_and_a_new_machine_has_none() -> None:
    assert newest([after("a"), after("a", "b"), History()]) == after("a", "b")
    assert newest([]) == History()


def test_the_same_release_again_writes_nothing() -> None:
    assert went_live(after("a"), release("a"), since="later") == after("a")


def test_back_is_the_release_before() -> None:
    assert to_go_back_to(after("a", "b"), ["b", "b"]) == release("a")


def test_from_a_deploy_that_stopped_half_way_back_is_what_served_everywhere() -> None:
    assert to_go_back_to(after("a", "b"), ["c", "b"]) == release("b")


def test_without_a_release_before_there_is_no_way_back() -> None:
    assert to_go_back_to(after("a"), ["a"]) is None
    assert to_go_back_to(History(), []) is None


def test_back_twice_goes_two_releases_back_and_never_forth() -> None:
    history = took_back(after("a", "b", "c"), ["c"])
    history = went_live(history, release("b"), since="later")
    assert history.current == release("b")
    assert to_go_back_to(history, ["b"]) == release("a")


def test_a_release_that_is_put_out_again_is_no_longer_taken_back() -> None:
    history = took_back(after("a", "b"), ["b"])
    assert took_back(history, ["b"]) == history
    again = went_live(history, release("b"), since="later")
    assert again.taken_back == ()
    assert again.current == release("b")


def test_only_so_many_releases_stay() -> None:
    history = after(*"abcdefg")
    assert "".join(each.release.digest for each in history.live) == "abcdefg"[-KEPT:]
    lying = [*"abcdefg", "h.part"]
    assert superfluous(lying, history, ["c"]) == ["a", "b", "h.part"]
