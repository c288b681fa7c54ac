"""A program of ours that a drill has run on a machine, and an answer of it that makes no sense."""

from standfast.core.errors import CannotVerify

SYSTEM_PYTHON = "/usr/bin/python3"
"""For what uses the standard library only."""


def program(programs: str, name: str, *words: str, python: str = SYSTEM_PYTHON) -> tuple[str, ...]:
    """`programs`: the folder of our own source on the machine."""
    return (
        *("/usr/bin/env", f"PYTHONPATH={programs}", "PYTHONDONTWRITEBYTECODE=1"),
        *(python, "-m", name, *words),
    )


def unreadable(machine: str, where: str) -> CannotVerify:
    return CannotVerify(
        f"what {machine} found {where} cannot be read",
        remedy="Does it run the same release of Standfast? `standfast up` puts it there.",
    )
