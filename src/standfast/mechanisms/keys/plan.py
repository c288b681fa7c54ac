"""What the operators' list puts on every machine: their SSH keys, and which secrets it was brought
up with.

The keys lie in a file of ours, which sshd reads beside those that it read before; `authorized_keys`
of any user is left alone. It counts for root only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from standfast.mechanisms.hosts.bundle import Contribution, File
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.hosts.names import OPERATORS, SECRETS_MARK
from standfast.mechanisms.keys.operators import Operator

SSHD = "/etc/ssh/sshd_config.d/standfast-operators.conf"

WRITTEN = "# Written by Standfast from the plan. Edits are lost at the next `standfast up`.\n"

USUAL = ".ssh/authorized_keys .ssh/authorized_keys2"
"""Where sshd looks by default (sshd_config(5), AuthorizedKeysFile)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysAsk:
    """`mark` is the last sealing's; `looked_in`, by machine, where its sshd looks for root's keys
    without us. Where that is known to be empty, sshd did not say, or looks in no file: it is left
    as it is, because a wrong word would lock its owner out."""

    operators: tuple[Operator, ...]
    mark: str
    looked_in: Mapping[str, str] = field(default_factory=dict)


def plan(machine: Machine, ask: KeysAsk) -> Contribution:
    keys = "".join(f"{each.line}\n" for each in ask.operators if each.is_ssh)
    places = ask.looked_in.get(machine.name, USUAL)
    return Contribution(
        files=(
            File(path=OPERATORS, content=f"{WRITTEN}{keys}".encode()),
            File(path=SECRETS_MARK, content=f"{ask.mark}\n".encode(), mode=0o600),
            *((sshd(places),) if places else ()),
        )
    )


def sshd(places: str) -> File:
    """A block ends with its file (sshd_config(5), Include); what comes after it counts for all."""
    words = f"Match User root\n    AuthorizedKeysFile {places} {OPERATORS}\n"
    return File(path=SSHD, content=f"{WRITTEN}{words}".encode(), reloads=("ssh.service",))
