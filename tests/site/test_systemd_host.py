"""Machines on a computer whose process 1 is systemd: each is a unit, and all promises hold there.

The computer is a guest under QEMU, so that this runs wherever the other tests do. One boot finds
out all of it (`on_systemd.py`); each test judges a part.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from standfast.core.command import SystemRunner
from standfast.mechanisms.hosts.local.container import POWEROFF_TIMEOUT_S
from standfast.mechanisms.hosts.local.image import Image

from . import guest, guest_disk

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = PROJECT / "tests/site/on_systemd.py"
CACHE = Path(os.environ.get("STANDFAST_CACHE", "/var/cache/standfast"))
UNIT = "standfast-guest-edge-1.service"
EMPTY_S = 0.5
"""From the order on. The cables come out first, by a program that has to start, and the processor
of this guest is emulated; what is at once is the end of all processes after that."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    lock = PROJECT / "requirements" / "standfast.lock"
    base = Image(suite="bookworm", lock=lock.read_bytes(), cache=CACHE)
    said = guest.run(
        str(SCRIPT.relative_to(PROJECT)),
        {str(path.relative_to(PROJECT)): path for path in (PROJECT / "src", SCRIPT, lock)},
        disk=guest_disk.ensure(base, SystemRunner()),
        scratch=tmp_path_factory.mktemp("guest"),
    )
    lines = [json.loads(line) for line in said.splitlines() if line.startswith('{"found"')]
    assert lines, said
    assert lines[-1]["found"] == "end", said
    return {line["found"]: line["seen"] for line in lines}


def test_a_machine_is_a_transient_unit_that_owns_the_groups_of_its_processes(
    found: dict[str, Any],
) -> None:
    properties = found["unit"]
    assert properties["Id"] == UNIT
    assert properties["ActiveState"] == "active"
    assert properties["Transient"] == "yes"
    assert properties["Delegate"] == "yes"
    assert properties["ControlGroup"] == f"/{found['group']}"
    assert len(found["groups_of_processes"]) > 1
    assert all(f":/system.slice/{UNIT}/" in each for each in found["groups_of_processes"])


def test_it_outlives_the_process_that_made_it(found: dict[str, Any]) -> None:
    assert found["maker"] == {"group_is_there": False, "machine_is_on": True}
    assert found["first_boot"]["trouble"] == ""


def test_a_power_cut_ends_every_process_at_once_and_takes_the_cables_out(
    found: dict[str, Any],
) -> None:
    for cut in found["power_cuts"]:
        assert cut["processes_before"] > 1
        assert cut["processes_after"] == 0
        assert cut["links"] == {"p-edge-1": "DOWN", "i-edge-1": "DOWN"}
    # An emulated processor, or a busy one, can only add to what the kernel needs.
    assert min(cut["empty_after_s"] for cut in found["power_cuts"]) <= EMPTY_S


def test_power_on_brings_it_back_to_ssh(found: dict[str, Any]) -> None:
    assert found["second_boot"]["trouble"] == ""


def test_a_machine_powers_off_in_good_order_when_it_is_asked(found: dict[str, Any]) -> None:
    assert found["power_off"]["after_s"] < POWEROFF_TIMEOUT_S
    assert found["power_off"]["units"] == []


def test_destroy_leaves_no_unit_group_mount_namespace_link_or_folder(found: dict[str, Any]) -> None:
    assert found["before_destroy"] == [UNIT, "standfast-guest-relay.service"]
    left = {what: these for what, these in found["left"].items() if these}
    assert not left
