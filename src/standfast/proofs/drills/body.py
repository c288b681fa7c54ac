"""Put together what is signed: everything of a proof but the slot, which is known when it is
logged. The outcome follows from the figures, and the grade from the samples and from what the
run says stood in for the real thing; nobody sets either."""

from standfast.evidence.statement import Run
from standfast.promises.grade import Graded
from standfast.promises.judge import judge
from standfast.promises.model import Grade, Part, Promise
from standfast.proofs.drills.ground import Ran


def proof_body(ran: Ran, *, promise: Promise, part: Part, graded: Graded) -> Run:
    """`part` carries the objective of this site."""
    return Run(
        promise=promise.id,
        drill=part.drill,
        outcome=judge(part.objective, ran.measured),
        grade=Grade.REHEARSED if ran.stand_ins else graded.grade,
        stand_ins=(*graded.stand_ins, *ran.stand_ins),
        objective=dict(part.objective),
        measured=ran.measured,
        started_at=ran.started_at,
        ended_at=ran.ended_at,
        run=ran.run,
        story=ran.story,
        seen=dict(ran.seen),
    )
