"""Which voter joins or leaves next, from who votes and who shall. Pure.

Invariant: after every step, and when a run dies after any, a majority of the members can vote, or
can as soon as the one that joins has been started. So there is one step at a time; a member that
joins is started before the next; whoever leaves does so before another joins, which keeps the
number of those that must agree small. etcd itself refuses a step that would cost the majority
(`strict-reconfig-check`).
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """As etcd knows it. One that was never started has no name yet, only its address."""

    id: int
    name: str
    peer_url: str

    @property
    def hex_id(self) -> str:
        return f"{self.id:x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    member: Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """`known`: it was put on the list before, by a run that died before it was started."""

    machine: str
    known: bool


def parse(text: str) -> tuple[Member, ...]:
    """What `etcdctl member list --write-out=json` prints."""
    return tuple(
        Member(id=each["ID"], name=each.get("name", ""), peer_url=each["peerURLs"][0])
        for each in json.loads(text)["members"]
    )


def next_step(
    members: Sequence[Member], wanted: Mapping[str, str], with_data: Set[str]
) -> Leave | Join | None:
    """`wanted`: machine to peer address; `with_data`: machines whose voter has voted before."""
    machines = {url: name for name, url in wanted.items()}
    for member in members:
        machine = machines.get(member.peer_url)
        if machine is not None and not member.name and machine not in with_data:
            return Join(machine=machine, known=True)
    for member in members:
        machine = machines.get(member.peer_url)
        if machine is None or (member.name and machine not in with_data):
            return Leave(member=member)
    known = {member.peer_url for member in members}
    for name, url in wanted.items():
        if url not in known:
            return Join(machine=name, known=False)
    return None


def cluster_of(members: Sequence[Member], joining: Mapping[str, str]) -> str:
    """The environment with which the one that joins starts: who votes, itself included.
    `joining` is its name and address; etcd does not know its name before it has started."""
    names = {url: name for name, url in joining.items()}
    voters = ",".join(f"{each.name or names[each.peer_url]}={each.peer_url}" for each in members)
    return (
        "# Written by Standfast as this voter joined. Read while it has no data, and never again.\n"
        f"ETCD_INITIAL_CLUSTER={voters}\nETCD_INITIAL_CLUSTER_STATE=existing\n"
    )
