"""The planted fault `stray-listener`: a program that nobody planned listens on the edge, and the
firewall lets it through. What it serves is an empty folder.

    python3 -m standfast.mechanisms.edge.stray plant
    python3 -m standfast.mechanisms.edge.stray remove

Both may be repeated. Standard library only.
"""

import sys

from standfast.core.command import Command, Runner, SystemRunner
from standfast.mechanisms.hosts.agent.faults import CommandFault, by_words

NAME = "stray-listener"
MODULE = "standfast.mechanisms.edge.stray"
PORT = 8081
UNIT = "standfast-stray.service"
EMPTY = "/run/standfast-stray"
FIREWALL = "standfast-firewall.service"


def fault(source: str) -> CommandFault:
    return by_words(NAME, source, MODULE, "plant", "remove")


def plant(runner: Runner) -> None:
    remove(runner)
    runner.run(Command(argv=listener()))
    runner.run(Command(argv=opening()))


def remove(runner: Runner) -> None:
    """The firewall is loaded anew as a whole, which closes no connection."""
    runner.run(Command(argv=("systemctl", "stop", UNIT)), check=False)
    runner.run(Command(argv=("systemctl", "reload", FIREWALL)))


def listener() -> tuple[str, ...]:
    return (
        *("systemd-run", "--quiet", "--collect", f"--unit={UNIT}", "--property=DynamicUser=yes"),
        f"--property=RuntimeDirectory={EMPTY.rpartition('/')[2]}",
        *("/usr/bin/python3", "-m", "http.server", str(PORT), "--directory", EMPTY),
    )


def opening() -> tuple[str, ...]:
    return (
        *("nft", "insert", "rule", "inet", "standfast", "input"),
        *("tcp", "dport", str(PORT), "accept", "comment", NAME),
    )


def main(what: str) -> int:
    {"plant": plant, "remove": remove}[what](SystemRunner())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
