"""How long a newcomer waits: from nothing to the service, and until all promises were tried.

    bin/bench up [--cached]

The clock is this program's own: it starts `bin/standfast` and asks the service's health page over
verified TLS until it answers, apart from what the command says. Without `--cached` it begins with
an empty cache in a folder of its own, so that the base image is made anew (this computer's own
packages, if they are missing, are installed before the clock starts and are said apart).
"""

import argparse
import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
STATE = Path(os.environ.get("STANDFAST_STATE", "/var/lib/standfast"))
NAME = "bench-up"
LIMIT_S = 1800


class Bench:
    def __init__(self, cache: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="standfast-bench-"))
        self.file = self.folder / "standfast.toml"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.file.write_text(f'name = "{NAME}"\nport = {self.port}\n')
        self.environment = {**os.environ, "STANDFAST_CACHE": str(cache)}
        self.rows: list[tuple[str, float, str]] = []

    def run(self, *words: str) -> tuple[float, str, int]:
        """Seconds, what stands on stdout, and the exit status."""
        began = time.monotonic()
        done = subprocess.run(
            [str(ROOT / "bin" / "standfast"), "--file", str(self.file), *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        if done.returncode == 2 or (done.returncode and words[0] == "destroy"):
            raise SystemExit(done.stderr)
        return time.monotonic() - began, done.stdout, done.returncode

    def up(self) -> tuple[float, float, dict[str, Any]]:
        """Seconds to the first answer, seconds to the end, and what `up --json` said."""
        answered: list[float] = []
        over = threading.Event()
        began = time.monotonic()
        watcher = threading.Thread(target=self.watch, args=(began, answered, over))
        watcher.start()
        try:
            took, said, status = self.run("up", "--json")
        finally:
            over.set()
            watcher.join()
        if status != 0 or not answered:
            raise SystemExit(f"up ended with {status}: {said}")
        return answered[0], took, json.loads(said)

    def watch(self, began: float, answered: list[float], over: threading.Event) -> None:
        authority = STATE / "sites" / NAME / "ca.pem"
        while not over.is_set():
            with contextlib.suppress(OSError):
                context = ssl.create_default_context(cafile=str(authority))
                url = f"https://127.0.0.1:{self.port}/health"
                with urllib.request.urlopen(url, context=context, timeout=5) as answer:
                    if answer.status == 200:
                        answered.append(time.monotonic() - began)
                        return
            over.wait(0.1)

    def row(self, what: str, seconds: float, limit: str) -> None:
        self.rows.append((what, seconds, limit))
        print(f"{what:<58} {seconds:7.1f} s  {limit}", flush=True)

    def clean(self) -> None:
        with contextlib.suppress(SystemExit):
            self.run("destroy", "--yes")
        shutil.rmtree(self.folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cached", action="store_true", help="leave out making the image")
    cached = parser.parse_args().cached
    usual = Path(os.environ.get("STANDFAST_CACHE", "/var/cache/standfast"))
    cache = usual if cached else Path(tempfile.mkdtemp(prefix="standfast-bench-cache-"))
    bench = Bench(cache)
    try:
        measure(bench, cached=cached)
    finally:
        bench.clean()
        if not cached:
            shutil.rmtree(cache)


def figures(proof: Mapping[str, Any]) -> str:
    """What was promised, beside it what was measured."""
    measured, objective = proof["measured"], proof["objective"]
    return ", ".join(
        f"{name} {measured[name]:g} (≤ {limit:g})" for name, limit in objective.items()
    )


def measure(bench: Bench, *, cached: bool) -> None:
    took, _, _ = bench.run("--help")
    print(f"(programs for this computer and the runtime's Python packages: {took:.1f} s)")
    before = None
    if not cached:
        before, _, _ = bench.up()
        bench.row("nothing cached: to the service answering", before, "≤ 300")
        bench.run("destroy", "--yes")
    answered, took, said = bench.up()
    if before is not None:
        bench.row(
            "  of it the image and the service's packages (difference)", before - answered, "≤ 90"
        )
    bench.row("image cached: to the service answering", answered, "≤ 90")
    bench.row("image cached: to all promises tried, checks seen red", took, "≤ 300")
    for proof in said["proofs"]:
        print(f"  {proof['drill']}: {proof['outcome']}, {proof['grade']}: {figures(proof)}")
    took, _, _ = bench.run("up", "--json")
    bench.row("up with nothing to do", took, "≤ 10")
    took, _, _ = bench.run("status", "--json")
    bench.row("status", took, "")
    for drill in ("web-server", "database-crash", "database-host"):
        took, text, _ = bench.run("drill", drill, "--json")
        (proof,) = json.loads(text)["proofs"]
        bench.row(f"drill {drill}, from command to entry in the log", took, "")
        print(f"  {proof['outcome']}, {proof['grade']}: {figures(proof)}")
    took, _, _ = bench.run("destroy", "--yes")
    bench.row("destroy", took, "")


if __name__ == "__main__":
    main()
