"""Look closely at machines before anything on them is touched, and take over what was given up."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standfast.core.errors import Refused
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.firewall.plan import admits
from standfast.mechanisms.hosts.foreign import Found
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.hosts.survey import Arrival
from standfast.mechanisms.rollout import in_memory
from standfast.mechanisms.rollout.plan import Blueprint, bundle, flows_to, ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """`source` is the folder that holds our own package, on this computer."""

    blueprint: Blueprint
    source: Path

    def inventory(self, connection: Connection) -> dict[str, Any]:
        """As `hosts/inventory.py` says it. Touches nothing."""
        found: dict[str, Any] = json.loads(self._ask(connection, "inventory"))
        return found

    def adopt(self, connection: Connection, day: str) -> list[str]:
        """Return what was taken over, in words."""
        taken: list[str] = json.loads(self._ask(connection, "adopt", day))
        return taken

    def _ask(self, connection: Connection, *words: str) -> bytes:
        machine = connection.machine
        listening = map(str, ports(machine, self.blueprint))
        return in_memory.ask(
            connection,
            self.source,
            (*words, *listening),
            bundle(machine, self.blueprint).to_json(),
        )


def foreign_of(inventory: Mapping[str, Any]) -> tuple[Found, ...]:
    return tuple(Found(**{**each, "table": tuple(each["table"])}) for each in inventory["foreign"])


def cut_off(machine: Machine, arrival: Arrival, blueprint: Blueprint) -> Refused | None:
    """Whether the firewall that is planned would end the connection in use: judged by the rules
    themselves, and not by what they were made from."""
    if admits(flows_to(machine, blueprint), arrival.source, arrival.port):
        return None
    return Refused(
        f"the firewall planned for {machine.name} would cut the connection in use, from "
        f"{arrival.source} to port {arrival.port}; nothing was touched",
        remedy=f"Does network.management_from hold {arrival.source}?",
    )
