"""Where snapshots lie off site, and by which words it opens. Standard library only."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from standfast.core.errors import ConfigError


class Kind(StrEnum):
    S3 = "s3"
    AZURE = "azure"
    SFTP = "sftp"
    FOLDER = "folder"


FORMS: Mapping[Kind, str] = {
    Kind.S3: "https://s3.eu-central-1.example.com/bucket/folder",
    Kind.AZURE: "account/container/folder",
    Kind.SFTP: "user@host:22/folder",
    Kind.FOLDER: "/folder",
}

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
FOLDER = rf"(?:/{NAME})+"
PATTERNS: Mapping[Kind, str] = {
    Kind.S3: rf"(?P<server>https?://[A-Za-z0-9.-]+(?::\d+)?)/(?P<bucket>{NAME})(?P<folder>{FOLDER})",
    Kind.AZURE: rf"(?P<account>[a-z0-9]{{3,24}})/(?P<container>{NAME})(?P<folder>{FOLDER})",
    Kind.SFTP: rf"(?P<user>{NAME})@(?P<host>[A-Za-z0-9.-]+):(?P<port>\d+)(?P<folder>{FOLDER})",
    Kind.FOLDER: rf"(?P<folder>{FOLDER})",
}

SSH_KEY = "SSH_KEY"
"""Content of the file with which an SFTP server is entered."""

AUTHORITY = "AUTHORITY"
"""Certificates (PEM) by which a store is known that the system does not trust."""

WORDS: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    Kind.S3: (("AWS_ACCESS_KEY_ID",), ("AWS_SECRET_ACCESS_KEY",)),
    Kind.AZURE: (("AZURE_ACCOUNT_SAS", "AZURE_ACCOUNT_KEY"),),
    Kind.SFTP: ((SSH_KEY,),),
    Kind.FOLDER: (),
}
"""Which words open a store of each kind: one of each group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """`authority` is a file with the certificates by which the store is known, on the machine that
    speaks to it; empty: those that the system trusts."""

    kind: Kind
    location: str
    region: str = ""
    site_region: str = ""
    authority: str = ""

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), indent=2, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_json(cls, text: bytes) -> "Store":
        return cls.from_document(json.loads(text))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Store":
        return cls(**{**document, "kind": Kind(document["kind"])})

    @property
    def parts(self) -> Mapping[str, str]:
        """Of the location, by the names in `PATTERNS`. `bucket`, `host`, `folder` …"""
        found = re.fullmatch(PATTERNS[self.kind], self.location)
        if found is None:
            raise ConfigError(
                f"offsite.location: {self.location} is no place of the kind {self.kind}",
                remedy=f"Write it like {FORMS[self.kind]}.",
            )
        return found.groupdict()


def is_in_form(kind: Kind, location: str) -> bool:
    return re.fullmatch(PATTERNS[kind], location) is not None


def opening(kind: Kind, given: Mapping[str, str]) -> Mapping[str, str]:
    """The words of `given` that a store of this kind takes. Raises `ConfigError` for one that is
    missing."""
    chosen = {}
    for group in WORDS[kind]:
        found = [name for name in group if given.get(name)]
        if not found:
            raise ConfigError(
                f"the store off site ({kind}) opens by {' or '.join(group)}, which is not sealed",
                remedy="Give it to `standfast backup offsite keys`, a line NAME=VALUE on stdin.",
            )
        chosen[found[0]] = given[found[0]]
    return chosen


def sealed(kind: Kind, given: Mapping[str, str]) -> Mapping[str, str]:
    """What is kept of `given`: the words that open it, and by what it is known if that is said."""
    own = {AUTHORITY: given[AUTHORITY]} if given.get(AUTHORITY) else {}
    return {**opening(kind, given), **own}
