"""Claim a machine for one command, so that a second operator's is told who is at work.

A process on the machine holds a lock of the kernel (flock(1)) for as long as the SSH session that
started it lasts. It ends when its standard input does: when the command here ends in any way, and
some 45 s after this computer has vanished from the network, which sshd finds out by
ClientAliveInterval. Nothing is ever left locked.
"""

from collections.abc import Callable
from dataclasses import dataclass

from standfast.core.command import NOTHING, Command, start
from standfast.mechanisms.hosts.connection import Connection

LOCK = "/run/standfast-claim.lock"
HOLDER = "/run/standfast-claim.holder"
HELD, BUSY = b"held", b"busy"

SCRIPT = f"""
exec 9>>{LOCK}
if flock --nonblock 9; then
    printf '%s\\n' "$1" >{HOLDER}
    echo held
    cat >/dev/null
    rm -f {HOLDER}
else
    printf 'busy '
    cat {HOLDER} || echo somebody
fi
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """`holder` says who else holds the machine. A machine that could not be asked is nobody's,
    and not held either."""

    held: bool = False
    holder: str = ""
    release: Callable[[], None]


def claim(connection: Connection, who: str) -> Claim:
    """`who` is what the second operator reads."""
    process = start(
        Command(argv=connection.words("sh", "-c", SCRIPT, "claim", who)), stderr=NOTHING
    )
    assert process.stdin is not None
    assert process.stdout is not None
    given, said = process.stdin, process.stdout.readline().strip()

    def release() -> None:
        given.close()
        process.wait()

    if said == HELD:
        return Claim(held=True, release=release)
    holder = said.removeprefix(BUSY).decode("utf-8", "replace").strip()
    return Claim(holder=holder if said.startswith(BUSY) else "", release=release)
