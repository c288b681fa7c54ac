"""The operator's file before it is judged: where it lies, and that it is TOML.

Standard library only: what `up` says before anything is installed is read from it, too. Whether
the keys are right is `config.py`'s to say.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from standfast.core.errors import ConfigError
from standfast.mechanisms.hosts.local.sources import SUITES

FILE = "standfast.toml"
DEFAULT_NAME = "timesheets"
DEFAULT_PORT = 8443
DEFAULT_SUITE: Literal["bookworm"] = "bookworm"
"""On which everything here was tried longest."""


def read(path: Path | None) -> tuple[Path, dict[str, Any]]:
    """`path`, or the file in this folder, and what it says: nothing if there is none."""
    chosen = path or Path(FILE)
    if path is not None and not path.is_file():
        raise ConfigError(f"{path} is not there", remedy="Name a file that exists with --file.")
    return chosen, parse(chosen.read_bytes() if chosen.is_file() else b"", str(chosen))


def parse(text: bytes, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.decode())
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name} is not UTF-8: {error}", remedy="Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not TOML: {error}", remedy="Mend that line.") from error


def name_in(document: Mapping[str, Any]) -> str:
    name = document.get("name")
    return name if isinstance(name, str) and name else DEFAULT_NAME


def port_in(document: Mapping[str, Any]) -> int:
    port = document.get("port")
    return port if isinstance(port, int) and 0 < port < 65536 else DEFAULT_PORT


def suites_in(document: Mapping[str, Any]) -> tuple[str, ...]:
    """All that its machines are made of, the site's first."""
    suite = document.get("suite")
    sites = suite if isinstance(suite, str) and suite in SUITES else DEFAULT_SUITE
    machines = [each.get("suite") for each in machines_in(document)]
    return tuple(dict.fromkeys([sites, *(each for each in machines if each in SUITES)]))


def mirrored_in(document: Mapping[str, Any]) -> bool:
    """Whether machines made here are to have mirrored disks."""
    volumes = document.get("volumes")
    return not isinstance(volumes, dict) or volumes.get("mirrored") is not False


def machines_in(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Those that look like machines. Empty where the defaults are meant."""
    machines = document.get("machines")
    listed = machines if isinstance(machines, list) else []
    return tuple(each for each in listed if isinstance(each, dict) and "name" in each)
