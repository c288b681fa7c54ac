import base64

import pytest

from standfast.core.errors import CannotVerify
from standfast.evidence.checkpoint import Checkpoint

ROOT = base64.b64encode(bytes(range(32))).decode()
GOOD = f"example.com/log\n15\n{ROOT}\n"


def test_a_checkpoint_survives_being_written_and_read():
    checkpoint = Checkpoint.from_text(GOOD)
    assert checkpoint == Checkpoint(origin="example.com/log", size=15, root=bytes(range(32)))
    assert checkpoint.to_text() == GOOD


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD[:-1],
        GOOD + "\n",
        GOOD + "an extension line\n",
        GOOD.replace("\n15\n", "\n015\n"),
        GOOD.replace("\n15\n", "\n+15\n"),
        GOOD.replace("\n15\n", "\n-15\n"),
        GOOD.replace("\n15\n", "\n 15\n"),
        GOOD.replace("\n15\n", "\n١٥\n"),
        GOOD.replace("\n15\n", "\n\n"),
        GOOD.replace("\n15\n", f"\n{2**63}\n"),
        GOOD.replace("\n15\n", f"\n{'9' * 5000}\n"),
        GOOD.replace("example.com/log", ""),
        GOOD.replace(ROOT, ROOT[:-1]),
        GOOD.replace(ROOT, base64.b64encode(bytes(31)).decode()),
        GOOD.replace(ROOT, ROOT.replace("8=", "9=")),
        GOOD.replace(ROOT, "é" * 44),
    ],
)
def test_anything_that_is_not_written_the_one_way_is_refused(text):
    with pytest.raises(CannotVerify, match="no checkpoint"):
        Checkpoint.from_text(text)
