"""Replication without encryption: what becomes of Patroni's file, and of nothing else."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from tests.unit.clocks import HandClock

from standfast.core.command import Command, Result
from standfast.core.errors import CommandFailed
from standfast.mechanisms.database.plain import ENCRYPTED, PLAIN, Here, changed, fault

GOLDEN = Path(__file__).parents[2] / "golden/bundles/eleven-machines/db-1"
FILE = GOLDEN / "etc/standfast/database/patroni.yml"


@dataclass
class Machine:
    """PostgreSQL shows what it was told after `late` questions."""

    late: int = 0
    ran: list[str] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        said = " ".join(command.argv)
        self.ran.append(said)
        if "psql" in said:
            self.late -= 1
        return Result(status=0, stdout=b"t\n" if self.late < 0 else b"f\n", stderr=b"")


def test_what_patroni_is_told_lets_the_other_database_machine_in_without_tls() -> None:
    planned, found = (yaml.safe_load(each) for each in (FILE.read_text(), plain()))
    before, after = (each["postgresql"] for each in (planned, found))
    assert after["authentication"]["replication"].pop("sslmode") == "disable"
    assert before["authentication"]["replication"].pop("sslmode") == "verify-full"
    new = [line for line in after["pg_hba"] if line not in before["pg_hba"]]
    let_in = [line.split() for line in before["pg_hba"] if line.startswith("hostssl replication")]
    assert [line.split() for line in new] == [
        ["hostnossl", "replication", user, address, "trust"] for _, _, user, address, *_ in let_in
    ]
    assert len(new) == 2
    after["pg_hba"] = before["pg_hba"]
    assert found == planned


def plain() -> str:
    return changed(FILE.read_text(), PLAIN)


def test_it_may_be_repeated_and_is_taken_back_to_the_letter() -> None:
    assert changed(plain(), PLAIN) == plain()
    assert changed(plain(), ENCRYPTED) == FILE.read_text()
    assert changed(FILE.read_text(), ENCRYPTED) == FILE.read_text()


def test_patroni_reads_it_anew_and_it_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "patroni.yml"
    file.write_text(FILE.read_text())
    file.chmod(0o640)
    machine = Machine(late=3)
    Here(runner=machine, clock=HandClock(), file=file).change(PLAIN)
    assert file.read_text() == plain()
    assert file.stat().st_mode & 0o777 == 0o640
    assert machine.ran[0] == "systemctl try-reload-or-restart standfast-patroni.service"
    assert len(machine.ran) == 5


def test_one_that_never_shows_it_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "patroni.yml"
    file.write_text(FILE.read_text())
    with pytest.raises(CommandFailed, match="not encrypted"):
        Here(runner=Machine(late=10_000), clock=HandClock(), file=file).change(ENCRYPTED)


def test_it_is_declared_with_both_words() -> None:
    declared = fault("/opt/ours")
    assert (declared.plant[-1], declared.remove[-1]) == (PLAIN, ENCRYPTED)
