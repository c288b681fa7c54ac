"""`up` tries everything that is due, and tells at the end what could not be tried."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from standfast.cli.progress import Progress
from standfast.cli.proving import Logged
from standfast.cli.up import all_tried
from standfast.core.errors import CannotVerify, StandfastError
from standfast.evidence.statement import Proof
from standfast.promises.catalog import DATABASE_FAILOVER
from standfast.promises.judge import judge
from standfast.promises.model import Grade, Part, Promise
from standfast.proofs.drills.ground import NotBack, Ran

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DUE = [(DATABASE_FAILOVER, part) for part in DATABASE_FAILOVER.parts]


@dataclass(frozen=True)
class Anywhere:
    """An attack on machines that nobody minds."""

    def forbidden(self, part: Part, *, planting: bool) -> None:
        return None


@dataclass
class SmallProver:
    """Proves each part at once, but for those that `fails` has an error for."""

    fails: dict[str, StandfastError] = field(default_factory=dict)
    tried: list[str] = field(default_factory=list)
    attack: Anywhere = Anywhere()

    def doubt(self, promise: Promise, part: Part) -> tuple[None, Logged]:
        self.tried.append(part.drill)
        if part.drill in self.fails:
            raise self.fails[part.drill]
        measured = {"outage_s": 1.0, "lost_writes": 0.0}
        proof = Proof(
            promise=promise.id,
            drill=part.drill,
            outcome=judge(part.objective, measured),
            grade=Grade.REHEARSED,
            stand_ins=("db-1, db-2 share one kernel",),
            objective=dict(part.objective),
            measured=measured,
            started_at=NOON,
            ended_at=NOON + timedelta(seconds=30),
            run="1f0e7a52-7c5b-4b1e-9d7c-3f3f6f0b6a11",
            story=(),
            seen={},
            slot=1,
        )
        return None, Logged(proof=proof, index=2, unwell=None)


def tried(prover: SmallProver) -> list[str]:
    logged = all_tried(prover, DUE, Progress(quiet=True))  # type: ignore[arg-type]
    return [each.proof.drill for each in logged]


def test_every_part_is_tried_in_the_order_of_the_catalogue() -> None:
    assert tried(SmallProver()) == ["database-crash", "database-host"]


def test_one_that_cannot_be_tried_keeps_nobody_from_trying_the_next() -> None:
    prover = SmallProver(fails={"database-crash": CannotVerify("the check stayed green")})
    with pytest.raises(CannotVerify, match="stayed green"):
        tried(prover)
    assert prover.tried == ["database-crash", "database-host"]


def test_with_a_machine_that_is_not_back_nothing_more_is_attacked() -> None:
    ran = Ran(target="db-1", run="", measured={}, story=(), seen={}, started_at=NOON, ended_at=NOON)
    prover = SmallProver(fails={"database-crash": NotBack(ran, 60)})
    with pytest.raises(NotBack):
        tried(prover)
    assert prover.tried == ["database-crash"]
