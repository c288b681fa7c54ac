"""security.txt as RFC 9116 wants it, from what the company has said in the log."""

from collections.abc import Iterator

from standfast.evidence.company import Security

WELL_KNOWN = "/.well-known/security.txt"


def security_txt(security: Security, canonical: str) -> str:
    return "".join(f"{line}\n" for line in lines(security, canonical))


def lines(security: Security, canonical: str) -> Iterator[str]:
    for each in security.contacts:
        yield f"Contact: {each}"
    yield f"Expires: {security.valid_until:%Y-%m-%dT%H:%M:%SZ}"
    if security.encryption:
        yield f"Encryption: {security.encryption}"
    if security.policy:
        yield f"Policy: {security.policy}"
    yield f"Canonical: {canonical}"
