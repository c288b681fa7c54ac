"""Whether a certificate is to be issued now. Pure."""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509

from standfast.mechanisms.keys.certificates.facts import covers


def due(own: x509.Certificate | None, names: Sequence[str], now: datetime) -> str:
    """Why; empty when nothing is to be done. A third of its life is left then: a month of the
    usual three, in which a server that is down comes back, and a person has time when not."""
    if own is None:
        return "there is none yet"
    missing = [each for each in names if not covers(own, each)]
    if missing:
        return f"it is not for {', '.join(missing)}"
    born, ends = own.not_valid_before_utc, own.not_valid_after_utc
    if ends - now <= (ends - born) / 3:
        return f"it ends on {ends:%Y-%m-%d}, and less than a third of its life is left"
    return ""
