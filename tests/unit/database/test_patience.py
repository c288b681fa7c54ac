"""The primary's patience with a secondary that has vanished: told to PostgreSQL until it shows."""

from dataclasses import dataclass, field

import pytest
from tests.unit.clocks import HandClock

from standfast.core.command import Command, Result
from standfast.core.errors import CommandFailed
from standfast.mechanisms.database.patience import LONG, WITHIN_S, Here, fault


@dataclass
class PostgreSQL:
    """Not there for the first `away` questions; a reload shows `late` questions after it."""

    away: int = 0
    late: int = 0
    value: str = "2500ms"
    asked: list[str] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        said = " ".join(command.argv)
        self.asked.append(said)
        if len(self.asked) <= self.away:
            return Result(status=2, stdout=b"", stderr=b"could not connect")
        if "SHOW" not in said:
            return Result(status=0, stdout=b"t\n", stderr=b"")
        self.late -= 1
        shown = self.value if self.late < 0 else "something older"
        return Result(status=0, stdout=f"{shown}\n".encode(), stderr=b"")


def test_it_is_told_until_a_session_shows_it() -> None:
    database = PostgreSQL(away=3, late=2, value=LONG)
    Here(runner=database, clock=HandClock()).change("long")
    assert sum("ALTER SYSTEM SET wal_sender_timeout" in each for each in database.asked) >= 3
    assert "SHOW" in database.asked[-1]


def test_what_is_usual_is_whatever_the_file_says() -> None:
    database = PostgreSQL()
    Here(runner=database, clock=HandClock()).change("usual")
    assert any("ALTER SYSTEM RESET wal_sender_timeout" in each for each in database.asked)


@pytest.mark.parametrize("word", ["long", "usual"])
def test_a_database_that_does_not_take_it_is_an_error(word: str) -> None:
    clock = HandClock()
    with pytest.raises(CommandFailed, match="does not take"):
        Here(runner=PostgreSQL(away=10**6), clock=clock).change(word)
    assert clock.seconds > WITHIN_S


def test_the_fault_is_planted_and_removed_by_two_words() -> None:
    declared = fault("/opt/source")
    assert (declared.plant[-1], declared.remove[-1]) == ("long", "usual")
    assert declared.plant[:-1] == declared.remove[:-1]
