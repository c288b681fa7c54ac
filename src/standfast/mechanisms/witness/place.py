"""Where a witness that is run anywhere keeps its key, its name, and what it remembers.

witness.pem                 its private key (0600), made at the first run
name                        under which it cosigns
SHA-256 OF THE LOG'S NAME/  what it cosigned last (`evidence/witness.py`)
"""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from standfast.core.errors import ConfigError
from standfast.core.files import write_atomically
from standfast.evidence.note import good_name
from standfast.evidence.signing import Ed25519Signer

KEY, NAME = "witness.pem", "name"


def signer(folder: Path, name: str | None, *, default: str) -> Ed25519Signer:
    """The witness of this folder, made if there is none. Its name is part of its key: another name
    would be another witness with the same memory."""
    known = folder / NAME
    if known.is_file():
        found = known.read_text().strip()
        if name not in (None, found):
            raise ConfigError(
                f"--name: the witness in {folder} is called {found}, not {name}",
                remedy="Leave --name out, or give another --folder to a new witness.",
            )
        return Ed25519Signer.from_pem(found, (folder / KEY).read_bytes())
    chosen = name or default
    if not good_name(chosen):
        raise ConfigError(
            f"--name: {chosen!r} is no name of a key: it has spaces or a + in it",
            remedy="Take an address that is yours, such as example.com/witness.",
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / KEY).is_file():
        write_atomically(folder / KEY, drawn(), mode=0o600)
    write_atomically(known, f"{chosen}\n".encode())
    return Ed25519Signer.from_pem(chosen, (folder / KEY).read_bytes())


def drawn() -> bytes:
    """PEM (PKCS #8)."""
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
