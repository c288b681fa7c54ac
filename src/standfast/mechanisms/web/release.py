"""A release: what `install` made of the service's source, and the commands that belong to it.

The commands travel with the release, so that a machine that goes back starts what it started then,
whatever the operator's file says by now.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from standfast.mechanisms.hosts.names import SERVICE_HOME
from standfast.mechanisms.web.settings import Commands

RELEASES = f"{SERVICE_HOME}/releases"
NOTE = "/etc/standfast/release.json"
"""On a web machine: the release that its units start. Written with them, in one bundle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """`digest` is that of everything the release is made of, its commands included."""

    digest: str
    commands: Commands

    @property
    def folder(self) -> str:
        return f"{RELEASES}/{self.digest}"

    def document(self) -> Mapping[str, Any]:
        return {"digest": self.digest, "commands": self.commands.model_dump(mode="json")}

    def note(self) -> bytes:
        return json.dumps(self.document(), indent=1, sort_keys=True).encode() + b"\n"


def parse(document: Mapping[str, Any] | None) -> Release | None:
    """None where there is none, or one that this version cannot start again."""
    if not document:
        return None
    try:
        commands = Commands.model_validate(document["commands"])
    except (KeyError, ValidationError):
        return None
    return Release(digest=str(document["digest"]), commands=commands)
