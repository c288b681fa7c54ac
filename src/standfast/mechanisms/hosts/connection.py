"""Reach a machine through the system's OpenSSH.

One connection per machine is kept open and shared (ssh_config(5), ControlMaster), so a
second command costs milliseconds. The operator's own configuration applies; what is set here only
makes a missing key an error instead of a question. Arguments are quoted for the remote shell here
and nowhere else.
"""

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from standfast.core.command import Command, Result, Runner, call, failed
from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.hosts.unreachable import unreachable

CONNECT_TIMEOUT_S = 10
"""Longer than any healthy network needs, short enough to be told before one gives up."""

ALIVE_TIMEOUT_S = 5
"""For `true` over an open connection. Giving one up too early costs nobody anything."""

KEPT_OPEN_S = 120
"""How long an unused connection stays: the pause between two commands of a person."""

SSH_FAILED = 255
"""ssh(1): the status by which ssh itself failed, rather than the remote program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    machine: Machine
    runner: Runner
    sockets: Path

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout_s: float = 60,
        check: bool = True,
        secrets: tuple[str, ...] = (),
    ) -> Result:
        """Run on the machine. An unreachable machine is `Unreachable`, a status is a failure."""
        command = Command(argv=self.words(*argv), stdin=stdin, timeout_s=timeout_s, secrets=secrets)
        result = self.runner.run(command, check=False)
        if result.status == SSH_FAILED:
            raise unreachable(self.machine, result.complaint)
        if check and result.status != 0:
            raise failed(Command(argv=(f"{self.machine.name}:", *argv), secrets=secrets), result)
        return result

    def run_anew(self, argv: Sequence[str], *, timeout_s: float = 60) -> Result:
        """Run over a connection of its own, made now: whoever can do this can get in."""
        words = self.words(*argv)
        shared = f"ControlPath={self.sockets / (self.machine.name + '.ssh')}"
        alone = tuple("ControlPath=none" if word == shared else word for word in words)
        result = self.runner.run(Command(argv=alone, timeout_s=timeout_s), check=False)
        if result.status == SSH_FAILED:
            raise unreachable(self.machine, result.complaint)
        if result.status != 0:
            raise failed(Command(argv=(f"{self.machine.name}:", *argv)), result)
        return result

    def words(self, *argv: str, terminal: bool = False) -> tuple[str, ...]:
        """The full command line that runs `argv` on the machine."""
        flags = ("-t",) if terminal else ("-T",)
        return (*self._ssh(), *flags, self._target(), "--", shlex.join(argv))

    def follow(self, argv: Sequence[str]) -> int:
        """Run with this terminal as the program's own, until it ends or is interrupted."""
        return call(Command(argv=self.words(*argv)))

    def forward(self, address: str, port: int) -> Path:
        """Make `address:port`, as the machine sees it, a socket on this computer; return it.

        Asked for every time: a socket file says nothing of the connection behind it. A shared
        connection that already forwards answers at once and keeps what it has.
        """
        path = self.sockets / f"{self.machine.name}.{port}"
        way = f"{path}:{address}:{port}"
        self._revive()
        if not path.exists():
            self._control("cancel", "-L", way)
        asked = self._control("forward", "-L", way)
        if asked.status != 0:
            raise unreachable(self.machine, asked.complaint)
        return path

    def close(self) -> None:
        with suppress(StandfastError):
            self._control("exit")
        for path in self.sockets.glob(f"{self.machine.name}.*"):
            path.unlink(missing_ok=True)

    def _revive(self) -> None:
        """See that the machine is reached. A shared connection from before a power cut looks open
        until its keep-alives have failed, so one that does not answer is shared no longer (what
        runs over it may end), and a new one is made, once."""
        if self._control("check").status == 0:
            try:
                self.run(["true"], timeout_s=ALIVE_TIMEOUT_S)
            except Unreachable:
                self._control("stop")
            else:
                return
        self.run(["true"])

    def _control(self, order: str, *words: str) -> Result:
        """Talk to the shared connection itself, not to the machine (ssh(1), -O)."""
        argv = (*self._ssh(), "-O", order, *words, self._target())
        return self.runner.run(Command(argv=argv), check=False)

    def _ssh(self) -> tuple[str, ...]:
        reach = self.machine.reach
        settings = (
            "BatchMode=yes",
            f"ConnectTimeout={CONNECT_TIMEOUT_S}",
            "ServerAliveInterval=5",
            "ServerAliveCountMax=3",
            "ControlMaster=auto",
            f"ControlPath={self.sockets / (self.machine.name + '.ssh')}",
            f"ControlPersist={KEPT_OPEN_S}",
            "StreamLocalBindUnlink=yes",
            *reach.options,
        )
        flags = (word for setting in settings for word in ("-o", setting))
        port = () if reach.port is None else ("-p", str(reach.port))
        return (*reach.through, "ssh", *port, *flags)

    def _target(self) -> str:
        reach = self.machine.reach
        return reach.host if reach.user is None else f"{reach.user}@{reach.host}"
