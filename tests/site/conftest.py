"""What site tests share: the command line as an operator runs it, and one site that stays up."""

import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
STATE = Path("/var/lib/standfast")
UP_LIMIT_S = 1800
"""Nineteen drills, each check seen red before: thirteen minutes here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site by its file. Nothing here imports the product: tests see what an operator sees."""

    name: str
    file: Path
    port: int

    @property
    def identity(self) -> Path:
        """The key of whoever runs this site; it opens the secrets."""
        return self.file.with_name("identity")

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "STANDFAST_IDENTITY": str(self.identity)}

    def secret(self, name: str) -> str:
        """What lies sealed under that name, opened by age itself."""
        sealed = self.file.with_name(f"{self.file.stem}.secrets.age")
        opened = subprocess.run(
            ["age", "--decrypt", "--identity", str(self.identity), str(sealed)],
            capture_output=True,
            check=True,
        )
        return str(json.loads(opened.stdout)["kept"][name])

    @property
    def home(self) -> Path:
        return STATE / "sites" / self.name

    def command(self, *words: str) -> list[str]:
        return [str(PROJECT / "bin" / "standfast"), "--file", str(self.file), *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            timeout=UP_LIMIT_S,
            check=False,
            stdin=subprocess.DEVNULL,
            env=self.environment,
        )

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=self.environment,
        )

    def answer(self, *words: str, status: int = 0) -> Any:
        """What a command with `--json` says; it must end with `status`."""
        done = self.run(*words, "--json")
        assert done.returncode == status, f"{done.returncode}: {done.stderr}\n{done.stdout}"
        return json.loads(done.stdout)

    def on(self, machine: str, *words: str) -> str:
        """Run on a machine, over SSH, with the site's own keys."""
        done = subprocess.run(
            self.ssh(machine, *words),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        return done.stdout

    def ssh(self, machine: str, *words: str) -> list[str]:
        key = self.file.with_name(f"{self.name}.key")
        key.touch(mode=0o600)
        key.write_text(self.secret("files/operator_key"))
        return [
            *("nsenter", f"--net=/run/netns/standfast.{self.name}", "--", "ssh"),
            *("-i", str(key), "-o", "BatchMode=yes"),
            *("-o", f"UserKnownHostsFile={self.home / 'known_hosts'}"),
            *(f"root@{self.address(machine)}", *words),
        ]

    def address(self, machine: str) -> str:
        """As the machine's own disk says: whether it answers is another question."""
        known = (self.home / "machines" / machine / "root" / "etc" / "hosts").read_text()
        lines = (line.split() for line in known.splitlines() if line.endswith(f" {machine}"))
        return next(address for address, _ in lines)

    def primary(self) -> str:
        """The database machine that takes writes."""
        asks = "runuser -u postgres -- psql -h /run/standfast-postgresql -Atc"
        for name in filter(self.processes, self.databases()):
            if self.on(name, f"{asks} 'SELECT pg_is_in_recovery()'").strip() == "f":
                return name
        raise AssertionError("no database machine takes writes")

    def disk(self, machine: str) -> Path:
        """Where what a machine writes lies on this computer: on its mirrored disks, if it has
        some."""
        folder = self.home / "machines" / machine
        return folder / "volume" if (folder / "disks").is_dir() else folder

    def databases(self) -> list[str]:
        names = sorted(each.name for each in (self.home / "machines").iterdir())
        return [
            each for each in names if (self.disk(each) / "data" / "var-lib-postgresql").is_dir()
        ]

    def status(self) -> Any:
        return json.loads(self.run("status", "--json").stdout)

    def in_vantage(self, *words: str) -> list[str]:
        return ["nsenter", f"--net=/run/netns/standfast.{self.name}.vantage", "--", *words]

    def processes(self, machine: str) -> int:
        """As this computer counts them, in the machine's own control group."""
        count = 0
        for folder, _, _ in os.walk(self.group(machine)):  # unlike rglob, not surprised
            with suppress(OSError):  # the group went while we looked: its processes had gone before
                count += len(Path(folder, "cgroup.procs").read_text().split())
        return count

    def cut(self, machine: str) -> None:
        """Its cables and its power, without a word to anybody. An edge has a second one, at which
        the kernel would go on answering for its public address."""
        bridges = ("ip", "-n", f"standfast.{self.name}", "link", "set")
        subprocess.run((*bridges, f"p-{machine}", "down"), check=True)
        subprocess.run((*bridges, f"i-{machine}", "down"), check=False, capture_output=True)
        (self.group(machine) / "cgroup.kill").write_text("1")
        end = time.monotonic() + 10
        while self.processes(machine):
            assert time.monotonic() < end, f"{machine} lives on"
            time.sleep(0.1)

    def group(self, machine: str) -> Path:
        root = Path("/sys/fs/cgroup/unified")
        root = root if root.is_dir() else Path("/sys/fs/cgroup")
        return root / "standfast" / self.name / machine

    def link_is_up(self, machine: str) -> bool:
        shown = subprocess.run(
            ["ip", "-n", f"standfast.{self.name}", "-brief", "link", "show", f"p-{machine}"],
            capture_output=True,
            text=True,
            check=True,
        )
        return "LOWER_UP" in shown.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetched(site: Site, url: str) -> bytes:
    context = ssl.create_default_context(cafile=str(site.home / "ca.pem"))
    with urllib.request.urlopen(url, context=context, timeout=10) as answer:
        body: bytes = answer.read()
    return body


def make(folder: Path, name: str, more: str = "") -> Site:
    port = free_port()
    file = folder / f"{name}.toml"
    file.write_text(f'name = "{name}"\nport = {port}\n{more}')
    site = Site(name=name, file=file, port=port)
    if not site.identity.exists():
        made = ["age-keygen", "-o", str(site.identity)]
        subprocess.run(made, check=True, capture_output=True)
    return site


def tables(machines: Mapping[str, Sequence[str]]) -> str:
    """Of a site's file: machine to its roles."""
    return "".join(
        f'[[machines]]\nname = "{name}"\nroles = {json.dumps(roles)}\n'
        for name, roles in machines.items()
    )


THREE = """
[[machines]]
name = "one"
roles = ["edge", "web", "monitor"]
[[machines]]
name = "two"
roles = ["web", "database"]
[[machines]]
name = "three"
roles = ["database", "backup"]
"""
"""The smallest site, for tests that ask for no more, and beside a large one: root's inotify
instances do not last for two of those."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the proven site comes first, so that it need not stay for the others."""
    items.sort(key=lambda item: not uses_proven(item))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """An idle site of eleven machines takes a third of a core from whoever comes next."""
    if uses_proven(item) and nextitem is not None and not uses_proven(nextitem):
        item.funcargs["proven"][0].run("destroy", "--yes")  # type: ignore[attr-defined]


class Told:
    """Says what each slow or failed test was as soon as it has ended.

    A run that is killed at its limit shows no summary: without this nobody would know what failed.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        said: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed:
            said.ensure_newline()
            said.write_line(f"{report.nodeid}: {report.when} failed after {report.duration:.1f} s")
            said.write_line(report.longreprtext[-4000:])
        elif report.duration >= SLOW_S:
            said.write(f" {report.nodeid.split('/')[-1]} {report.when} {report.duration:.0f} s ")


SLOW_S = 20


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Told(config))


def uses_proven(item: pytest.Item) -> bool:
    return "proven" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Any]]:
    """The default site, brought up and proven as a newcomer's; and what `up --json` said. The loss
    of a whole site has a site of its own (test_lose_site.py)."""
    without = "[promises.secondary-facility]\npromised = false\n"
    site = make(tmp_path_factory.mktemp("proven"), "test-proven", without)
    try:
        done = site.run("up", "--json")
        sys.stderr.write(done.stderr)
        sys.stdout.write(done.stdout)
        assert done.returncode == 0, done.stderr
        yield site, json.loads(done.stdout)
    finally:
        site.run("destroy", "--yes")
