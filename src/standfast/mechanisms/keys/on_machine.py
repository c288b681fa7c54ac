"""What a machine knows of its operators' secrets. Standard library only."""

from pathlib import Path

from standfast.core.command import Command, Runner
from standfast.mechanisms.hosts.names import OPERATORS, SECRETS_MARK

ASKED = ("/usr/sbin/sshd", "-T", "-C", "user=root,host=localhost,addr=127.0.0.1")
SETTING = "authorizedkeysfile "


def mark() -> str:
    """Of the secrets with which this machine was last brought up; empty if it never was."""
    path = Path(SECRETS_MARK)
    return path.read_text().strip() if path.is_file() else ""


def looked_in(runner: Runner) -> str:
    """Where sshd looks for root's keys, without our own file; empty if it does not say."""
    return without_ours(runner.run(Command(argv=ASKED), check=False).text)


def without_ours(said: str) -> str:
    """`said`: the effective settings, as `sshd -T` prints them."""
    for line in said.splitlines():
        if line.startswith(SETTING):
            places = line.removeprefix(SETTING).split()
            return " ".join(place for place in places if place != OPERATORS and place != "none")
    return ""
