"""The public halves of the monitors' witnesses' keys, kept with the secrets though they are none,
so that whoever plans, or verifies at another computer, knows them."""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any

from standfast.evidence.cosignature import Cosigner, witness_name
from standfast.mechanisms.keys.identity import WITNESS
from standfast.mechanisms.keys.vault import Vault

WITNESSES = "witnesses/"
"""Begins their names in the sealed secrets."""


def keep(
    vault: Vault, origin: str, monitors: Iterable[str], inspected: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, str]:
    """As the machines have them now, by machine (C2SP signed-note, one line each). A monitor that
    was replaced has another key; one that was retired has none here."""
    keys = {
        name: Cosigner.of(witness_name(origin, name), b64decode(inspected[name][WITNESS])).vkey
        for name in monitors
    }
    for name in vault.names:
        if name.startswith(WITNESSES) and name.removeprefix(WITNESSES) not in keys:
            vault.drop(name)
    for name, key in keys.items():
        if vault.get(f"{WITNESSES}{name}") != key:
            vault.put(f"{WITNESSES}{name}", key)
    return keys


def known(vault: Vault | None, monitors: Iterable[str], *, missing: str) -> Mapping[str, str]:
    """What was kept last; `missing` stands for the keys of monitors that have none yet."""
    return {
        name: (vault.get(f"{WITNESSES}{name}") if vault else None) or missing for name in monitors
    }
