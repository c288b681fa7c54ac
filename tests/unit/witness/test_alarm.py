"""What contradicts itself rings at once, what may mend itself when it lasts, and each once."""

import json
from datetime import timedelta

import pytest

from standfast.core.errors import ConfigError
from standfast.evidence.witness import Reason, Refuse, nothing_of
from standfast.mechanisms.witness.alarm import (
    OLDER_LASTS,
    SILENT_LASTS,
    Watch,
    after,
    command,
    is_due,
    told,
    words_of,
)
from standfast.mechanisms.witness.follow import Look

from .conftest import NOON, ORIGIN

LAST = nothing_of(ORIGIN)
SECOND = timedelta(seconds=1)


def refused(reason: Reason, later: timedelta) -> Look:
    return Look(at=NOON + later, last=LAST, refused=Refuse(reason=reason, why="why"))


def silent(later: timedelta) -> Look:
    return Look(at=NOON + later, last=LAST, problem="nobody answers")


def good(later: timedelta) -> Look:
    return Look(at=NOON + later, last=LAST, shown=LAST, line="a line")


def rings(*looks: Look) -> list[int]:
    """At which of these somebody is woken who is told each time."""
    watch, found = Watch(), []
    for number, each in enumerate(looks):
        watch = after(watch, each)
        if is_due(watch, each.at):
            watch = told(watch)
            found.append(number)
    return found


@pytest.mark.parametrize("reason", [Reason.FORK, Reason.NOT_PROVEN, Reason.UNKNOWN_LOG])
def test_a_contradiction_rings_at_once_and_once(reason: Reason) -> None:
    assert rings(*(refused(reason, SECOND * n) for n in range(5))) == [0]


@pytest.mark.parametrize(
    ("lasting", "patience"),
    [(silent, SILENT_LASTS), (lambda at: refused(Reason.ROLLBACK, at), OLDER_LASTS)],
)
def test_what_may_mend_itself_rings_when_it_lasts(lasting, patience: timedelta) -> None:  # type: ignore[no-untyped-def]  # a function of a moment
    before = patience - SECOND
    assert rings(*map(lasting, (timedelta(0), before))) == []
    assert rings(*map(lasting, (timedelta(0), before, patience, patience * 2))) == [2]
    assert rings(lasting(timedelta(0)), good(before), lasting(patience)) == []


def test_another_trouble_rings_anew_and_so_does_the_same_one_after_a_good_look() -> None:
    fork, unproven = Reason.FORK, Reason.NOT_PROVEN
    looks = (refused(fork, SECOND), refused(unproven, SECOND * 2), good(SECOND * 3))
    assert rings(*looks, refused(fork, SECOND * 4)) == [0, 1, 3]


def test_who_could_not_be_told_is_told_at_the_next_look() -> None:
    watch = after(Watch(), refused(Reason.FORK, SECOND))
    assert is_due(watch, NOON + SECOND)
    assert is_due(after(watch, refused(Reason.FORK, SECOND * 2)), NOON + SECOND * 2)


def test_the_command_gets_the_evidence_and_no_shell() -> None:
    found = Look(
        at=NOON,
        last=LAST,
        note=b"a note\n",
        refused=Refuse(reason=Reason.FORK, why="two logs; rm -rf /"),
    )
    made = command("mail -s 'a fork' me@example.test", found)
    assert made.argv == (
        *("mail", "-s", "a fork", "me@example.test"),
        "REFUSED (fork): two logs; rm -rf /",
    )
    assert json.loads(made.stdin)["note"] == "a note\n"


@pytest.mark.parametrize("given", ["", "   ", "'open"])
def test_what_is_no_command_is_refused_before_it_is_needed(given: str) -> None:
    with pytest.raises(ConfigError, match="--alarm"):
        words_of(given)
