"""What a set of machines can honestly promise, and why the rest is left out."""

import pytest

from standfast.promises import catalog
from standfast.promises.catalog import (
    DATABASE_FAILOVER,
    MIRRORED_VOLUMES,
    REDUNDANT_EDGE,
    REDUNDANT_WEB,
)
from standfast.promises.model import Promise
from standfast.promises.offer import NOT_WANTED, offered
from standfast.promises.possible import Roles, possible
from standfast.promises.settings import (
    PromiseSettings,
    given_figures,
    known_figures,
    with_objective,
)

EVERY = tuple(each for each in vars(catalog).values() if isinstance(each, Promise))


def site(**machines: str) -> Roles:
    return {name: frozenset(roles.split()) for name, roles in machines.items()}


ELEVEN = site(
    **{f"edge{n}": "edge" for n in (1, 2)},
    **{f"web{n}": "web" for n in (1, 2)},
    **{f"db{n}": "database" for n in (1, 2)},
    **{f"backup{n}": "backup" for n in (1, 2)},
    **{f"monitor{n}": "monitor" for n in (1, 2, 3)},
)
THREE = site(
    a="edge web monitor database", b="edge web monitor database", c="edge web monitor backup"
)
FIVE = site(e="edge", w1="web", w2="web", d="database", m="monitor")


def twice(machines: Roles) -> Roles:
    """With a second database machine, where there is one."""
    return {**machines, "second": frozenset({"database"})}


def refused(machines: Roles) -> dict[str, str]:
    return {each.promise.id: each.why for each in possible(EVERY, machines).impossible}


def limit(machines: Roles, drill: str) -> float:
    (found,) = [
        part.objective.get("outage_s", part.objective.get("stall_s", 0))
        for promise in possible(EVERY, machines).promises
        for part in promise.parts
        if part.drill == drill
    ]
    return found


def test_eleven_machines_can_promise_everything() -> None:
    found = possible(EVERY, ELEVEN)
    assert found.impossible == ()
    assert found.promises == EVERY


def test_three_machines_leave_out_what_takes_machines_apart_from_the_databases() -> None:
    assert refused(THREE) == {
        "redundant-web": "with a a database fails too, and its successor takes seconds",
        "redundant-edge": "with a a database fails too, and its successor takes seconds",
        "onsite-backup": "it takes two backup machines that hold no database, and the site has 1",
        "both-databases-lost": (
            "with its database machines the monitors lose the majority that must agree on what "
            "takes their place"
        ),
    }


def test_a_web_machine_that_is_the_only_edge_cannot_fail_unnoticed() -> None:
    said = refused(site(a="edge web", b="web"))
    assert said["redundant-web"] == "with a the only edge fails too"
    assert "redundant-web" not in refused(site(a="edge web", b="edge web"))


def test_an_edge_can_fail_where_another_one_takes_its_address() -> None:
    def why(machines: Roles, *, moving: bool) -> list[str]:
        return [
            each.why for each in possible((REDUNDANT_EDGE,), machines, moving=moving).impossible
        ]

    assert why(ELEVEN, moving=True) == []
    assert why(ELEVEN, moving=False) == ["the address of an edge that fails stays with it"]
    assert why(FIVE, moving=False) == ["it takes two edges, and the site has 1"]
    assert "redundant-edge" not in refused(site(a="edge web monitor", b="edge web monitor"))


def test_disks_are_promised_where_they_are_said_to_be_mirrored() -> None:
    (not_said,) = possible((MIRRORED_VOLUMES,), ELEVEN, mirrored=False).impossible
    assert not_said.why == "the disks of its machines are not said to be mirrored"
    (promise,) = possible((MIRRORED_VOLUMES,), FIVE).promises
    assert promise == MIRRORED_VOLUMES


def test_disks_of_somebody_are_looked_at_and_no_drill_breaks_them() -> None:
    (promise,) = possible((MIRRORED_VOLUMES,), ELEVEN, disks_here=False).promises
    assert [each.drill for each in promise.parts] == ["volumes-watched"]
    stricter = with_objective(promise, {"volumes-watched": {"scrub_age_s": 86400}})
    assert stricter.parts[0].objective["scrub_age_s"] == 86400
    assert stricter.parts[0].objective["unmirrored_volumes"] == 0


def test_a_site_with_one_database_machine_promises_nothing_of_a_second_one() -> None:
    said = refused(FIVE)
    assert said["mirrored-database"] == "it takes two database machines, and the site has 1"
    assert said["restore-works"] == (
        "it takes a backup machine that holds no database, and the site has none"
    )
    assert said["any-machine"] == "it takes two edges, and the site has 1"
    assert "redundant-web" not in said


def test_a_voter_that_dies_with_the_primary_loosens_the_limit_of_its_host_alone() -> None:
    assert (limit(ELEVEN, "database-host"), limit(THREE, "database-host")) == (6, 12)
    assert (limit(ELEVEN, "secondary-host"), limit(THREE, "secondary-host")) == (4, 10)
    assert limit(ELEVEN, "database-crash") == limit(THREE, "database-crash") == 3


@pytest.mark.parametrize(
    ("machines", "possible_then"),
    [
        (site(a="database monitor", b="database"), False),
        (site(a="database", b="database", m="monitor"), True),
        (site(a="database monitor", b="database monitor", c="monitor"), True),
    ],
)
def test_nobody_takes_over_where_the_majority_dies_with_the_primary(
    machines: Roles, possible_then: bool
) -> None:
    assert ("database-failover" not in refused(machines)) is possible_then


def test_a_site_whose_voters_die_with_all_databases_does_not_promise_to_survive_that() -> None:
    copied = {"copies": frozenset({"backup"})}
    apart = {**site(a="database", b="database", m="monitor"), **copied}
    assert "both-databases-lost" not in refused(apart)
    among = {**site(a="database monitor", b="database", m="monitor"), **copied}
    assert refused(among)["both-databases-lost"] == (
        "with its database machines the monitors lose the majority that must agree on what takes "
        "their place"
    )
    nowhere = site(a="database", b="database backup", m="monitor")
    assert "holds no database" in refused(nowhere)["both-databases-lost"]


def test_what_the_operator_leaves_out_is_named_beside_what_is_impossible() -> None:
    offer = offered((REDUNDANT_WEB,), {"redundant-web": PromiseSettings(promised=False)}, FIVE)
    assert offer.promises == ()
    assert [(each.promise.id, each.why) for each in offer.impossible] == [
        ("redundant-web", NOT_WANTED)
    ]


def test_limits_are_changed_figure_by_figure_and_drill_by_drill() -> None:
    changes = {"database-crash": {"outage_s": 5}}
    assert set(given_figures(changes)) < set(known_figures(DATABASE_FAILOVER))
    settings = {"database-failover": PromiseSettings(objective=changes)}
    offer = offered((DATABASE_FAILOVER,), settings, THREE)
    (promise,) = offer.promises
    assert [dict(part.objective) for part in promise.parts] == [
        {"outage_s": 5, "lost_writes": 0},
        {"outage_s": 12, "lost_writes": 0},
    ]
    assert [part.objective["outage_s"] for part in offer.usual[0].parts] == [3, 12]


@pytest.mark.parametrize(
    ("machines", "fast", "expected"),
    [(ELEVEN, True, 6), (ELEVEN, False, 25), (THREE, False, 30), (FIVE, True, 25)],
)
def test_a_dead_host_is_given_up_with_its_lease_where_monitors_may_not_or_are_too_few(
    machines: Roles, fast: bool, expected: float
) -> None:
    (promise,) = offered((DATABASE_FAILOVER,), {}, twice(machines), fast=fast).promises
    assert promise.parts[1].objective["outage_s"] == expected


def test_a_promise_of_one_drill_needs_no_drills_name() -> None:
    settings = {"redundant-web": PromiseSettings(objective={"failed_requests": 2})}
    (promise,) = offered((REDUNDANT_WEB,), settings, FIVE).promises
    assert promise.parts[0].objective == {"failed_requests": 2, "doubled_writes": 0}


def test_without_a_store_off_site_no_snapshot_is_promised_there() -> None:
    found = possible(EVERY, ELEVEN, off_site=False)
    assert {each.promise.id: each.why for each in found.impossible} == {
        "offsite-snapshot": "no store off site is named",
        "secondary-facility": "no store off site is named",
    }


def test_what_nobody_can_try_is_not_promised() -> None:
    found = possible(EVERY, ELEVEN, stays="nothing tries it yet")
    assert {each.promise.id: each.why for each in found.impossible} == {
        "secondary-facility": "nothing tries it yet"
    }
