"""What etcdctl is told and says, who must wait to be let in, and who survives."""

import json
from ipaddress import IPv4Address

import pytest

from standfast.cli.recover import survivor_of
from standfast.core.errors import Refused, StandfastError
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.monitor import etcdctl
from standfast.mechanisms.monitor.membership import Add, Member, Promote, Remove, Wanted
from standfast.mechanisms.rollout.voter_list import Look, must_wait

MONITOR = Machine(
    name="monitor-1",
    roles=frozenset({Role.MONITOR}),
    address=IPv4Address("10.77.0.19"),
    reach=Reach(host="10.77.0.19"),
)
LISTED = json.dumps(
    {
        "members": [
            {
                "ID": 1085630072820163912,
                "peerURLs": ["https://10.77.0.20:2380"],
                "isLearner": True,
            },
            {
                "ID": 6566013454123969325,
                "name": "monitor-1",
                "peerURLs": ["https://10.77.0.19:2380"],
                "clientURLs": ["https://10.77.0.19:2379"],
            },
        ]
    }
)
HEALTH = """\
{"level":"warn","msg":"retrying of unary invoker failed"}
[{"endpoint":"https://10.77.0.19:2379","health":true,"took":"7ms"},\
{"endpoint":"https://10.77.0.20:2379","health":false,"error":"context deadline exceeded"}]
Error: unhealthy cluster
"""
LEARNER = Member(identifier="f10ec3d26c9b948", name="", url="https://10.77.0.20:2380", learner=True)


def test_members_are_read_with_whether_they_answer() -> None:
    learner, voter = etcdctl.members(LISTED, HEALTH)
    assert (learner.name, learner.learner, learner.answers) == ("", True, False)
    assert (voter.name, voter.url) == ("monitor-1", etcdctl.peer_url(MONITOR))
    assert int(voter.identifier, 16) == 6566013454123969325
    assert voter.answers
    assert not voter.learner


def test_without_an_answer_about_health_nobody_answers() -> None:
    assert not any(each.answers for each in etcdctl.members(LISTED, "Error: unhealthy cluster"))


def test_each_change_is_said_as_etcdctl_takes_it() -> None:
    new = Wanted(name="monitor-2", url="https://10.77.0.20:2380", has_data=False)
    assert etcdctl.change(Add(wanted=new))[:3] == ("member", "add", "monitor-2")
    assert "--learner" in etcdctl.change(Add(wanted=new))
    assert etcdctl.change(Remove(member=LEARNER)) == ("member", "remove", LEARNER.identifier)
    assert etcdctl.change(Promote(member=LEARNER)) == ("member", "promote", LEARNER.identifier)


@pytest.mark.parametrize(
    ("said", "early"),
    [
        ("Error: etcdserver: unhealthy cluster", True),
        (
            "Error: etcdserver: can only promote a learner member which is in sync with leader",
            True,
        ),
        ("Error: etcdserver: member ID already exist", False),
        ("", False),
    ],
)
def test_what_is_refused_only_for_now_is_asked_again(said: str, early: bool) -> None:
    assert etcdctl.is_too_early(said) is early


CONFIG = """\
name: monitor-2
initial-cluster: monitor-1=https://10.77.0.19:2380,monitor-2=https://10.77.0.20:2380
initial-cluster-state: new
initial-cluster-token: shop
"""


def test_who_joins_starts_with_the_list_as_it_is() -> None:
    listed = etcdctl.members(LISTED, HEALTH)
    made = etcdctl.joining(CONFIG, listed, "monitor-2", LEARNER.url).splitlines()
    assert made == [
        "name: monitor-2",
        "initial-cluster: monitor-2=https://10.77.0.20:2380,monitor-1=https://10.77.0.19:2380",
        "initial-cluster-state: existing",
        "initial-cluster-token: shop",
    ]


def test_a_survivor_forgets_all_others_in_one_start() -> None:
    assert etcdctl.alone(CONFIG).splitlines()[-1] == "force-new-cluster: true"


def seen(*, healthy: bool = False, has_data: bool = True, formed: bool = True) -> Look:
    return Look(healthy=healthy, has_data=has_data, formed=formed)


NEW = seen(has_data=False, formed=False)


def test_on_a_new_site_nobody_waits() -> None:
    assert must_wait({"a": NEW, "b": NEW, "c": NEW}) == ()


def test_a_first_bring_up_that_was_killed_goes_on() -> None:
    assert must_wait({"a": seen(formed=False), "b": NEW, "c": NEW}) == ()


def test_whoever_comes_to_voters_that_are_there_waits_to_be_let_in() -> None:
    assert must_wait({"a": seen(healthy=True), "b": seen(healthy=True), "c": NEW}) == ("c",)


def test_two_that_remember_nothing_are_not_started_beside_one_that_does() -> None:
    with pytest.raises(Refused, match="b, c remember nothing") as refused:
        must_wait({"a": seen(), "b": NEW, "c": NEW})
    assert "standfast recover monitors" in refused.value.remedy


def test_the_last_one_that_remembers_survives() -> None:
    assert survivor_of({"a": None, "b": seen(), "c": None}) == "b"
    assert survivor_of({"a": NEW, "b": seen(), "c": None}) == "b"


@pytest.mark.parametrize(
    ("looked", "said"),
    [
        ({"a": seen(healthy=True), "b": seen(healthy=True), "c": None}, "a majority"),
        ({"a": None, "b": NEW, "c": None}, "no monitor is reached that remembers"),
        ({"a": seen(), "b": seen(), "c": None}, "a and b both remember"),
    ],
)
def test_nothing_is_recovered_that_can_heal_by_itself_or_not_at_all(
    looked: dict[str, Look | None], said: str
) -> None:
    with pytest.raises(StandfastError, match=said):
        survivor_of(looked)
