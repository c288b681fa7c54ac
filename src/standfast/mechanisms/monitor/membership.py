"""Which change brings the list of voters closer to what the plan wants. Pure; one step at a time.

*Invariant.* Before and after every step a majority of the voters on the list answers, at most one
machine on it is a learner, and no machine votes whose data was lost: a voter that forgot what it
agreed to could agree to the opposite. A step that would break this is not taken. Whoever stops
after any step, looks anew and asks again, goes on with what is left (etcd's guide to runtime
reconfiguration).

Machines are told apart by where their peers reach them: a member that was added and has not started
has no name yet.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """As etcd lists it. `identifier` is hexadecimal, as etcdctl takes it; `answers`: it says that
    a majority agrees with it."""

    identifier: str
    name: str
    url: str
    learner: bool = False
    answers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A machine that shall vote. `has_data`: it holds what it agreed to before."""

    name: str
    url: str
    has_data: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    member: Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """As a learner: it has no vote until it has caught up. What lies in its data folder is of
    another membership, and goes."""

    wanted: Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Promote:
    member: Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    why: str


Step = Remove | Add | Promote | Stuck


def next_step(listed: Iterable[Member], wanted: Iterable[Wanted]) -> Step | None:
    """None when the list is what is wanted."""
    members, machines = tuple(listed), {each.url: each for each in wanted}
    voters = tuple(each for each in members if not each.learner)
    if not majority(voters):
        return Stuck(why="no majority of the voters answers")
    for learner in (each for each in members if each.learner):
        return Promote(member=learner) if is_good(learner, machines) else Remove(member=learner)
    stale = tuple(each for each in voters if not is_good(each, machines))
    for member in (each for each in stale if not each.answers):
        return Remove(member=member)
    missing = [each for url, each in machines.items() if url not in {one.url for one in members}]
    for machine in missing:
        return Add(wanted=machine)
    for member in stale:
        rest = tuple(each for each in voters if each != member)
        return (
            Remove(member=member)
            if majority(rest)
            else Stuck(why=f"without {member.name} no majority would be left")
        )
    return None


def is_good(member: Member, machines: dict[str, Wanted]) -> bool:
    machine = machines.get(member.url)
    return machine is not None and machine.has_data


def majority(voters: tuple[Member, ...]) -> bool:
    return 2 * sum(each.answers for each in voters) > len(voters)
