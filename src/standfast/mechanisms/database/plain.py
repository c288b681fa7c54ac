"""The fault `plain-replication`: the secondary fetches what it mirrors without encryption.

    python3 -m standfast.mechanisms.database.plain plain|encrypted

Patroni's file says so on both machines, which is all that an operator in a hurry would have to
change. A connection without TLS shows no certificate, so while the fault is planted, PostgreSQL
takes the other database machine's word, by its address alone. Waits until it is so here, and may be
repeated, on both machines too. Standard library only.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import Command, Runner, SystemRunner
from standfast.core.errors import CommandFailed
from standfast.core.files import write_atomically
from standfast.mechanisms.database.psql import psql
from standfast.mechanisms.hosts.agent.faults import CommandFault, by_words

FILE = Path("/etc/standfast/database/patroni.yml")
UNIT = "standfast-patroni.service"

PLAIN, ENCRYPTED = "plain", "encrypted"

LINE = re.compile(r"^( *- )hostssl( replication \S+ \S+ )cert .*$", re.MULTILINE)
LET_IN = re.compile(r"^ *- hostnossl replication .*\n", re.MULTILINE)
HOW = re.compile(r"^( +replication:\n +username: \S+\n +sslmode: )\S+$", re.MULTILINE)
"""As templates/patroni.yml has them."""

SHOWN: Mapping[str, str] = {
    PLAIN: (
        "SELECT EXISTS (SELECT FROM pg_hba_file_rules WHERE type = 'hostnossl') AND NOT EXISTS "
        "(SELECT FROM pg_stat_wal_receiver WHERE conninfo NOT LIKE '%sslmode=disable%')"
    ),
    ENCRYPTED: (
        "SELECT NOT EXISTS (SELECT FROM pg_hba_file_rules WHERE type = 'hostnossl') AND NOT EXISTS "
        "(SELECT FROM pg_stat_wal_receiver WHERE conninfo LIKE '%sslmode=disable%')"
    ),
}
"""A primary has no receiver, and a secondary whose primary is not ready for it none yet."""

WITHIN_S = 40.0
"""PostgreSQL may just be starting, on a machine that has its power back."""

POLL_S = 0.3


def fault(source: str) -> CommandFault:
    return by_words("plain-replication", source, __name__, PLAIN, ENCRYPTED)


def changed(file: str, word: str) -> str:
    """Patroni's file after that word: the same again if it was so already."""
    encrypted = HOW.sub(r"\g<1>verify-full", LET_IN.sub("", file))
    if word == ENCRYPTED:
        return encrypted
    let_in = LINE.sub(lambda line: f"{line[0]}\n{line[1]}hostnossl{line[2]}trust", encrypted)
    return HOW.sub(r"\g<1>disable", let_in)


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """Patroni and PostgreSQL of this machine."""

    runner: Runner
    clock: Clock
    file: Path = FILE

    def change(self, word: str) -> None:
        """Patroni that is not running reads its file when it starts."""
        there = self.file.stat()
        write_atomically(
            self.file,
            changed(self.file.read_text(), word).encode(),
            mode=there.st_mode & 0o777,
            uid=there.st_uid,
            gid=there.st_gid,
        )
        self.runner.run(Command(argv=("systemctl", "try-reload-or-restart", UNIT)))
        end = self.clock.monotonic() + WITHIN_S
        while not self.shows(word):
            if self.clock.monotonic() > end:
                raise CommandFailed(
                    f"replication here is not {word}",
                    remedy=f"Does it run? standfast logs MACHINE --unit {UNIT}",
                )
            self.clock.sleep(POLL_S)

    def shows(self, word: str) -> bool:
        asked = Command(argv=psql("postgres", f"--command={SHOWN[word]}"))
        said = self.runner.run(asked, check=False)
        return said.status == 0 and said.text.strip() == "t"


def main(words: Sequence[str]) -> None:
    (word,) = words
    Here(runner=SystemRunner(), clock=SystemClock()).change(word)


if __name__ == "__main__":
    main(sys.argv[1:])
