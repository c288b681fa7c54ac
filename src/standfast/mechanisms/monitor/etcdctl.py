"""What etcdctl is told, on a monitor, and what its answers mean. Pure.

Answers are JSON; identifiers are numbers there and hexadecimal in arguments.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.hosts.names import ETCD_CLIENT_PORT, ETCD_PEER_PORT, IDENTITY
from standfast.mechanisms.monitor.membership import Add, Member, Promote, Remove


def peer_url(machine: Machine) -> str:
    return f"https://{machine.address}:{ETCD_PEER_PORT}"


def etcdctl(machine: Machine, *words: str) -> tuple[str, ...]:
    """`machine` is both where it runs and which voter is asked."""
    return (
        *("env", "ETCDCTL_API=3", "etcdctl"),
        f"--endpoints=https://{machine.address}:{ETCD_CLIENT_PORT}",
        *(f"--cacert={IDENTITY}/ca.pem", f"--cert={IDENTITY}/cert.pem"),
        *(f"--key={IDENTITY}/key.pem", *words),
    )


LIST = ("--write-out=json", "member", "list")
STATUS = ("endpoint", "status")
HEALTH = ("--write-out=json", "endpoint", "health", "--cluster")
"""Elsewhere words are what is answered: `member promote` of etcdctl 3.4 dies of its own JSON, after
it has promoted."""


def change(step: Add | Remove | Promote) -> tuple[str, ...]:
    match step:
        case Add(wanted=machine):
            return ("member", "add", machine.name, f"--peer-urls={machine.url}", "--learner")
        case Remove(member=member):
            return ("member", "remove", member.identifier)
        case Promote(member=member):
            return ("member", "promote", member.identifier)


def is_too_early(complaint: str) -> bool:
    """etcd changes nothing before all voters were connected for five seconds, and gives no vote to
    a learner that has not caught up with the leader."""
    return "unhealthy cluster" in complaint or "in sync with leader" in complaint


def members(listed: str, health: str) -> tuple[Member, ...]:
    answers = {str(each["endpoint"]) for each in documents(health) if each.get("health") is True}
    return tuple(
        Member(
            identifier=f"{each['ID']:x}",
            name=str(each.get("name", "")),
            url=str(each["peerURLs"][0]),
            learner=bool(each.get("isLearner")),
            answers=bool(answers & set(each.get("clientURLs") or ())),
        )
        for each in json.loads(listed)["members"]
    )


def documents(health: str) -> Iterable[dict[str, Any]]:
    """`endpoint health` prints one array, and complaints beside it."""
    found = re.search(r"^\[.*\]$", health, re.MULTILINE)
    return json.loads(found[0]) if found else ()


def joining(config: str, listed: Iterable[Member], name: str, url: str) -> str:
    """The planned configuration for a voter's first start in a cluster that is there: with the
    members as they are now, which etcd compares with its own list."""
    everybody = ",".join(f"{name if each.url == url else each.name}={each.url}" for each in listed)
    return replaced(
        replaced(config, "initial-cluster", everybody), "initial-cluster-state", "existing"
    )


def alone(config: str) -> str:
    """For the one start in which a survivor forgets all others (etcd's guide to disaster recovery,
    --force-new-cluster)."""
    return f"{config.rstrip()}\nforce-new-cluster: true\n"


def replaced(config: str, key: str, value: str) -> str:
    return re.sub(rf"^{key}:.*$", f"{key}: {value}", config, flags=re.MULTILINE)
