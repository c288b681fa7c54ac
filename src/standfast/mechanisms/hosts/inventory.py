"""What this machine really has of what its bundle wants. Runs on the machine, touches nothing.

Standard library only. The answer holds no secret: of a file that not everybody may read, it says
whether it is as planned, and nothing of what stands in it.
"""

import grp
import pwd
from base64 import b64encode
from dataclasses import asdict
from pathlib import Path
from typing import Any

from standfast.core.command import Command, Runner
from standfast.mechanisms.hosts import apply, foreign
from standfast.mechanisms.hosts.bundle import Bundle, File
from standfast.mechanisms.hosts.firewall import guard

READABLE_BY_ALL = 0o004
SHOWN_LIMIT = 65_536
"""Bytes of one file: more than any configuration that a person reads as a difference."""


def inventory(bundle: Bundle, ports: tuple[int, ...], runner: Runner) -> dict[str, Any]:
    """`ports`: on which the machine is going to listen."""
    ours = apply.noted(apply.INSTALLED)
    wanted = {file.path for file in bundle.files}
    return {
        "ours": bool(ours),
        "files": {file.path: found_file(file) for file in bundle.files},
        "removed": sorted(path for path in ours - wanted if Path(path).exists()),
        "packages": [name for name in bundle.packages if not apply.is_installed(name, runner)],
        "users": [user.name for user in bundle.users if not exists(user.name)],
        "units": [unit.name for unit in bundle.units if not is_enabled(unit.name, runner)],
        "firewall": guard.is_settled(guard.Places(), runner),
        "foreign": [asdict(each) for each in foreign.find(bundle, ours, ports, runner)],
    }


def found_file(file: File) -> dict[str, Any] | None:
    """None where there is none. `content` is base64, or null where it is not for everybody."""
    path = Path(file.path)
    if not path.is_file():
        return None
    if file.block:
        file = apply.whole(file, path)
    now, content = path.stat(), path.read_bytes()
    public = now.st_mode & file.mode & READABLE_BY_ALL and len(content) < SHOWN_LIMIT
    return {
        "same": content == file.content,
        "content": b64encode(content).decode() if public else None,
        "wanted": b64encode(file.content).decode() if public and file.block else None,
        "mode": now.st_mode & 0o7777,
        "owner": named(pwd.getpwuid, now.st_uid),
        "group": named(grp.getgrgid, now.st_gid),
    }


def named(look_up: Any, number: int) -> str:
    try:
        return str(look_up(number)[0])
    except KeyError:
        return str(number)


def exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def is_enabled(unit: str, runner: Runner) -> bool:
    asked = runner.run(Command(argv=("systemctl", "is-enabled", "--quiet", unit)), check=False)
    return asked.status == 0
