"""Voters join and leave one at a time, and a run that died is finished by the next."""

from dataclasses import replace

import pytest

from standfast.mechanisms.monitor.members import Join, Leave, Member, cluster_of, next_step, parse


def url(number: int) -> str:
    return f"https://10.77.0.{number}:2380"


def member(number: int, *, started: bool = True) -> Member:
    return Member(id=number, name=f"m{number}" if started else "", peer_url=url(number))


def wanted(*numbers: int) -> dict[str, str]:
    return {f"m{number}": url(number) for number in numbers}


THREE = (member(1), member(2), member(3))
DATA = frozenset({"m1", "m2", "m3"})


def test_members_are_read_as_etcdctl_prints_them() -> None:
    text = (
        '{"header":{"cluster_id":1,"member_id":2,"raft_term":2},"members":['
        '{"ID":1283239309283,"name":"m1","peerURLs":["https://10.77.0.1:2380"],'
        '"clientURLs":["https://10.77.0.1:2379"]},'
        '{"ID":26,"peerURLs":["https://10.77.0.2:2380"]}]}'
    )
    first, second = parse(text)
    assert first == replace(member(1), id=1283239309283)
    assert (second.name, second.hex_id) == ("", "1a")


def test_voters_that_are_as_planned_are_left_alone() -> None:
    assert next_step(THREE, wanted(1, 2, 3), DATA) is None


def test_a_monitor_that_is_new_in_the_file_joins() -> None:
    assert next_step(THREE, wanted(1, 2, 3, 4, 5), DATA) == Join(machine="m4", known=False)


def test_a_monitor_that_left_the_file_leaves_before_another_joins() -> None:
    assert next_step(THREE, wanted(1, 2, 4), DATA) == Leave(member=THREE[2])


def test_a_voter_that_lost_its_data_leaves_and_joins_anew() -> None:
    """It may not come back under its old identity: it has forgotten what it promised."""
    data = DATA - {"m3"}
    assert next_step(THREE, wanted(1, 2, 3), data) == Leave(member=THREE[2])
    assert next_step(THREE[:2], wanted(1, 2, 3), data) == Join(machine="m3", known=False)


def test_one_that_was_put_on_the_list_and_never_started_is_started_first() -> None:
    """It may be what the majority lacks, so nothing else could be done before."""
    members = (member(1), member(9), member(2, started=False))
    step = next_step(members, wanted(1, 2, 3), frozenset({"m1"}))
    assert step == Join(machine="m2", known=True)


@pytest.mark.parametrize("after", [(1, 2, 3), (1, 4, 5), (1,), (1, 2, 3, 4, 5), (1, 2, 6)])
@pytest.mark.parametrize("before", [(1,), (1, 2, 3), (1, 2, 3, 4, 5)])
def test_every_change_ends_and_only_one_at_a_time_is_not_yet_started(
    before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    """Played to the end; after each Join the run dies, and the next one finds it half done."""
    members = [member(number) for number in before]
    data = {each.name for each in members}
    for _ in range(30):
        step = next_step(members, wanted(*after), frozenset(data))
        if step is None:
            break
        if isinstance(step, Leave):
            members.remove(step.member)
        elif not step.known:
            members.append(member(int(step.machine[1:]), started=False))
        else:
            number = int(step.machine[1:])
            members = [member(number) if each.id == number else each for each in members]
            data.add(step.machine)
        waiting = sum(not each.name for each in members)
        assert waiting <= 1
    assert sorted(each.name for each in members) == sorted(wanted(*after))


def test_the_one_that_joins_is_told_who_votes_itself_included() -> None:
    told = cluster_of((*THREE, member(4, started=False)), wanted(4))
    assert f"m1={url(1)},m2={url(2)},m3={url(3)},m4={url(4)}\n" in told
    assert "ETCD_INITIAL_CLUSTER_STATE=existing\n" in told
