"""What a killed drill's sentinel runs, and what the next command finds of it."""

import json
from pathlib import Path

from standfast.cli.heal import DATABASES, words
from standfast.proofs.drills.guard import left_over
from standfast.proofs.register import REGISTER


def test_databases_are_looked_after_when_a_drill_had_them_lost_and_not_otherwise(
    tmp_path: Path,
) -> None:
    having = [name for name, check in REGISTER.items() if check.databases]
    assert having == ["both-databases-lost"]
    note = tmp_path / "drill.json"
    for databases in (True, False):
        note.write_text(json.dumps({"restore": words(Path("s.toml"), databases=databases)}))
        assert (DATABASES in left_over(note)) is databases
