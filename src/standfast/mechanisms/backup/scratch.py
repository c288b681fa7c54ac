"""A PostgreSQL on restored files that can reach nobody and be reached by nobody else.

It listens on a socket in a folder that only its user enters, archives nothing, asks for no
secondary, and reads none of the configuration that came with the copy. Standard library only.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT

from standfast.core.clock import Clock
from standfast.core.command import Command, Runner, start
from standfast.core.errors import CannotVerify
from standfast.mechanisms.backup.digests import SEPARATOR

PORT = 5432
"""Part of the socket's name only."""

REPLAY_LIMIT_S = 6 * 3600.0
STOP_LIMIT_S = 300.0
POLL_S = 0.2
QUERY_LIMIT_S = 3 * 3600.0
TAIL_BYTES = 2000
"""Of the server's own words, when it does not come up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """`programs` is the folder of PostgreSQL's programs, `user` who runs this. `settings` are
    further ones, and outrank those here."""

    folder: Path
    programs: Path
    user: str
    runner: Runner
    clock: Clock
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def tablespaces(self) -> Path:
        return self.folder / "tablespaces"

    @property
    def socket(self) -> Path:
        return self.folder / "socket"

    def make(self) -> None:
        """Safe to repeat."""
        for folder in (self.folder, self.data, self.tablespaces, self.socket):
            folder.mkdir(mode=0o700, exist_ok=True)
        (self.folder / "postgresql.conf").touch()
        (self.folder / "pg_hba.conf").write_text("local all all peer map=scratch\n")
        (self.folder / "pg_ident.conf").write_text(f"scratch {self.user} postgres\n")

    @contextmanager
    def running(self) -> Iterator[Callable[[], int]]:
        """Come in when all WAL has been replayed and the server writes; stopped when left. What is
        given waits until the server has ended by itself."""
        with (self.folder / "log").open("wb") as log:
            server = start(self.server(), stdin=None, stdout=log, stderr=log)
            try:
                self._wait(server.poll)
                yield server.wait
            finally:
                server.send_signal(SIGINT)  # a fast shutdown: nobody is waited for
                server.wait(STOP_LIMIT_S)

    def server(self) -> Command:
        """`hot_standby=off`: with it, a copy of a server with more connections would not start;
        and nobody is to be answered before all has been replayed. `fsync=off`: what is destroyed
        anyway need not outlive a power cut."""
        settings = {
            "config_file": self.folder / "postgresql.conf",
            "hba_file": self.folder / "pg_hba.conf",
            "ident_file": self.folder / "pg_ident.conf",
            "listen_addresses": "",
            "port": PORT,
            "unix_socket_directories": self.socket,
            "archive_mode": "off",
            "autovacuum": "off",
            "hot_standby": "off",
            "fsync": "off",
            "max_prepared_transactions": 1000,
            "primary_conninfo": "",
            "shared_preload_libraries": "",
            "synchronous_standby_names": "",
            "ssl": "off",
            "logging_collector": "off",
            "timezone": "UTC",
            **self.settings,
        }
        words = (word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
        return Command(argv=(str(self.programs / "postgres"), "-D", str(self.data), *words))

    def query(self, database: str, script: str) -> str:
        """What psql prints for it: columns with a tab between them, a line for each row."""
        argv = (
            *(str(self.programs / "psql"), "--no-psqlrc", "--quiet", "--tuples-only"),
            *("--no-align", f"--field-separator={SEPARATOR}", "--set=ON_ERROR_STOP=1"),
            *(f"--host={self.socket}", f"--port={PORT}", "--username=postgres"),
            f"--dbname={database}",
        )
        command = Command(argv=argv, stdin=script.encode(), timeout_s=QUERY_LIMIT_S)
        return self.runner.run(command).text

    def run(self, program: str, *words: str) -> str:
        """One of PostgreSQL's programs, to its end; `CommandFailed` in its own words."""
        argv = (str(self.programs / program), *words)
        return self.runner.run(Command(argv=argv, timeout_s=QUERY_LIMIT_S)).text

    def _wait(self, status: Callable[[], int | None]) -> None:
        end = self.clock.monotonic() + REPLAY_LIMIT_S
        while not self._is_ready():
            if status() is not None or self.clock.monotonic() > end:
                raise CannotVerify(f"the restored PostgreSQL does not come up: {self._last()}")
            self.clock.sleep(POLL_S)

    def _is_ready(self) -> bool:
        argv = (
            *(str(self.programs / "pg_isready"), "--quiet"),
            *(f"--host={self.socket}", f"--port={PORT}"),
        )
        return self.runner.run(Command(argv=argv), check=False).status == 0

    def _last(self) -> str:
        said = (self.folder / "log").read_bytes()[-TAIL_BYTES:].decode("utf-8", "replace")
        return said.strip() or "it said nothing"
