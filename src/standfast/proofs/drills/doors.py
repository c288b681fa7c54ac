"""The doors of a site's front: every name at every edge, looked at from where customers are."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from standfast.core.errors import CannotVerify
from standfast.proofs.drills.ground import Ground
from standfast.proofs.vantage.front import Front

PROGRAM = "standfast.proofs.vantage.front"

LOOK_LIMIT_S = 120.0
"""For all doors: some seconds each where nobody answers, some side by side."""

SHOWN = 20
"""Doors that the evidence names; the counts are complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """`name` is what a customer asks for; an address where the site has no name."""

    name: str
    address: str

    @property
    def words(self) -> str:
        return self.name if self.name == self.address else f"{self.name} at {self.address}"


def doors(names: Sequence[str], addresses: Sequence[str]) -> tuple[Door, ...]:
    if not names:
        return tuple(Door(name=each, address=each) for each in addresses)
    return tuple(Door(name=name, address=address) for name in names for address in addresses)


def looked_at(ground: Ground) -> list[tuple[Door, Front]]:
    contract = ground.contract
    there = doors(ground.names, contract["addresses"])
    asked: list[Mapping[str, Any]] = [
        {
            "name": each.name,
            "address": each.address,
            "port": contract["port"],
            "authority": contract["ca_file"],
            "random": 2 * ground.run.hex,
        }
        for each in there
    ]
    said = ground.vantage.look(PROGRAM, json.dumps(asked).encode(), limit_s=LOOK_LIMIT_S)
    try:
        found = [Front(**{**each, "weak": tuple(each["weak"])}) for each in json.loads(said)]
    except (ValueError, TypeError, KeyError) as error:
        raise CannotVerify(
            "what the vantage saw of the front cannot be read",
            remedy="Does it run the same release of Standfast?",
        ) from error
    return list(zip(there, found, strict=True))
