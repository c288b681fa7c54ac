"""Whose cosignatures count is kept beside the secrets, as the machines have it now."""

from base64 import b64encode
from collections.abc import Callable

import pytest

from standfast.core.command import SystemRunner
from standfast.evidence.cosignature import parse_cosigner
from standfast.mechanisms.keys.envelope.contents import is_left_out
from standfast.mechanisms.keys.vault import Place, Vault
from standfast.mechanisms.keys.witnesses import WITNESSES, keep, known

from .conftest import Person

ORIGIN = "shop.example.test/trust/log"


@pytest.fixture
def vault(place: Place, people: Callable[[str], Person]) -> Vault:
    return Vault.begin(place, people("anna").operator, SystemRunner())


def inspected(**keys: int) -> dict[str, dict[str, str]]:
    return {
        name.replace("_", "-"): {"witness": b64encode(bytes([key] * 32)).decode()}
        for name, key in keys.items()
    }


def test_each_witness_is_named_after_its_log_and_machine(vault: Vault) -> None:
    kept = keep(vault, ORIGIN, ["monitor-1"], inspected(monitor_1=1))
    key = parse_cosigner(kept["monitor-1"])
    assert (key.name, key.public_key) == (f"{ORIGIN}/monitor-1", bytes([1] * 32))
    assert known(vault, ["monitor-1", "monitor-2"], missing="none yet") == {
        **kept,
        "monitor-2": "none yet",
    }
    assert known(None, ["monitor-1"], missing="none yet") == {"monitor-1": "none yet"}


def test_a_replaced_monitor_has_its_new_key_and_a_retired_one_none(vault: Vault) -> None:
    keep(vault, ORIGIN, ["monitor-1", "monitor-2"], inspected(monitor_1=1, monitor_2=2))
    kept = keep(vault, ORIGIN, ["monitor-1"], inspected(monitor_1=3))
    assert parse_cosigner(kept["monitor-1"]).public_key == bytes([3] * 32)
    assert [each for each in vault.names if each.startswith(WITNESSES)] == [f"{WITNESSES}monitor-1"]


def test_what_has_not_changed_is_not_sealed_anew(vault: Vault) -> None:
    keep(vault, ORIGIN, ["monitor-1"], inspected(monitor_1=1))
    before = vault.contents
    keep(vault, ORIGIN, ["monitor-1"], inspected(monitor_1=1))
    assert vault.contents is before


def test_no_envelope_holds_them() -> None:
    assert is_left_out(f"{WITNESSES}monitor-1")
