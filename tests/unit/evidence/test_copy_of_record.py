"""What a monitor finds of its own copy, by the program that runs there."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from standfast.evidence.copied import alter
from standfast.evidence.cosignature import cosigner
from standfast.evidence.policy import of_monitors
from standfast.evidence.read import read_log
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.tampering import Way
from standfast.evidence.transport import FolderTransport
from standfast.proofs.drills import copy_of_record
from standfast.proofs.drills.tamper import ROUNDS

SIZE = 12
NOBODY = "quorum none\n"


@pytest.fixture
def folder(told, tmp_path, open_log) -> Path:
    told.enrol()
    slot = told.slot(0, 24)
    while len(told.predicates) < SIZE:
        told.prove(slot, len(told.predicates) / 100)
    open_log(tmp_path / "log").append(told.leaves())
    return tmp_path / "log"


@pytest.fixture
def look(folder, told, monkeypatch, capsys) -> Callable[..., Any]:
    def look(**other: Any) -> Any:
        asked = {"folder": str(folder), "log": told.vkey, "policy": NOBODY, "at": SIZE}
        asked |= {"rounds": ROUNDS, "seed": 3} | other
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(asked)))
        assert copy_of_record.main() == 0
        return json.loads(capsys.readouterr().out)

    return look


def test_a_whole_copy_gives_the_root_and_notices_every_change(look, folder, told):
    root = read_log(FolderTransport(folder), told.vkey).checkpoint.root.hex()
    assert look() == {
        "size": SIZE,
        "root": root,
        "complaints": [],
        "cosigned": [],
        "enough": True,
        "tried": ROUNDS * len(Way),
        "unseen": [],
    }


def test_what_is_logged_meanwhile_hides_no_change(look, folder, told, open_log, monkeypatch):
    """An entry comes while the first change is looked for."""
    slot, is_noticed = told.slot(24, 48), copy_of_record.is_noticed

    def later(log: Any, vkey: str) -> bool:
        if len(told.predicates) == SIZE + 1:
            told.prove(slot, 25)
            open_log(folder).append(told.leaves()[SIZE:])
        return is_noticed(log, vkey)

    monkeypatch.setattr(copy_of_record, "is_noticed", later)
    found = look()
    assert (found["size"], found["unseen"]) == (SIZE, [])
    assert read_log(FolderTransport(folder), told.vkey).checkpoint.size == SIZE + 2


def test_a_longer_copy_is_compared_as_far_as_customers_are_shown(look):
    assert look(at=5)["size"] == 5
    assert look(at=5)["root"] != look()["root"]


def test_a_shorter_copy_says_how_far_it_goes(look, monkeypatch):
    monkeypatch.setattr(copy_of_record, "ARRIVES_WITHIN_S", 0.3)
    assert look(at=SIZE + 1)["size"] == SIZE


def test_a_bent_copy_complains(look, folder):
    alter(folder, SIZE, 4)
    assert any("entry 4" in each for each in look()["complaints"])


def test_what_nobody_has_cosigned_is_not_enough(look, told):
    witness = cosigner(Ed25519Signer.from_seed("monitor-1.example", bytes(32))).vkey
    policy = of_monitors(told.vkey, {"monitor-1": witness}, 1)
    found = look(policy=policy)
    assert (found["cosigned"], found["enough"]) == ([], False)


def test_no_copy_is_a_problem_and_no_crash(look, tmp_path):
    assert "no checkpoint" in look(folder=str(tmp_path / "nothing"))["problem"]
