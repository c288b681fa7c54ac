"""What is made of what the monitors found of their copies."""

import pytest

from standfast.evidence import merkle
from standfast.proofs.drills.ground import Published
from standfast.proofs.drills.tamper import Looked, figures, read, told

LEAVES = tuple(merkle.leaf_hash(bytes([each])) for each in range(9))
SHOWN = Published(log="", policy="", leaves=LEAVES)


def whole(monitor="monitor-1", size=9):
    return Looked(
        monitor=monitor,
        size=size,
        root=SHOWN.root(size),
        cosigned=("a", "b"),
        enough=True,
        tried=15,
    )


def changed(looked, **other):
    return read(
        looked.monitor,
        {
            "size": looked.size,
            "root": looked.root,
            "complaints": looked.complaints,
            "cosigned": looked.cosigned,
            "enough": looked.enough,
            "tried": looked.tried,
            "unseen": looked.unseen,
            **other,
        },
    )


@pytest.mark.parametrize(
    ("found", "wrong", "words"),
    [
        ({}, {}, ""),
        ({"complaints": ["entry 3 is not the one"]}, {"altered_copies": 1}, "entry 3 is not"),
        ({"root": "00"}, {"altered_copies": 1}, "another record"),
        ({"root": None, "complaints": ["no root"]}, {"altered_copies": 1}, "no root"),
        ({"size": 8, "root": SHOWN.root(8)}, {"late_copies": 1}, "has 8 of 9 entries"),
        ({"enough": False, "cosigned": []}, {"lone_checkpoints": 1}, "cosigned by nobody"),
        ({"unseen": ["entry 0 swapped"]}, {"unseen_changes": 1}, "did not notice: entry 0 swapped"),
        ({"problem": "there is no copy"}, {"altered_copies": 1}, "there is no copy"),
    ],
)
def test_each_fault_of_a_copy_is_a_figure_and_a_line(found, wrong, words):
    looked = [whole(), changed(whole("monitor-2"), **found)]
    measured = figures(looked, SHOWN)
    counted = ("altered_copies", "late_copies", "lone_checkpoints", "unseen_changes")
    assert {name: measured[name] for name in counted if measured[name]} == wrong
    lines = told(looked, SHOWN, measured)
    assert "9 entries in 2 copies" in lines[0]
    assert [line for line in lines[1:] if "monitor-2" in line and words in line] or not words
    assert len(lines) == 1 or words
