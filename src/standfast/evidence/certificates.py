"""How anybody compares what the log says of a certificate with what is shown to him."""

from ipaddress import ip_address

from standfast.evidence.statement import ShownCertificate

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
