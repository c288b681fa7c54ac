"""Every secret of a site in one file, sealed to each operator's key, and open in memory alone.

A secret has a name and is text. What a program must read as a file is called `files/NAME`; it lies
in a folder in memory while a command runs (`unsealed.py`). A newer Standfast draws what an older
one did not know, and keeps what it does not know itself.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from standfast.core.command import Runner
from standfast.core.errors import ConfigError, Refused
from standfast.core.files import write_atomically
from standfast.mechanisms.keys import age, lineage, operators
from standfast.mechanisms.keys.identities import Identity
from standfast.mechanisms.keys.operators import Operator

FORMAT = 1
MARK_BYTES = 8
FILES = "files/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    operators: tuple[Operator, ...]
    lineage: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)

    def to_json(self) -> bytes:
        return json.dumps(
            {
                "format": FORMAT,
                "operators": [{"name": each.name, "key": each.key} for each in self.operators],
                "lineage": list(self.lineage),
                "kept": dict(sorted(self.kept.items())),
            },
            indent=1,
        ).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Contents":
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise ConfigError(
                f"the sealed secrets have format {document['format']}, and {FORMAT} is known here",
                remedy="Was it written by a newer Standfast? Use that one.",
            )
        return cls(
            operators=tuple(Operator(**each) for each in document["operators"]),
            lineage=tuple(document["lineage"]),
            kept=document["kept"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`sealed` is secrets.age, `listed` the operators' list beside it."""

    sealed: Path
    listed: Path

    def operators(self) -> tuple[Operator, ...]:
        if not self.listed.is_file():
            return ()
        return operators.parse(self.listed.read_text(), str(self.listed))

    def take(self, other: "Place") -> None:
        """Move both here. Killed in between, both places hold the same. A list that lies here
        already was written by a person."""
        if other.listed.is_file() and not self.listed.is_file():
            put_down(self.listed, other.listed.read_bytes())
        put_down(self.sealed, other.sealed.read_bytes())
        other.sealed.unlink()
        other.listed.unlink(missing_ok=True)


@dataclass(slots=True, kw_only=True)
class Vault:
    """`saved` is what the file holds, `digest` its own, so that nobody's change is overwritten."""

    place: Place
    runner: Runner
    contents: Contents = field(repr=False)
    saved: Contents | None = field(default=None, repr=False)
    digest: str = ""

    @classmethod
    def open(cls, place: Place, identities: tuple[Identity, ...], runner: Runner) -> "Vault":
        plain = age.unseal(place.sealed, identities, place.operators(), runner)
        contents = Contents.from_json(plain)
        return cls(
            place=place,
            runner=runner,
            contents=contents,
            saved=contents,
            digest=digest(place.sealed),
        )

    @classmethod
    def begin(cls, place: Place, first: Operator, runner: Runner) -> "Vault":
        """A new one, for whoever makes the site and for all that are listed already."""
        others = tuple(each for each in place.operators() if each.key != first.key)
        mine = [each for each in place.operators() if each.key == first.key]
        return cls(
            place=place,
            runner=runner,
            contents=Contents(operators=(*(mine or [first]), *others)),
        )

    @property
    def mark(self) -> str:
        """Of the last sealing; machines remember it."""
        return self.contents.lineage[-1] if self.contents.lineage else ""

    @property
    def operators(self) -> tuple[Operator, ...]:
        return self.contents.operators

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.contents.kept))

    def get(self, name: str) -> str | None:
        return self.contents.kept.get(name)

    def read(self, name: str) -> bytes:
        """What is known to be kept."""
        return self.contents.kept[name].encode("utf-8", "surrogateescape")

    def ensure(self, name: str, draw: Callable[[], str]) -> str:
        """What is kept under that name, drawn now if nothing is."""
        found = self.get(name)
        if found is None:
            found = draw()
            self.put(name, found)
        return found

    def put(self, name: str, text: str) -> None:
        self.contents = replace(self.contents, kept={**self.contents.kept, name: text})

    def drop(self, name: str) -> None:
        kept = {each: text for each, text in self.contents.kept.items() if each != name}
        self.contents = replace(self.contents, kept=kept)

    def admit(self, operator: Operator) -> None:
        """Also under a new key: the old one of that name opens nothing that is sealed from now."""
        age.check(operator, self.runner)
        others = tuple(each for each in self.operators if each.name != operator.name)
        self.contents = replace(self.contents, operators=(*others, operator))

    def dismiss(self, name: str) -> None:
        others = tuple(each for each in self.operators if each.name != name)
        self.contents = replace(self.contents, operators=others)

    def save(self) -> bool:
        """Seal, if something has changed; whether it had. Killed at any moment, the file is the
        old one or the new one, and the list for people is mended by the next save."""
        if self.contents == self.saved:
            return False
        if digest(self.place.sealed) != self.digest:
            raise Refused(
                f"{self.place.sealed} has changed while this command was at work",
                remedy="Run it again; it goes on from the file that is there now.",
            )
        mark = secrets.token_hex(MARK_BYTES)
        self.contents = replace(self.contents, lineage=lineage.after(self.contents.lineage, mark))
        sealed = age.seal(self.contents.to_json(), self.operators, self.runner)
        put_down(self.place.sealed, sealed)
        self._list()
        self.saved = self.contents
        self.digest = digest(self.place.sealed)
        return True

    def _list(self) -> None:
        """Lines that name nobody in here stay, for a person to judge."""
        before = () if self.saved is None else self.saved.operators
        known = {each.name for each in (*self.operators, *before)}
        strangers = tuple(each for each in self.place.operators() if each.name not in known)
        put_down(self.place.listed, operators.written((*self.operators, *strangers)))


def put_down(path: Path, content: bytes) -> None:
    """Owned by whoever owns the folder: `sudo` must not lock a person out of his repository."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = path.parent.stat()
    write_atomically(path, content, uid=owner.st_uid, gid=owner.st_gid)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
