"""Observation `certificate-verifiable`: what every name of the site shows at every edge, seen from
outside, and compared with what the page says.

A customer's browser must believe it (chain, name, dates), its key must be long enough, it must not
end soon, and its fingerprint must be one that the log names for that name and address.
"""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from standfast.evidence.statement import ShownCertificate
from standfast.proofs.drills.doors import SHOWN, Door, looked_at
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.vantage.front import Front

RSA_BITS, CURVE_BITS = 2048, 256

ENOUGH_DAYS = 14
"""For whoever is warned to have another one issued, and to put it in place."""

DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """`sha256` and `days_left` of the certificate that was shown; `own`: the site itself, or a
    stand-in for an authority, has signed it. `faults`: by the figure that counts it."""

    door: Door
    sha256: str
    days_left: float
    own: bool
    faults: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateVerifiable:
    def prepare(self, ground: Ground) -> None:
        """Nothing is needed, and nothing disturbed."""

    def run(self, ground: Ground, *, short: bool) -> Ran:
        started = ground.clock.now()
        said, authorities = ground.shown(), ground.authorities()
        met = [
            judged(door, front, said=said, authorities=authorities, now=started)
            for door, front in looked_at(ground)
        ]
        measured = figures(met)
        story = told(met, measured)
        ground.tell(story[0])
        return Ran(
            target="",
            run=str(ground.run),
            measured=measured,
            story=story,
            seen={
                "certificates": [
                    {"name": each.door.name, "address": each.door.address, "sha256": each.sha256}
                    for each in met[:SHOWN]
                ],
            },
            started_at=started,
            ended_at=ground.clock.now(),
            stand_ins=stand_ins(met),
        )


def judged(
    door: Door,
    front: Front,
    *,
    said: Sequence[ShownCertificate],
    authorities: Sequence[x509.Certificate],
    now: datetime,
) -> Met:
    """`said`: by the log; `authorities`: the site's own."""
    if front.problem:
        fault = ("unchecked_doors", f"could not be looked at ({front.problem})")
        return Met(door=door, sha256="", days_left=0, own=False, faults=(fault,))
    shown = x509.load_der_x509_certificate(b64decode(front.certificate))
    sha256 = shown.fingerprint(hashes.SHA256()).hex()
    days_left = (shown.not_valid_after_utc - now).total_seconds() / DAY_S
    expected = [
        each.sha256 for each in said if door.name in each.names and door.address in each.addresses
    ]
    candidates = (
        ("unverifiable_certificates", front.distrust and f"is not believed: {front.distrust}"),
        ("weak_certificates", weakness(shown)),
        ("ending_certificates", ending(days_left)),
        (
            "unlike_certificates",
            "" if sha256 in expected else f"shows {sha256}, which the page does not name for it",
        ),
    )
    return Met(
        door=door,
        sha256=sha256,
        days_left=days_left,
        own=any(signed_by(shown, each) for each in authorities),
        faults=tuple((figure, words) for figure, words in candidates if words),
    )


def weakness(shown: x509.Certificate) -> str:
    match shown.public_key():
        case rsa.RSAPublicKey() as key if key.key_size >= RSA_BITS:
            return ""
        case ec.EllipticCurvePublicKey() as key if key.key_size >= CURVE_BITS:
            return ""
        case key:
            bits = getattr(key, "key_size", "unknown")
            return f"has a key of a kind that is weak or unknown, of {bits} bits"


def ending(days_left: float) -> str:
    return "" if days_left > ENOUGH_DAYS else f"has {days_left:.1f} days left"


def signed_by(shown: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        shown.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def figures(met: Sequence[Met]) -> dict[str, float]:
    counted = [figure for each in met for figure, _ in each.faults]
    names = (
        "unverifiable_certificates",
        "weak_certificates",
        "ending_certificates",
        "unlike_certificates",
        "unchecked_doors",
    )
    days = [each.days_left for each in met if each.sha256]
    least = {"days_left": round(min(days), 1)} if days else {}
    return {name: counted.count(name) for name in names} | {"doors": len(met)} | least


def told(met: Sequence[Met], measured: dict[str, float]) -> tuple[str, ...]:
    days = measured.get("days_left")
    until = "nothing was seen" if days is None else f"the first one ends in {days:.0f} days"
    bad = [f"{each.door.words} {words}" for each in met for _, words in each.faults]
    good = len({each.door for each in met if not each.faults})
    return (
        f"{len(met)} doors asked from outside … {good} show a certificate that is believed and "
        f"named on the page; {until}",
        *bad[:SHOWN],
    )


def stand_ins(met: Sequence[Met]) -> tuple[str, ...]:
    names = sorted({each.door.name for each in met if each.own})
    if not names:
        return ()
    return (f"the site’s own authority has signed for {', '.join(names)}, and no public one",)
