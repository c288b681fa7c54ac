"""The failover campaign in its short form: a few kinds of faults, judged by its own checker."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
KINDS = ("postmaster-killed", "power-cut", "disk-stalled", "one-way-cut", "double-kill")
OUTAGE_S = {"postmaster-killed": 3.0, "power-cut": 6.0, "disk-stalled": 12.0}


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("histories")
    words = [str(ROOT / "bin" / "bench"), "failover", "--name", "test-campaign", "--seed", "7"]
    asked = ["--kinds", ",".join(KINDS), "--faults", str(len(KINDS)), "--folder", str(folder)]
    done = subprocess.run(
        [*words, *asked], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    print(done.stdout, done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def judged(histories: list[Path]) -> dict[str, Any]:
    checker = [sys.executable, str(ROOT / "bench" / "campaign" / "checker.py"), "--json"]
    done = subprocess.run(
        [*checker, *map(str, histories)], capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_nothing_acknowledged_is_lost_and_nobody_acknowledges_beside_the_primary(
    judged: dict[str, Any],
) -> None:
    faults = [each for history in judged["histories"] for each in history["faults"]]
    assert sorted(each["kind"] for each in faults) == sorted(KINDS)
    for each in faults:
        assert each["verdict"] == "ok", each
        assert (each["lost"], each["two_primaries"]) == ([], []), each


def test_each_kind_is_over_within_its_bound(judged: dict[str, Any]) -> None:
    faults = [each for history in judged["histories"] for each in history["faults"]]
    for each in faults:
        assert each["outage_s"] <= OUTAGE_S.get(each["kind"], 12.0), each
