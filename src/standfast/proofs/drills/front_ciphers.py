"""Observation `front-ciphers`: what every edge takes from whoever comes from outside.

A handshake as a browser makes it must end in AES-GCM, and every other suite, and every version
before TLS 1.2, must be refused when nothing else is offered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from standfast.proofs.drills.doors import SHOWN, Door, looked_at
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.vantage.front import Front
from standfast.proofs.vantage.hello import WEAK

MODERN = ("TLSv1.2", "TLSv1.3")

Seen = Sequence[tuple[Door, Front]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontCiphers:
    def prepare(self, ground: Ground) -> None:
        """Nothing is needed, and nothing disturbed."""

    def run(self, ground: Ground, *, short: bool) -> Ran:
        started = ground.clock.now()
        seen = looked_at(ground)
        measured = figures(seen)
        story = told(seen, measured)
        ground.tell(story[0])
        return Ran(
            target="",
            run=str(ground.run),
            measured=measured,
            story=story,
            seen={"ciphers": ciphers(seen)},
            started_at=started,
            ended_at=ground.clock.now(),
        )


def is_good(front: Front) -> bool:
    return front.version in MODERN and "AES" in front.cipher and "GCM" in front.cipher


def figures(seen: Seen) -> dict[str, float]:
    checked = [front for _, front in seen if not front.problem]
    return {
        "weak_offers": sum(len(each.weak) for each in checked),
        "unencrypted_doors": sum(not is_good(each) for each in checked),
        "unchecked_doors": len(seen) - len(checked),
        "doors": len(seen),
    }


def told(seen: Seen, measured: dict[str, float]) -> tuple[str, ...]:
    offers = len(seen) * len(WEAK)
    return (
        f"{offers} hellos without AES-GCM at {len(seen)} doors … "
        f"{measured['weak_offers']:.0f} taken, {measured['unchecked_doors']:.0f} doors not checked",
        *(f"{number} × {cipher}" for cipher, number in ciphers(seen).items()),
        *[
            line
            for door, front in seen
            for line in (
                *(f"{door.words} takes {each}" for each in front.weak),
                *((f"{door.words}: {front.problem}",) if front.problem else ()),
            )
        ][:SHOWN],
    )


def ciphers(seen: Seen) -> dict[str, int]:
    names = [f"{front.version} {front.cipher}" for _, front in seen if front.cipher]
    return {name: names.count(name) for name in sorted(set(names))}
