"""Say why SSH did not get to a machine, from what ssh(1) complained of."""

from standfast.core.errors import Unreachable
from standfast.mechanisms.hosts.machine import Machine

UNVERIFIED = "Host key verification failed"
CHANGED = "REMOTE HOST IDENTIFICATION HAS CHANGED"


def unreachable(machine: Machine, complaint: str) -> Unreachable:
    host = machine.reach.host
    if CHANGED in complaint:
        return Unreachable(
            f"{machine.name} ({host}) shows another SSH host key than the one that is known",
            remedy="Was it made anew? Then `ssh-keygen -R` with its host forgets the old key; "
            "if it was not, somebody may stand in between.",
        )
    if UNVERIFIED in complaint:
        return Unreachable(
            f"the SSH host key of {machine.name} ({host}) is not known here",
            remedy=f"Run `ssh {host}` once by hand with the same user and port, compare the "
            "fingerprint with the machine's own, and accept it.",
        )
    said = complaint.strip().splitlines()
    return Unreachable(
        f"{machine.name} ({host}) cannot be reached by SSH: "
        f"{said[-1].strip() if said else 'the connection was lost'}",
        remedy="Is the machine on, and does `ssh` with the same user, host and port work by hand?",
    )
