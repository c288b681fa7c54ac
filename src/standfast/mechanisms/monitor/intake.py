"""What machines have handed in and the log does not have yet: files in a folder, moved in whole.

It stays here until it is in the log as this monitor has it, so that it outlives the death of the
writer that took it up. What is not signed by an enrolled key is set aside and named, never logged.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from standfast.core.errors import CannotVerify, StandfastError
from standfast.core.files import write_atomically
from standfast.evidence.envelope import opened
from standfast.evidence.merkle import leaf_hash
from standfast.evidence.note import Verifier
from standfast.evidence.statement import (
    AnyPredicate,
    Availability,
    Calibration,
    Proof,
    TextNotice,
)

SPOOLED_LIMIT = 256
"""Files that are taken up at a time; the others wait in the folder for their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """`keys` may sign what is handed in. How available the service was, those of `monitors` alone
    may say, by their names."""

    spool: Path
    refused: Path
    keys: tuple[Verifier, ...]
    monitors: frozenset[str]
    say: Callable[[str], None]

    def waiting(self, logged: Container[bytes]) -> Mapping[str, bytes]:
        """Leaves by their hash in hexadecimal, which is their file's name from now on."""
        found: dict[str, bytes] = {}
        for path in sorted(self.spool.glob("*.json"))[:SPOOLED_LIMIT]:
            leaf = path.read_bytes()
            digest = leaf_hash(leaf)
            if digest in logged or not self._is_good(path, leaf):
                path.unlink(missing_ok=True)
                continue
            if path.stem != digest.hex():
                path.rename(path.with_name(f"{digest.hex()}.json"))
            found[digest.hex()] = leaf
        return found

    def names(self) -> frozenset[str]:
        """Of the files, without their ending: a leaf's hash, once it has been looked at."""
        return frozenset(each.stem for each in self.spool.glob("*.json"))

    def take(self, leaf: bytes) -> None:
        """From another monitor's spool into this one."""
        write_atomically(self.spool / f"{leaf_hash(leaf).hex()}.json", leaf, mode=0o600)

    def _is_good(self, path: Path, leaf: bytes) -> bool:
        try:
            found = opened(leaf, self.keys)
            must_be_handed_in(found.statement.predicate, found.signer.name, self.monitors)
        except StandfastError as error:
            self.say(f"refused {path.name}: {error.problem}")
            path.rename(self.refused / path.name)
            return False
        return True


def must_be_handed_in(predicate: AnyPredicate, signer: str, monitors: Container[str]) -> None:
    """Raises `CannotVerify` for what is not, or not by this signer."""
    if not isinstance(predicate, Proof | Calibration | TextNotice | Availability):
        raise CannotVerify("only proofs, calibrations, texts and counts of looks are handed in")
    if isinstance(predicate, Availability) and signer not in monitors:
        raise CannotVerify(f"{signer} is no monitor, and cannot say how available the service was")


def missing(
    elsewhere: Iterable[str], here: Container[str], logged: Container[bytes]
) -> tuple[str, ...]:
    """Which of the names in another monitor's spool are to be got from there."""
    return tuple(name for name in sorted(elsewhere) if name not in here and _new(name, logged))


def _new(name: str, logged: Container[bytes]) -> bool:
    """A name that is no hash of a leaf is nobody's."""
    try:
        digest = bytes.fromhex(name)
    except ValueError:
        return False
    return digest.hex() == name and len(digest) == 32 and digest not in logged
