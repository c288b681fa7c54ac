"""What `up` says on a computer where nothing is installed yet, and what it refuses there.

Run by the distribution's own Python before Debian's and Python's packages are fetched, so it is
written in the standard library alone:
`python3 -I -c … ROOT PACKAGES VENV ARGUMENT…`, where PACKAGES names the Debian packages that are
missing, VENV is `yes` when Python's are, and the rest is the command line. Any command but `up`
passes in silence. `cli/preflight.py` looks again, with the same eyes, when all is there.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from standfast.core.command import SystemRunner
from standfast.core.errors import ConfigError, StandfastError
from standfast.mechanisms.hosts.local import document
from standfast.mechanisms.hosts.local.foretold import foretold
from standfast.mechanisms.hosts.local.image import Image, missing
from standfast.mechanisms.hosts.local.needs import Wanted
from standfast.mechanisms.hosts.local.refusal import first_missing, must_be_root, not_offered
from standfast.mechanisms.hosts.local.survey import candidates, survey
from standfast.mechanisms.hosts.machine import DEFAULT_ROLES, Folders, resting


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An `up` on the command line."""

    file: Path | None
    quiet: bool


def main() -> None:
    root, packages, venv, *words = sys.argv[1:]
    asked = asked_for_up(words)
    if asked is None:
        return
    try:
        must_be_root(os.geteuid())
        _, said = document.read(asked.file)
        if not is_made_here(said):
            return
        wanted = wanted_of(
            said, os.environ, Path(root), packages=tuple(packages.split()), venv=venv == "yes"
        )
        look(wanted, quiet=asked.quiet)
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        sys.exit(error.exit_code)


def look(wanted: Wanted, *, quiet: bool) -> None:
    """apt-cache is asked last: it may take a second, and what comes before it is not to wait."""
    found = survey(wanted)
    if not quiet:
        print("\n".join(foretold(wanted, found)), file=sys.stderr, flush=True)
    refuse(first_missing(wanted, found))
    if wanted.packages:
        known = candidates(wanted.packages, SystemRunner())
        if known is not None:
            refuse(not_offered(wanted.packages, known))


def refuse(error: ConfigError | None) -> None:
    if error is not None:
        raise error


def asked_for_up(words: Sequence[str]) -> Asked | None:
    """As `cli` reads them, as far as `up` goes: help and mistakes are left to it."""
    file: Path | None = None
    rest = iter(words)
    for word in rest:
        if word in ("-f", "--file"):
            file = Path(next(rest, ""))
        elif word.startswith("--file="):
            file = Path(word.removeprefix("--file="))
        elif word == "up":
            after = tuple(rest)
            helped = {"-h", "--help"} & set(after)
            return None if helped else Asked(file=file, quiet="--json" in after)
        else:
            return None
    return None


def is_made_here(said: Mapping[str, object]) -> bool:
    return not any("address" in machine for machine in document.machines_in(said))


def wanted_of(
    said: Mapping[str, object],
    environment: Mapping[str, str],
    root: Path,
    *,
    packages: tuple[str, ...],
    venv: bool,
) -> Wanted:
    name = document.name_in(said)
    folders = Folders(site=name, **resting(environment))
    lock = (root / "requirements" / "standfast.lock").read_bytes()
    suites = document.suites_in(said)
    listed = tuple(str(machine["name"]) for machine in document.machines_in(said))
    return Wanted(
        site=name,
        machines=listed or tuple(DEFAULT_ROLES),
        port=document.port_in(said),
        folders=folders,
        suites=suites,
        mirrored=document.mirrored_in(said),
        packages=packages,
        venv=venv,
        images=missing(Image(suite=each, lock=lock, cache=folders.cache) for each in suites),
    )
