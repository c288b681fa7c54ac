"""Killed before any of its commands, a drill that has the databases lost ends with a database: the
one that came back, once it has taken the place; before that, the one that was there."""

from pathlib import Path

import pytest

from standfast.core.errors import CommandFailed
from standfast.mechanisms.recovery.in_place.lost import Found
from standfast.mechanisms.recovery.in_place.ordeal import Ordeal, WayOut, way_out

from .small_site import ORDER, Killed, Small, database, in_place_of, site, text

DATABASES = ("db-1", "db-2")


def ordeal_of(machines: dict[str, Small]) -> Ordeal:
    return Ordeal(in_place=in_place_of(machines))


def power_cut(machines: dict[str, Small]) -> None:
    """And on again: Patroni finds an empty place, and etcd that a cluster is there."""
    machines["db-1"].world.etcd.pop("leader", None)
    for name in DATABASES:
        machines[name].started()


def drill(machines: dict[str, Small]) -> None:
    ordeal = ordeal_of(machines)
    ordeal.forget()
    ordeal.lose()
    power_cut(machines)
    ordeal.in_place.begin("db-1", ORDER)
    try:
        ordeal.in_place.bring("db-1", ORDER)
    except CommandFailed:
        ordeal.put_back()
        return
    ordeal.in_place.take_over("db-1", ORDER)
    ordeal.in_place.mirror("db-1")
    ordeal.keep(ORDER)
    ordeal.in_place.finish("db-1")


def heal(machines: dict[str, Small]) -> WayOut:
    """As cli/rebuild.py does, without the service."""
    ordeal = ordeal_of(machines)
    way = ordeal.way_out()
    match way:
        case WayOut.BACK:
            ordeal.put_back()
        case WayOut.KEEP:
            ordeal.keep(None)
        case WayOut.ON:
            under_way = ordeal.in_place.under_way()
            assert under_way is not None
            ordeal.in_place.take_over(*under_way)
            ordeal.keep(under_way[1])
            ordeal.in_place.finish(under_way[0])
    ordeal.in_place.follow()
    return way


def has_one(machines: dict[str, Small]) -> str:
    """What both machines hold, once they lead and mirror; nothing of a drill is under way."""
    first, second = machines["db-1"], machines["db-2"]
    assert first.active
    assert second.active
    assert first.world.etcd.get("leader") in DATABASES
    assert first.world.bootstrapped == []
    assert text(first.data) == text(second.data)
    assert first.order is None
    for each in (first, second):
        assert not (each.home / "lost").exists()
    return text(first.data)


def test_what_came_back_is_the_sites_and_what_was_there_is_kept(tmp_path: Path) -> None:
    machines = site(tmp_path)
    drill(machines)
    assert has_one(machines) == "new"
    assert ordeal_of(machines).kept() == dict.fromkeys(DATABASES, "/var/lib/postgresql/former")
    for name in DATABASES:
        assert text(machines[name].home / "former") == "old"
        assert not list(machines[name].home.glob("before-*"))


def test_where_nothing_comes_back_all_is_as_it_was(tmp_path: Path) -> None:
    machines = site(tmp_path)
    machines["db-1"].world.closed = True
    drill(machines)
    assert has_one(machines) == "old"
    assert not (machines["db-1"].home / "recovered").is_dir() or not list(
        (machines["db-1"].home / "recovered").iterdir()
    )
    assert ordeal_of(machines).kept() == {}
    machines["db-1"].world.closed = False
    drill(machines)
    assert has_one(machines) == "new"


@pytest.mark.parametrize("closed", [False, True])
def test_killed_before_any_command_it_is_ended_by_whoever_finds_it(
    tmp_path: Path, closed: bool
) -> None:
    machines = site(tmp_path / "whole")
    machines["db-1"].world.closed = closed
    drill(machines)
    ways = set()
    for last in range(machines["db-1"].world.commands):
        machines = site(tmp_path / str(last))
        world = machines["db-1"].world
        world.last, world.closed = last, closed
        with pytest.raises(Killed):
            drill(machines)
        world.last, world.closed = None, False
        power_cut(machines)
        begun = machines["db-1"].order is not None
        taken = text(machines["db-1"].data) == "new" if machines["db-1"].data.exists() else False
        way = heal(machines)
        ways.add(way)
        assert has_one(machines) == ("new" if taken else "old"), (last, way, begun)
        assert heal(machines) is WayOut.NONE, last
    assert ways == {WayOut.NONE, WayOut.BACK, *(() if closed else (WayOut.ON,))}


def test_killed_while_it_is_ended_it_is_ended_by_the_next_one(tmp_path: Path) -> None:
    for last in range(1, 60, 3):
        for again in range(0, 40, 3):
            machines = site(tmp_path / f"{last}-{again}")
            world = machines["db-1"].world
            world.last = last
            with pytest.raises(Killed):
                drill(machines)
            world.last = world.commands + again
            power_cut(machines)
            try:
                heal(machines)
            except Killed:
                world.last = None
                heal(machines)
            assert has_one(machines) in ("old", "new")


@pytest.mark.parametrize(
    ("lost", "former", "begun", "taken", "way"),
    [
        (False, False, False, False, WayOut.NONE),
        (False, True, False, False, WayOut.NONE),
        (False, True, True, False, WayOut.NONE),
        (True, False, False, False, WayOut.BACK),
        (True, True, True, False, WayOut.BACK),
        (True, False, True, True, WayOut.ON),
        (False, True, True, True, WayOut.ON),
        (False, False, True, True, WayOut.NONE),
    ],
)
def test_the_way_out_is_seen_on_the_machines(
    lost: bool, former: bool, begun: bool, taken: bool, way: WayOut
) -> None:
    found = {
        "db-1": Found(lost=False, former=False, there=True),
        "db-2": Found(lost=lost, former=former, there=False),
    }
    assert way_out(found, begun=begun, taken=taken) is way


def test_a_copy_that_patroni_had_begun_is_not_what_goes_back(tmp_path: Path) -> None:
    machines = site(tmp_path)
    ordeal = ordeal_of(machines)
    ordeal.lose()
    power_cut(machines)
    database(machines["db-2"].data, "half")
    assert heal(machines) is WayOut.BACK
    assert text(machines["db-2"].data) == "old"
    assert text(machines["db-2"].home / "aside-1") == "half"


def test_whoever_kept_its_database_leads_what_is_put_back(tmp_path: Path) -> None:
    """It may have taken writes since: the other one must not be the first to lead."""
    machines = site(tmp_path)
    ordeal = ordeal_of(machines)
    ordeal.lose()
    power_cut(machines)
    machines["db-2"].world.etcd.pop("leader", None)
    machines["db-2"].active = False
    (machines["db-2"].home / "lost").rename(machines["db-2"].data)
    assert heal(machines) is WayOut.BACK
    assert machines["db-2"].world.etcd["leader"] == "db-2"
    assert has_one(machines) == "old"


def test_what_a_person_brought_back_meanwhile_is_not_replaced_by_what_was_lost(
    tmp_path: Path,
) -> None:
    """They ran `recover` after the drill and its guard had been killed; customers have saved."""
    machines = site(tmp_path)
    ordeal = ordeal_of(machines)
    ordeal.lose()
    power_cut(machines)
    ordeal.in_place.begin("db-1", ORDER)
    ordeal.in_place.bring("db-1", ORDER)
    ordeal.in_place.take_over("db-1", ORDER)
    ordeal.in_place.mirror("db-1")
    ordeal.in_place.finish("db-1")
    assert heal(machines) is WayOut.KEEP
    assert has_one(machines) == "new"
    assert text(machines["db-2"].home / "former") == "old"


@pytest.mark.parametrize("there", [True, False])
def test_a_postgresql_that_runs_on_in_a_renamed_folder_brought_nothing_back(there: bool) -> None:
    found = {"db-1": Found(lost=True, former=False, there=there)}
    way = way_out(found, begun=False, taken=False, leads={"db-1"})
    assert way is (WayOut.KEEP if there else WayOut.BACK)
    assert way_out(found, begun=False, taken=False, leads={"db-2"}) is WayOut.BACK
