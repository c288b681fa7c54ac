"""How many copies there are now, said first to whoever asks."""

import pytest

from standfast.cli.copies import document, line
from standfast.mechanisms.database.observe import Cluster, Member


def member(name: str, role: str, state: str) -> Member:
    return Member(name=name, role=role, state=state, timeline=1, lag_bytes=0, pending_restart=False)


PRIMARY = member("db-1", "leader", "running")
ALL = {"db-1", "db-2", "db-3"}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (
            [PRIMARY, member("db-2", "sync_standby", "streaming")],
            "db-1 takes writes, mirrored by db-2",
        ),
        (
            [
                PRIMARY,
                member("db-2", "sync_standby", "streaming"),
                member("db-3", "replica", "streaming"),
            ],
            "db-1 takes writes, mirrored by db-2; db-3 streaming",
        ),
        (
            [PRIMARY, member("db-2", "replica", "starting")],
            "db-1 takes writes, ONLY ONE COPY IS LEFT; db-2 starting",
        ),
        ([PRIMARY], "db-1 takes writes, ONLY ONE COPY IS LEFT"),
        (
            [member("db-1", "leader", "stopped"), member("db-2", "replica", "streaming")],
            "NO DATABASE TAKES WRITES; db-1 stopped; db-2 streaming",
        ),
    ],
)
def test_the_number_of_copies_is_said_in_words(members: list[Member], words: str) -> None:
    assert line(document(Cluster(members=tuple(members)), ALL)) == words


def test_a_machine_that_is_silent_is_neither_primary_nor_copy() -> None:
    mirror = member("db-2", "sync_standby", "streaming")
    pair = Cluster(members=(PRIMARY, mirror))
    assert line(document(pair, {"db-2"})) == "NO DATABASE TAKES WRITES; db-1 does not answer"
    assert line(document(pair, {"db-1"})) == (
        "db-1 takes writes, ONLY ONE COPY IS LEFT; db-2 does not answer"
    )


def test_nobody_who_answers_is_no_database() -> None:
    assert document(None, ALL) == {"primary": None, "copies": [], "others": {}}
    assert line(document(None, ALL)) == "NO DATABASE TAKES WRITES"
