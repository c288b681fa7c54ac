"""Whose cosignatures a reader requires before believing a checkpoint: C2SP tlog-policy.

    log VKEY [URL]
    witness NAME VKEY [URL]
    group NAME all|any|K MEMBER…
    quorum NAME|none
    timestamp NAME SHA-256 [DAYS]

The last is ours, and in no file that a site shows: an authority whose time-stamps (RFC 3161) are to
be checked, by the hash of its root, and how old the newest may be. Programs of others do not know
it.

Names are defined before they are used, and each is a member of one group at most, so that every
witness counts once. Names are told apart octet by octet.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from standfast.core.errors import CannotVerify
from standfast.evidence.cosignature import Cosignature, Cosigner, cosignatures, parse_cosigner
from standfast.evidence.note import Verifier, parse_vkey
from standfast.evidence.timestamp.authority import is_name

NONE = "none"
MONITORS = "monitors"
"""What the group of a site's own witnesses is called."""

LIMIT_BYTES = 1_000_000
DEFINED_LIMIT = 1000
"""Logs, witnesses and groups in one file; the format asks for 32 of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A time-stamp authority: SHA-256 of its root's certificate (hexadecimal), and how old its
    newest time-stamp may be; None if it need not have given any."""

    sha256: str
    newest_within: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`text` is the file, as it was written. `quorum` names a witness or a group, or is `none`."""

    text: str
    logs: tuple[Verifier, ...]
    witnesses: Mapping[str, Cosigner]
    groups: Mapping[str, Group]
    quorum: str
    timestamps: Mapping[str, Pin] = field(default_factory=dict)

    def cosigned_by(self, note: bytes) -> Mapping[str, Cosignature]:
        """By the witness's name here. Raises `CannotVerify` where one of them is false."""
        names = {key.id: name for name, key in self.witnesses.items()}
        found = cosignatures(note, self.witnesses.values())
        return {names[each.witness.id]: each for each in found}

    def satisfied(self, cosigned: Iterable[str]) -> bool:
        return self.quorum == NONE or self._stands(self.quorum, frozenset(cosigned))

    @property
    def requires_anybody(self) -> bool:
        """Whether it is worth remembering."""
        return self.quorum != NONE or bool(self.timestamps)

    def _stands(self, name: str, cosigned: frozenset[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in cosigned
        return sum(self._stands(each, cosigned) for each in group.members) >= group.least

    def key(self, origin: str) -> str | None:
        """Of the log of that name, in one line."""
        return next((each.vkey for each in self.logs if each.name == origin), None)

    @property
    def words(self) -> str:
        """What it requires, for a person."""
        group = self.groups.get(self.quorum)
        if group is None:
            return "nobody" if self.quorum == NONE else self.quorum
        of = ", ".join(group.members)
        return f"{group.least} of {of}" if len(group.members) > 1 else of


def of_monitors(
    log: str,
    witnesses: Mapping[str, str],
    least: int,
    besides: Mapping[str, str] = MappingProxyType({}),
    timestamps: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The policy of a site: at least so many of its monitors' witnesses, keys by name. Those
    `besides` are known, and not required. `timestamps`: the roots of authorities by their names."""
    names = sorted(witnesses)
    lines = (
        f"log {log}",
        *(f"witness {name} {witnesses[name]}" for name in names),
        *(f"witness {name} {besides[name]}" for name in sorted(besides)),
        f"group {MONITORS} {least} {' '.join(names)}",
        f"quorum {MONITORS}",
        *(f"timestamp {name} {timestamps[name]}" for name in sorted(timestamps)),
    )
    return "".join(f"{line}\n" for line in lines)


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What the lines so far have defined."""

    logs: list[Verifier] = field(default_factory=list)
    witnesses: dict[str, Cosigner] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    keys: set[bytes] = field(default_factory=set)
    quorum: str = ""
    timestamps: dict[str, Pin] = field(default_factory=dict)

    def log(self, words: Sequence[str]) -> None:
        if len(words) not in (1, 2):
            raise _bad("a log has a key and perhaps a URL")
        key = parse_vkey(words[0])
        if any(each.public_key == key.public_key for each in self.logs):
            raise _bad(f"the key of {key.name} is there twice")
        self.logs.append(key)

    def witness(self, words: Sequence[str]) -> None:
        if len(words) not in (2, 3):
            raise _bad("a witness has a name, a key and perhaps a URL")
        key = parse_cosigner(words[1])
        if key.public_key in self.keys:
            raise _bad(f"the key of {words[0]} is there twice")
        self.keys.add(key.public_key)
        self.witnesses[self._new(words[0])] = key

    def group(self, words: Sequence[str]) -> None:
        if len(words) < 3:
            raise _bad("a group has a name, a number and members")
        name, least, *members = words
        for each in members:
            self._defined(each)
            if each in self.taken:
                raise _bad(f"{each} is a member twice")
            self.taken.add(each)
        self.groups[self._new(name)] = Group(
            least=_least(least, len(members)), members=tuple(members)
        )

    def end(self, words: Sequence[str]) -> None:
        if self.quorum or len(words) != 1:
            raise _bad("it has exactly one quorum, of one name")
        if words[0] != NONE:
            self._defined(words[0])
        self.quorum = words[0]

    def timestamp(self, words: Sequence[str]) -> None:
        if len(words) not in (2, 3):
            raise _bad("a time-stamp authority has a name, a hash and perhaps a number of days")
        name, sha256, *days = words
        if not is_name(name) or name in self.timestamps or len(self.timestamps) >= DEFINED_LIMIT:
            raise _bad(f"the name {name} is taken, or none for a time-stamp authority")
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise _bad(f"{sha256} is no SHA-256 in hexadecimal")
        if days and not re.fullmatch(r"[1-9][0-9]{0,4}", days[0]):
            raise _bad(f"{days[0]} is no number of days")
        within = timedelta(days=int(days[0])) if days else None
        self.timestamps[name] = Pin(sha256=sha256, newest_within=within)

    def _new(self, name: str) -> str:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise _bad(f"the name {name} is taken")
        if len(self.witnesses) + len(self.groups) >= DEFINED_LIMIT:
            raise _bad(f"it defines more than {DEFINED_LIMIT} names")
        return name

    def _defined(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise _bad(f"{name} is not defined above")


SORTS: Mapping[str, Callable[[_Reading, Sequence[str]], None]] = MappingProxyType(
    {
        "log": _Reading.log,
        "witness": _Reading.witness,
        "group": _Reading.group,
        "quorum": _Reading.end,
        "timestamp": _Reading.timestamp,
    }
)


def parse(data: bytes) -> Policy:
    """Raises `CannotVerify` with the number of the line that is wrong."""
    if len(data) > LIMIT_BYTES:
        raise _bad("it is longer than 1 MB")
    if any((each < 0x20 and each not in b"\t\n") or each == 0x7F for each in data):
        raise _bad("it has control characters")
    text = data.decode("utf-8", "surrogateescape")
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.replace("\t", " ").split(" ")
        sort, *rest = [each for each in words if each] or ("#",)
        if sort.startswith("#"):
            continue
        if sort not in SORTS:
            raise _bad(f"line {number} begins with {sort}")
        try:
            SORTS[sort](reading, rest)
        except CannotVerify as error:
            raise CannotVerify(f"line {number} of the policy: {error.problem}") from error
    if not reading.quorum:
        raise _bad("it names no quorum")
    return Policy(
        text=text,
        logs=tuple(reading.logs),
        witnesses=reading.witnesses,
        groups=reading.groups,
        quorum=reading.quorum,
        timestamps=reading.timestamps,
    )


def _least(text: str, members: int) -> int:
    if text in ("all", "any"):
        return members if text == "all" else 1
    if not (text.isascii() and text.isdigit()) or text != str(int(text[:4])):
        raise _bad(f"{text} is neither all, any, nor a number")
    if not 1 <= int(text) <= members:
        raise _bad(f"{text} of {members} members cannot be required")
    return int(text)


def _bad(problem: str) -> CannotVerify:
    return CannotVerify(
        f"this is no policy: {problem}",
        remedy="The form is C2SP tlog-policy; `standfast evidence verify --help` names its lines.",
    )
