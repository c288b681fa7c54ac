"""What a machine knows of its operators' secrets. Standard library only."""

from pathlib import Path

from standfast.core.command import Command, Runner
from standfast.mechanisms.hosts.names import OPERATORS, SECRETS_MARK

PROGRAM = "/usr/sbin/sshd"
SETTING = "authorizedkeysfile "


def mark() -> str:
    """Of the secrets with which this machine was last brought up; empty if it never was."""
    path = Path(SECRETS_MARK)
    return path.read_text().strip() if path.is_file() else ""


def looked_in(runner: Runner) -> str:
    """Where sshd looks for root's keys, without our own file; empty if it does not say."""
    asked = ("-T", "-C", "user=root,host=localhost,addr=127.0.0.1")
    done = runner.run(Command(argv=(PROGRAM, *asked)), check=False)
    return without_ours(done.text)


def without_ours(said: str) -> str:
    """`said`: the effective settings, as `sshd -T` prints them."""
    for line in said.splitlines():
        if line.startswith(SETTING):
            places = line.removeprefix(SETTING).split()
            return " ".join(place for place in places if place != OPERATORS and place != "none")
    return ""
