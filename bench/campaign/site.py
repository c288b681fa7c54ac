"""The campaign's hands: what it can do to the machines of a site, from outside, and what it sees.

Everything is done with what the kernel gives (control groups, network namespaces, signals, a frozen
file system), and seen through Patroni's own API and etcdctl, with the identity of a web machine.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
IDENTITY = "etc/standfast/identity"
PATRONI_UNIT = "standfast-patroni.service"
PATRONI_PORT = 8008
ETCD_PORT = 2379
ASKED_FROM = "web-1"
TABLE = "standfast-campaign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    name: str
    roles: tuple[str, ...]
    address: str
    group: Path
    namespace: str
    links: tuple[str, ...]
    root: Path
    data: Path

    def unit(self, name: str) -> Path:
        """The control group of a unit; systemd-nspawn keeps the machine's in `payload`."""
        found = (self.group / "payload" / "system.slice" / name, self.group / "system.slice" / name)
        return next((each for each in found if each.is_dir()), found[0])

    def processes(self, unit: str) -> Iterator[tuple[int, str]]:
        """Process and command line, with this computer's numbers."""
        with contextlib.suppress(OSError):
            for number in (self.unit(unit) / "cgroup.procs").read_text().split():
                with contextlib.suppress(OSError):
                    words = Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ")
                    yield int(number), words.decode("utf-8", "replace")

    def postmaster(self) -> list[int]:
        return [pid for pid, words in self.processes(PATRONI_UNIT) if "/bin/postgres -D" in words]

    def postgresql(self) -> list[int]:
        return [
            pid
            for pid, words in self.processes(PATRONI_UNIT)
            if "/bin/postgres -D" in words or words.startswith("postgres:")
        ]

    def patroni(self) -> list[int]:
        return [pid for pid, words in self.processes(PATRONI_UNIT) if "patroni-start" in words]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    file: Path
    bridges: str
    machines: Mapping[str, Machine]

    def having(self, role: str) -> list[Machine]:
        return [each for each in self.machines.values() if role in each.roles]

    # What it can do

    def power_cut(self, *machines: Machine) -> None:
        """Cables first: a machine without power says farewell to nobody."""
        for machine in machines:
            self.cables(machine, up=False)
        for machine in machines:
            (machine.group / "cgroup.kill").write_text("1")

    def power_on(self, machine: Machine) -> None:
        product(self.file, "on", machine.name)

    def cables(self, machine: Machine, *, up: bool) -> None:
        for link in machine.links:
            run("ip", "-n", self.bridges, "link", "set", link, "up" if up else "down")

    def lose(self, machine: Machine, rules: Sequence[str]) -> None:
        """Packets that these rules match are lost, in a table of the campaign's own."""
        lines = "\n".join(f"add rule inet {TABLE} {rule} drop" for rule in rules)
        table = (
            f"table inet {TABLE} {{\n"
            "  chain out { type filter hook output priority -300; }\n"
            "  chain in { type filter hook input priority -300; }\n"
            f"}}\n{lines}\n"
        )
        run(*inside(machine), "nft", "--file", "-", stdin=table)

    def lose_nothing(self, machine: Machine) -> None:
        run(*inside(machine), "nft", "delete", "table", "inet", TABLE, check=False)

    # What it sees

    def asked(self, machine: Machine, path: str) -> Any:
        """Patroni's answer; None where there is none."""
        identity = self.machines[ASKED_FROM].root / IDENTITY
        done = run(
            *inside(self.machines[ASKED_FROM]),
            *("curl", "--silent", "--max-time", "2", "--cacert", f"{identity}/ca.pem"),
            *("--cert", f"{identity}/cert.pem", "--key", f"{identity}/key.pem"),
            *("--resolve", f"{machine.name}:{PATRONI_PORT}:{machine.address}"),
            f"https://{machine.name}:{PATRONI_PORT}/{path}",
            check=False,
        )
        try:
            return json.loads(done)
        except ValueError:
            return None

    def change(self, machine: Machine, settings: Mapping[str, Any]) -> None:
        identity = f"/{IDENTITY}"
        body = json.dumps(settings)
        self.standfast_on(
            machine,
            f"curl -sSf -X PATCH -d '{body}' --cacert {identity}/ca.pem --cert {identity}/cert.pem "
            f"--key {identity}/key.pem https://{machine.name}:{PATRONI_PORT}/config",
        )

    def standfast_on(self, machine: Machine, words: str) -> str:
        return product(self.file, "sh", machine.name, words)

    def pair(self) -> tuple[Machine, Machine] | None:
        """Primary and secondary, while commits wait for one that streams; None otherwise."""
        databases = self.having("database")
        said = {each.name: self.asked(each, "patroni") for each in databases}
        for machine in databases:
            own = said[machine.name]
            if not isinstance(own, dict) or own.get("role") not in ("primary", "master"):
                continue
            for sender in own.get("replication") or ():
                name = sender.get("application_name")
                other = said.get(name)
                streams = (sender.get("state"), sender.get("sync_state")) == ("streaming", "sync")
                if streams and isinstance(other, dict) and other.get("state") in RUNNING:
                    return machine, self.machines[name]
        return None

    def whole(self, within_s: float) -> tuple[Machine, Machine]:
        """The pair, waited for."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if (pair := self.pair()) is not None:
                return pair
            time.sleep(0.5)
        raise SystemExit("the pair is not whole, so there is nothing to attack")

    def forget_removals(self) -> None:
        """As if the last one were more than a minute ago, within which there is no other."""
        self.etcdctl("del", f"/standfast/{self.file.stem}/removal")

    def forget_sickness(self, machine: Machine) -> None:
        """As if its canary had not given it up for ten minutes."""
        self.standfast_on(machine, "systemctl restart standfast-canary.service")

    def etcd_leader(self) -> Machine:
        said = self.etcdctl("--write-out=json", "endpoint", "status")
        for each in json.loads(said):
            status = each["Status"]
            if status["leader"] == status["header"]["member_id"]:
                address = each["Endpoint"].split("/")[-1].partition(":")[0]
                return next(each for each in self.having("monitor") if each.address == address)
        raise LookupError("etcd has no leader")

    def etcdctl(self, *words: str, stdin: str = "") -> str:
        return run(*self.etcdctl_words(*words), stdin=stdin)

    def etcdctl_words(self, *words: str) -> tuple[str, ...]:
        monitors = self.having("monitor")
        endpoints = ",".join(f"https://{each.address}:{ETCD_PORT}" for each in monitors)
        root = monitors[0].root / IDENTITY
        return (
            *inside(monitors[0]),
            *("env", "ETCDCTL_API=3", f"{monitors[0].root}/usr/bin/etcdctl"),
            *("--endpoints", endpoints, "--cacert", f"{root}/ca.pem", "--cert", f"{root}/cert.pem"),
            *("--key", f"{root}/key.pem", *words),
        )


RUNNING = ("running", "streaming")


def inside(machine: Machine) -> tuple[str, ...]:
    return ("nsenter", f"--net={machine.namespace}", "--")


def run(*words: str, stdin: str = "", check: bool = True) -> str:
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def standfast(file: Path, *words: str, check: bool = False) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(ROOT / "bin" / "standfast"), "--file", str(file), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=check,
    )


def send(pids: Sequence[int], number: signal.Signals) -> int:
    """Return how many were there."""
    sent = 0
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
            sent += 1
    return sent


def product(file: Path, *words: str) -> str:
    """`whereabouts.py`, with the product's own Python."""
    script = (
        'source bin/bootstrap; standfast_venv runtime; export PYTHONPATH="$STANDFAST_ROOT/src"; '
        "export PYTHONDONTWRITEBYTECODE=1; "
        'exec "$STANDFAST_VENV/bin/python" bench/campaign/whereabouts.py "$@"'
    )
    done = subprocess.run(
        ["bash", "-c", script, "whereabouts", str(file), *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def site_of(file: Path) -> Site:
    said = json.loads(product(file))
    machines = {
        name: Machine(
            name=name,
            roles=tuple(each["roles"]),
            address=each["address"],
            group=Path(each["group"]),
            namespace=each["namespace"],
            links=tuple(each["links"]),
            root=Path(each["root"]),
            data=Path(each["data"]),
        )
        for name, each in said["machines"].items()
    }
    return Site(file=file, bridges=said["bridges"], machines=machines)
