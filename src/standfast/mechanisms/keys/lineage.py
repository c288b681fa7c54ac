"""Whether a sealed file is the newest, an older one, or one of two that grew apart.

Every sealing adds a random mark; machines keep the one with which they were last brought up. So
whoever holds a copy can say whether the machines have seen a newer one: theirs is then not among
ours. Pure.
"""

from collections.abc import Mapping

from standfast.core.errors import Refused

LIMIT = 500
"""Marks that are remembered: more sealings than a site sees in years. A machine that was away
for longer is told to be brought up with `--older-secrets`."""


def after(lineage: tuple[str, ...], mark: str) -> tuple[str, ...]:
    return (*lineage, mark)[-LIMIT:]


def behind(lineage: tuple[str, ...], seen: Mapping[str, str]) -> tuple[str, ...]:
    """The machines that have a mark which `lineage` does not hold. None has one at first."""
    return tuple(name for name, mark in sorted(seen.items()) if mark and mark not in lineage)


def must_be_newest(lineage: tuple[str, ...], seen: Mapping[str, str], file: str) -> None:
    newer = behind(lineage, seen)
    if newer:
        raise Refused(
            f"{', '.join(newer)}: brought up with other secrets than those of {file}, "
            "which is an older copy, or one that grew apart from theirs",
            remedy="Fetch the newest (`git pull`). If it is lost, or this one is to count: "
            "`standfast up --older-secrets`.",
        )
