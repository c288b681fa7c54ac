"""The steps of a recovery as a drill takes them, and the end of one that was killed, on small
machines. What touches the service is noted, not done."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from standfast.cli import rebuild
from standfast.cli.app import App
from standfast.cli.progress import Progress
from standfast.cli.rebuild import Rebuild, end_what_was_begun
from standfast.core.errors import CannotVerify, CommandFailed, Refused
from standfast.mechanisms.hosts.machine import Role

from .small_site import ORDER, Small, StillClock, site, text

DATABASES = ("db-1", "db-2")


class Some:
    """An object with these attributes."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__ |= attributes


@pytest.fixture
def did(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    noted: list[str] = []

    def note(name: str, answer: object = None) -> Callable[..., object]:
        def run(*given: object) -> object:
            noted.append(name)
            return answer

        return run

    for name in ("stop_service", "migrate", "serve", "wait_until_it_answers"):
        monkeypatch.setattr(rebuild, name, note(name))
    monkeypatch.setattr(rebuild, "planned", note("planned", ("db-1", ORDER)))
    monkeypatch.setattr(rebuild, "wait_for_ssh", note("wait_for_ssh"))
    return noted


def app_of(machines: dict[str, Small], home: Path) -> App:
    def having(role: Role) -> tuple[Any, ...]:
        return tuple(each.machine for each in machines.values() if each.machine.is_a(role))

    return cast(
        App,
        Some(
            connections=machines,
            connection=machines.__getitem__,
            clock=StillClock(),
            site=Some(
                name="shop", having=having, service=Some(role="shop"), folders=Some(home=home)
            ),
        ),
    )


def rebuild_of(machines: dict[str, Small], home: Path) -> Rebuild:
    return Rebuild(app=app_of(machines, home), progress=Progress(quiet=True))


def power_cut(machines: dict[str, Small]) -> None:
    machines["db-1"].world.etcd.pop("leader", None)
    for name in DATABASES:
        machines[name].started()


def held(machines: dict[str, Small]) -> list[str]:
    return [text(machines[name].data) for name in DATABASES]


def test_the_steps_are_those_of_recover(tmp_path: Path, did: list[str]) -> None:
    machines = site(tmp_path)
    mine = rebuild_of(machines, tmp_path)
    mine.must_be_possible()
    mine.lose()
    power_cut(machines)
    brought = mine.bring()
    assert (brought.machine, brought.copy) == ("db-1", "one")
    mine.take_over()
    assert did == [
        *("planned", "planned", "stop_service"),
        *("migrate", "serve", "wait_until_it_answers"),
    ]
    assert mine.keep() == dict.fromkeys(DATABASES, "/var/lib/postgresql/former")
    assert held(machines) == ["new", "new"]
    rebuild_of(machines, tmp_path).must_be_possible()
    assert not any((machines[name].home / "former").exists() for name in DATABASES)


def test_where_nothing_comes_back_the_service_has_what_it_had(
    tmp_path: Path, did: list[str]
) -> None:
    machines = site(tmp_path)
    machines["db-1"].world.closed = True
    mine = rebuild_of(machines, tmp_path)
    mine.lose()
    power_cut(machines)
    with pytest.raises(CommandFailed, match="nobody is let in"):
        mine.bring()
    mine.put_back()
    assert held(machines) == ["old", "old"]
    assert did[-2:] == ["serve", "wait_until_it_answers"]
    assert "migrate" not in did


def test_one_that_is_stopped_ends_at_its_next_word(tmp_path: Path, did: list[str]) -> None:
    machines = site(tmp_path)
    mine = rebuild_of(machines, tmp_path)
    mine.lose()
    mine.stop()
    with pytest.raises(CannotVerify, match="was interrupted"):
        mine.put_back()
    assert not machines["db-1"].data.exists()
    end_what_was_begun(app_of(machines, tmp_path))
    assert held(machines) == ["old", "old"]


def test_a_site_in_the_middle_of_a_recovery_is_not_attacked(tmp_path: Path, did: list[str]) -> None:
    machines = site(tmp_path)
    machines["db-2"].order = ORDER
    with pytest.raises(Refused, match="a recovery of this site is under way"):
        rebuild_of(machines, tmp_path).must_be_possible()
    assert did == []


@pytest.mark.parametrize("taken", [False, True])
def test_whoever_finds_one_that_was_killed_ends_it(
    tmp_path: Path, did: list[str], taken: bool
) -> None:
    machines = site(tmp_path)
    mine = rebuild_of(machines, tmp_path)
    mine.lose()
    power_cut(machines)
    mine.bring()
    if taken:
        mine.take_over()
    did.clear()
    end_what_was_begun(app_of(machines, tmp_path))
    assert did[:3] == [*(("migrate",) if taken else ()), "serve", "wait_until_it_answers"]
    assert held(machines) == (["new", "new"] if taken else ["old", "old"])
    assert machines["db-1"].order is None
    did.clear()
    end_what_was_begun(app_of(machines, tmp_path))
    assert did == ["serve"], "what runs is only started, and nobody waits for it"


def test_a_database_that_was_stopped_and_no_more_is_started(tmp_path: Path, did: list[str]) -> None:
    machines = site(tmp_path)
    for name in DATABASES:
        machines[name].active = False
    end_what_was_begun(app_of(machines, tmp_path))
    assert all(machines[name].active for name in DATABASES)
    assert held(machines) == ["old", "old"]


def test_a_site_that_was_destroyed_or_has_one_database_has_nothing_to_end(
    tmp_path: Path, did: list[str]
) -> None:
    machines = site(tmp_path)
    end_what_was_begun(app_of(machines, tmp_path / "gone"))
    del machines["db-2"]
    end_what_was_begun(app_of(machines, tmp_path))
    assert did == []
    assert machines["db-1"].world.commands == 0
