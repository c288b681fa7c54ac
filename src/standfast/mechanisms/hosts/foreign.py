"""What of somebody's stands where ours would: found on the machine before anything is touched.

Standard library only. What is found is either given up with the operator's word (`adopt`), and then
kept aside and put back by `destroy`; or it is nothing that we know how to put back, and then no
word helps.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from standfast.core.command import Command, Runner
from standfast.mechanisms.hosts import hosts_file
from standfast.mechanisms.hosts.bundle import Bundle, File
from standfast.mechanisms.hosts.firewall.guard import TABLE

CLUSTERS = Path("/etc/postgresql")
UFW = Path("/etc/ufw/ufw.conf")
LEGACY_TABLES = (Path("/proc/net/ip_tables_names"), Path("/proc/net/ip6_tables_names"))
OWN_UNITS = re.compile(r"(standfast|service)-.*\.(service|socket|timer)$")
CLOSERS = ("nftables.service", "ufw.service", "netfilter-persistent.service", "firewalld.service")
"""Units that load a firewall at boot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`what` in words. Adopting it keeps the `file` aside (and leaves what it says `instead`, if
    nothing of ours takes its place), stops the `unit`, and takes the `table` (family and name)
    away; none of them: it cannot be adopted."""

    what: str
    file: str = ""
    instead: str = ""
    unit: str = ""
    table: tuple[str, str] = ("", "")

    @property
    def is_adoptable(self) -> bool:
        return bool(self.file or self.unit or self.table[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    port: int
    address: str
    program: str
    process: int


def find(bundle: Bundle, ours: set[str], ports: tuple[int, ...], runner: Runner) -> Iterator[Found]:
    """`ours`: the files that an earlier bundle put here."""
    units = {unit.name for unit in bundle.units}
    yield from files(bundle.files, ours, conffiles(runner))
    yield from names(bundle.files)
    if any(package.startswith("postgresql-") for package in bundle.packages):
        yield from clusters(CLUSTERS, runner)
    yield from listeners(ports, units if ours else set(), runner)
    yield from firewalls(runner)


def files(wanted: Iterable[File], ours: set[str], pristine: Mapping[str, str]) -> Iterator[Found]:
    """Files that a person wrote where ours shall lie. One that is as its package left it is
    nobody's, and one that says the same as ours, but for comments and
    blanks, is in nobody's way."""
    for file in wanted:
        path = Path(file.path)
        if file.block or file.path in ours or not path.is_file():
            continue
        content = path.read_bytes()
        # dpkg knows conffiles by MD5 (deb-conffiles(5)); nothing rests on it here.
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if said_in(content) != said_in(file.content) and pristine.get(file.path) != digest:
            yield Found(what=f"{file.path} is somebody's own", file=file.path)


def said_in(content: bytes) -> list[bytes]:
    lines = (b"".join(line.split()) for line in content.splitlines())
    return [line for line in lines if line and not line.startswith(b"#")]


def names(wanted: Iterable[File]) -> Iterator[Found]:
    for file in wanted:
        path = Path(file.path)
        if file.block and path.is_file():
            existing = path.read_text(errors="replace")
            for line in hosts_file.conflicts(existing, file.content.decode()):
                yield Found(what=f"{file.path} says `{line}`", file=file.path)


def conffiles(runner: Runner) -> dict[str, str]:
    """Path to digest of every file that packages let people change."""
    words = ("dpkg-query", "--show", "--showformat=${Conffiles}\n")
    return parse_conffiles(said(runner, *words))


def parse_conffiles(text: str) -> dict[str, str]:
    found = (line.split() for line in text.splitlines())
    return {words[0]: words[1] for words in found if len(words) == 2}


def clusters(folder: Path, runner: Runner) -> Iterator[Found]:
    """Debian's way to keep PostgreSQL (pg_createcluster(1)); ours is kept another way. One that
    neither runs nor would start is in nobody's way."""
    for path in sorted(folder.glob("*/*/postgresql.conf")):
        version, name = path.parts[-3:-1]
        unit = f"postgresql@{version}-{name}.service"
        start = path.with_name("start.conf")
        if is_active(unit, runner) or starts_by_itself(start):
            what = f"PostgreSQL {version} has a cluster called {name}"
            # postgresql.service starts what is `auto` at boot, whatever systemctl has disabled.
            file = str(start) if start.exists() else ""
            yield Found(what=what, unit=unit, file=file, instead="manual\n")


def starts_by_itself(start: Path) -> bool:
    words = start.read_text().splitlines() if start.exists() else ["auto"]
    return "auto" in [word.strip() for word in words]


def listeners(ports: tuple[int, ...], ours: set[str], runner: Runner) -> Iterator[Found]:
    heard = said(runner, "ss", "-H", "-l", "-t", "-n", "-p")
    told: set[tuple[int, int]] = set()
    for each in parse_listeners(heard):
        if each.port not in ports or (each.port, each.process) in told:
            continue
        told.add((each.port, each.process))
        unit = unit_of(each.process)
        if unit in ours or OWN_UNITS.match(unit) or unit.startswith("postgresql@"):
            continue  # clusters are told of by name
        yield Found(what=f"{each.program} listens on port {each.port}", unit=unit)


def parse_listeners(text: str) -> Iterator[Listener]:
    """Lines of ss(8) such as `LISTEN 0 128 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=7,fd=6))`."""
    for line in text.splitlines():
        words = line.split()
        if len(words) < 5:
            continue
        address, _, port = words[3].rpartition(":")
        who = re.search(r'\(\("([^"]+)",pid=(\d+)', line)
        if port.isdigit():
            yield Listener(
                port=int(port),
                address=address,
                program=who[1] if who else "a program",
                process=int(who[2]) if who else 0,
            )


def unit_of(process: int) -> str:
    """The service that a process belongs to; empty when it is none's."""
    try:
        return parse_cgroup(Path(f"/proc/{process}/cgroup").read_text())
    except OSError:
        return ""


def parse_cgroup(text: str) -> str:
    """`0::/system.slice/nginx.service` of cgroups(7)."""
    found = re.findall(r"/([^/\n]+\.service)(?=/|\n|$)", text)
    return found[-1] if found else ""


def firewalls(runner: Runner) -> Iterator[Found]:
    for family, name in filters(said(runner, "nft", "--json", "list", "ruleset")):
        yield Found(
            what=f"a firewall of somebody's own is loaded: table {family} {name}",
            table=(family, name),
        )
    if any(path.exists() and path.read_text().split() for path in LEGACY_TABLES):
        yield Found(what="rules of the legacy iptables are loaded")
    if UFW.exists() and re.search(r"^ENABLED=yes", UFW.read_text(), re.MULTILINE):
        yield Found(what="ufw is enabled", unit="ufw.service")


def filters(ruleset: str) -> list[tuple[str, str]]:
    """The tables, of `nft --json list ruleset`, that decide what comes in, and are not ours: those
    with a chain on the hook `input` that holds a rule or drops by policy."""
    if not ruleset.strip():
        return []
    entries = json.loads(ruleset)["nftables"]
    ruled = {
        (rule["family"], rule["table"], rule["chain"])
        for rule in (entry["rule"] for entry in entries if "rule" in entry)
    }
    found = {
        (chain["family"], chain["table"]): None
        for chain in (entry["chain"] for entry in entries if "chain" in entry)
        if chain.get("hook") == "input" and chain.get("type") == "filter"
        if chain.get("policy") == "drop"
        or (chain["family"], chain["table"], chain["name"]) in ruled
    }
    return [table for table in found if table != TABLE]


def said(runner: Runner, *words: str) -> str:
    """What a program prints; nothing if this machine does not have it, or if it fails."""
    if shutil.which(words[0]) is None:
        return ""
    result = runner.run(Command(argv=words), check=False)
    return result.text if result.status == 0 else ""


def is_active(unit: str, runner: Runner) -> bool:
    asked = runner.run(Command(argv=("systemctl", "is-active", "--quiet", unit)), check=False)
    return asked.status == 0
