"""Run other programs: the only file that imports `subprocess`.

A wrapped program is a function that returns a `Command`; running it is the caller's business, and
parsing what it printed is another pure function. No command passes through a shell on this
computer. Secrets named in `secrets` are masked wherever the command is shown.
"""

import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Protocol, Self

from standfast.core.errors import CommandFailed, StandfastError, Unreachable

TIMEOUT_S = 60.0
"""Long enough for any program that answers at once; what takes longer says so."""

TAIL_LINES = 12
"""How much of a failed program's output an error carries: what fits on a screen beside the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    argv: tuple[str, ...]
    stdin: bytes = field(default=b"", repr=False)
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    timeout_s: float = TIMEOUT_S

    def __str__(self) -> str:
        return masked(" ".join(self.argv), self.secrets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    status: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        return self.stdout.decode("utf-8", "replace")

    @property
    def complaint(self) -> str:
        return self.stderr.decode("utf-8", "replace")


NOTHING = subprocess.DEVNULL
"""For `start`: no input, or output that nobody reads."""


class Runner(Protocol):
    def run(self, command: Command, *, check: bool = True) -> Result:
        """Run to the end. With `check`, a status other than 0 raises `CommandFailed`."""


class SystemRunner:
    def run(self, command: Command, *, check: bool = True) -> Result:
        try:
            done = subprocess.run(
                command.argv,
                input=command.stdin,
                env=merged(command.environment),
                capture_output=True,
                timeout=command.timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Unreachable(
                f"{command} did not end within {command.timeout_s:g} s",
                remedy="Is the machine under load, or does the program wait for something?",
            ) from error
        except OSError as error:
            raise missing(command, error) from error
        result = Result(status=done.returncode, stdout=done.stdout, stderr=done.stderr)
        if check and result.status != 0:
            raise failed(command, result)
        return result


def start(
    command: Command,
    *,
    stdin: int | IO[bytes] | None = subprocess.PIPE,
    stdout: int | IO[bytes] | None = subprocess.PIPE,
    stderr: int | IO[bytes] | None = subprocess.PIPE,
    own_session: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program that is talked to while it runs, or that outlives this one."""
    try:
        return subprocess.Popen(
            command.argv,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=merged(command.environment),
            start_new_session=own_session,
        )
    except OSError as error:
        raise missing(command, error) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A program that is talked to by lines. Leaving the block ends it."""

    process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hush()
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def say(self, line: bytes) -> None:
        """To one that has ended it says nothing; that it has is for `hear` to find out."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(line + b"\n")
            self.process.stdin.flush()

    def hush(self) -> None:
        """Nothing more is said to it. Safe to repeat."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()

    def hear(self) -> bytes:
        """Wait for its next line; empty when it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()


def talk(command: Command) -> Talk:
    return Talk(process=start(command, stderr=NOTHING))


def call(command: Command) -> int:
    """Run with this terminal as the program's own: a pager, a log that is followed."""
    try:
        return subprocess.call(command.argv, env=merged(command.environment))
    except OSError as error:
        raise missing(command, error) from error


def failed(command: Command, result: Result) -> CommandFailed:
    said = (result.complaint.strip() or result.text.strip()).splitlines()[-TAIL_LINES:]
    words = masked("\n".join(said), command.secrets) or "it said nothing"
    return CommandFailed(f"{command} ended with status {result.status}: {words}")


def missing(command: Command, error: OSError) -> StandfastError:
    return CommandFailed(
        f"{command.argv[0]} cannot be run: {error.strerror}",
        remedy=f"Is the program {command.argv[0]} installed?",
    )


def masked(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        if secret:
            text = text.replace(secret, "•••")
    return text


def merged(environment: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if environment is None else {**os.environ, **environment}
