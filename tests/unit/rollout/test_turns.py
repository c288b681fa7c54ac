"""Somebody always serves, whatever was found and wherever a deploy is cut off."""

from dataclasses import replace
from itertools import product

from standfast.mechanisms.rollout.turns import Web, turns
from standfast.mechanisms.web.release import Release
from standfast.mechanisms.web.settings import Commands

COMMANDS = Commands(web=("bin/web",))
OLD, NEW = (Release(digest=digest, commands=COMMANDS) for digest in ("old", "new"))
EVERY = tuple(product((None, OLD, NEW), (False, True), (False, True)))


def webs(*found: tuple[Release | None, bool, bool]) -> tuple[Web, ...]:
    return tuple(
        Web(name=f"web-{index}", release=release, serves=serves and bool(release), waits=waits)
        for index, (release, serves, waits) in enumerate(found, 1)
    )


def test_machines_that_serve_change_one_at_a_time() -> None:
    assert list(turns(webs((OLD, True, False), (OLD, True, False)), NEW)) == [
        ("web-1",),
        ("web-2",),
    ]


def test_a_new_site_starts_all_at_once() -> None:
    assert list(turns(webs((None, False, True), (None, False, True)), NEW)) == [("web-1", "web-2")]


def test_what_does_not_serve_comes_first() -> None:
    assert list(turns(webs((OLD, True, False), (OLD, False, False)), NEW)) == [
        ("web-2",),
        ("web-1",),
    ]


def test_a_machine_that_is_as_wanted_is_left_alone() -> None:
    assert list(turns(webs((NEW, True, False), (NEW, True, False)), NEW)) == []


def test_whatever_was_found_the_last_that_serves_never_stops_alone() -> None:
    """For every state of three machines, and from every prefix of the turns: a group that takes
    what serves leaves another that serves, if there was one to leave or one that could come up;
    and going on from there reaches the same end."""
    for found in product(EVERY, repeat=3):
        now = {each.name: each for each in webs(*found)}
        for _ in range(len(now) + 1):
            groups = list(turns(now.values(), NEW))
            if not groups:
                break
            group = groups[0]
            taken = [name for name in group if now[name].serves]
            left = [each for each in now.values() if each.serves and each.name not in group]
            assert not taken or left or len(now) == 1, found
            for name in group:
                now[name] = replace(now[name], release=NEW, serves=True, waits=False)
        assert all(each.release == NEW and each.serves for each in now.values()), found
