"""Killed before any of its commands, a recovery in place is ended by the same again."""

from pathlib import Path

import pytest

from standfast.core.errors import Refused

from .small_site import ORDER, Killed, Small, in_place_of, site, text


def recover(machines: dict[str, Small]) -> None:
    in_place = in_place_of(machines)
    before = in_place.under_way()
    name, order = before or ("db-1", ORDER)
    if before is None:
        in_place.begin(name, order)
    in_place.bring(name, order)
    in_place.take_over(name, order)
    in_place.mirror(name)
    in_place.finish(name)


def must_be_recovered(machines: dict[str, Small]) -> None:
    first, second = machines["db-1"], machines["db-2"]
    assert text(first.data) == "new"
    assert text(second.data) == "new"
    for each in (first, second):
        assert text(each.home / f"before-{ORDER.run}") == "old"
        assert each.active
    assert first.world.etcd["leader"] == "db-1"
    assert first.world.etcd["initialize"] == "77"
    assert "config" in first.world.etcd
    assert first.world.bootstrapped == []
    assert first.order is None
    assert machines["backup-1"].copies >= 1


def commands_of_one(tmp_path: Path) -> int:
    machines = site(tmp_path)
    recover(machines)
    must_be_recovered(machines)
    return machines["db-1"].world.commands


def test_the_newest_wal_is_there_before_anything_comes_back(tmp_path: Path) -> None:
    """It is in no repository yet, and the server that replays asks for it."""
    machines = site(tmp_path)
    in_place_of(machines).begin("db-1", ORDER)
    assert machines["db-1"].unpacked == b"received by backup-1"
    assert machines["db-1"].order == ORDER


def test_killed_before_any_command_the_same_again_ends_it(tmp_path: Path) -> None:
    for last in range(commands_of_one(tmp_path / "whole")):
        machines = site(tmp_path / str(last))
        world = machines["db-1"].world
        world.last = last
        with pytest.raises(Killed):
            recover(machines)
        kept = [
            text(each)
            for each in (machines["db-1"].data, machines["db-1"].home / f"before-{ORDER.run}")
            if (each / "PG_VERSION").exists()
        ]
        assert "old" in kept, last
        world.last = None
        recover(machines)
        must_be_recovered(machines)


def test_up_in_the_middle_begins_no_empty_database(tmp_path: Path) -> None:
    """Whoever gives up and says `up` has every Patroni started."""
    for last in range(commands_of_one(tmp_path / "whole")):
        machines = site(tmp_path / str(last))
        world = machines["db-1"].world
        world.last = last
        with pytest.raises(Killed):
            recover(machines)
        for name in ("db-1", "db-2"):
            machines[name].started()
        assert world.bootstrapped == [], last


def test_where_both_lost_their_database_there_is_nothing_to_keep(tmp_path: Path) -> None:
    machines = site(tmp_path)
    for name in ("db-1", "db-2"):
        for path in sorted(machines[name].data.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    recover(machines)
    assert text(machines["db-1"].data) == text(machines["db-2"].data) == "new"
    assert list((machines["db-1"].home / f"before-{ORDER.run}").iterdir()) == []


def test_a_machine_that_leads_and_is_not_reached_keeps_the_other_from_starting(
    tmp_path: Path,
) -> None:
    machines = site(tmp_path)
    machines["db-2"].off = True
    machines["db-2"].world.etcd["leader"] = "db-2"
    with pytest.raises(Refused, match="db-2 still leads"):
        recover(machines)
    assert text(machines["db-1"].data) == "old"


def test_without_the_other_machine_it_comes_back_all_the_same(tmp_path: Path) -> None:
    machines = site(tmp_path)
    machines["db-2"].off = True
    recover(machines)
    assert text(machines["db-1"].data) == "new"
    assert text(machines["db-2"].data) == "old"


def test_it_may_be_given_up_until_the_old_database_is_moved(tmp_path: Path) -> None:
    given_up = 0
    for last in range(commands_of_one(tmp_path / "whole")):
        machines = site(tmp_path / str(last))
        world = machines["db-1"].world
        world.last = last
        with pytest.raises(Killed):
            recover(machines)
        world.last = None
        in_place = in_place_of(machines)
        before = in_place.under_way()
        if before is None:
            continue
        moved = list((tmp_path / str(last)).glob("db-1/before-*"))
        if moved:
            with pytest.raises(Refused, match="out of its place"):
                in_place.abandon(*before)
            continue
        in_place.abandon(*before)
        given_up += 1
        assert in_place.under_way() is None
        assert text(machines["db-1"].data) == "old"
        assert machines["db-1"].active
        assert world.etcd["leader"] in ("db-1", "db-2")
    assert given_up > 5
