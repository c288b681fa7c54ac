"""HAProxy as a process of this computer, and what it has used of the processor."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
START_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    process: "subprocess.Popen[bytes]"
    port: int

    def used_s(self) -> float:
        """Processor time so far, in user and kernel mode (proc(5), fields 14 and 15 of stat)."""
        text = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(text[11]) + int(text[12])) / TICKS_PER_S


@contextmanager
def listening(count: int) -> Iterator[tuple[socket.socket, ...]]:
    sockets = tuple(socket.create_server(("127.0.0.1", 0), backlog=1024) for _ in range(count))
    try:
        yield sockets
    finally:
        for each in sockets:
            each.close()


@contextmanager
def haproxy(path: Path, text: str, sockets: Sequence[socket.socket]) -> Iterator[Running]:
    """The last of the sockets is where it is asked."""
    path.write_text(text)
    port = sockets[-1].getsockname()[1]
    with subprocess.Popen(
        ("haproxy", "-db", "-f", str(path)),
        pass_fds=[each.fileno() for each in sockets],
        stdout=path.with_suffix(".log").open("wb"),
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            wait(process, port, path)
            yield Running(process=process, port=port)
        finally:
            process.kill()


def wait(process: "subprocess.Popen[bytes]", port: int, path: Path) -> None:
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(path.with_suffix(".log").read_text())
