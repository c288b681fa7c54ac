"""How anybody compares what the log says of a certificate with what is shown to him."""

from collections.abc import Sequence
from ipaddress import ip_address

from standfast.evidence.entries import Entry, by_kind
from standfast.evidence.statement import CertificatesNotice, ShownCertificate

PORT = 443


def command(of: ShownCertificate, address: str) -> str:
    """For a shell: what that address shows to whoever asks for the certificate's first name. Who
    asks for an address says no name (RFC 6066, section 3)."""
    name = of.names[0]
    asked = "-noservername" if is_address(name) else f"-servername {name}"
    where = f"[{address}]" if ":" in address else address
    return (
        f"openssl s_client -connect {where}:{PORT} {asked} </dev/null 2>/dev/null "
        "| openssl x509 -noout -fingerprint -sha256"
    )


def answer(of: ShownCertificate) -> str:
    """As OpenSSL prints it; older ones write SHA256."""
    pairs = (of.sha256[at : at + 2].upper() for at in range(0, len(of.sha256), 2))
    return f"sha256 Fingerprint={':'.join(pairs)}"


def is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def shown_by(entries: Sequence[Entry]) -> tuple[ShownCertificate, ...]:
    """Which certificates the log names now: by its newest notice of them."""
    notice = newest(entries)
    return notice[1].certificates if notice else ()


def newest(entries: Sequence[Entry]) -> tuple[int, CertificatesNotice] | None:
    for entry in reversed(by_kind(entries).notices):
        if isinstance(predicate := entry.statement.predicate, CertificatesNotice):
            return entry.index, predicate
    return None
