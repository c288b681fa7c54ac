"""From a proof that is handed in to a checkpoint that two of three witnesses have cosigned.

    bin/bench cosigned [--times N] [--image FOLDER]

Three keepers as they run on monitors, in one process, with folders of their own on this computer's
disk; a real etcd over mutual TLS, one voter, out of the image of made machines. Each time something
is handed in at all three, as a drill does it, after a pause in which they look seldom.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

from standfast.core.clock import SystemClock  # noqa: E402
from standfast.daemons.keeper import Keeper, glancing  # noqa: E402
from standfast.daemons.pages import file_for  # noqa: E402
from standfast.evidence.cosignature import cosignatures, cosigner, witness_name  # noqa: E402
from standfast.evidence.envelope import leaf  # noqa: E402
from standfast.evidence.note import vkey  # noqa: E402
from standfast.evidence.signing import Ed25519Signer  # noqa: E402
from standfast.evidence.statement import TextNotice  # noqa: E402
from standfast.evidence.transport import Missing  # noqa: E402
from standfast.mechanisms.hosts.tls import Identity, client_context  # noqa: E402
from standfast.mechanisms.keys.authority import Subject, make, private_pem, signed  # noqa: E402
from standfast.mechanisms.monitor import bulletin  # noqa: E402
from standfast.mechanisms.monitor.issued import Issued  # noqa: E402
from standfast.mechanisms.monitor.store import EtcdStore  # noqa: E402

ORIGIN = "bench.example.test/trust/log"
LOG_KEY = Ed25519Signer.from_seed(ORIGIN, bytes(32))
VANTAGE = Ed25519Signer.from_seed("vantage", bytes([1] * 32))
NAMES = ("monitor-1", "monitor-2", "monitor-3")
WITNESSES = {
    name: Ed25519Signer.from_seed(witness_name(ORIGIN, name), name.encode().ljust(32))
    for name in NAMES
}
NEEDED = 2
TIMES = 20
QUIET_S = 4.0
"""Longer than keepers look often after something has happened."""

LIMIT_S = 30.0
PORTS = (23790, 23791)


@dataclass(frozen=True)
class Pages:
    """What a monitor hands to another one."""

    home: Path

    def fetch(self, path: str) -> bytes:
        found = file_for(f"/{path}", self.home)
        if found is None:
            raise Missing(f"the log has no {path}")
        return found.read_bytes()


@dataclass
class Monitors:
    folder: Path
    identity: Identity
    over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        for name in NAMES:
            threading.Thread(target=self._keep, args=(self._keeper(name),), daemon=True).start()

    def _keep(self, keeper: Keeper) -> None:
        glances = glancing(keeper)
        while not self.over.wait(glances.turn()):
            pass

    def _keeper(self, name: str) -> Keeper:
        settings: Mapping[str, object] = {
            "machine": name,
            "site": "bench",
            "service": "bench",
            "origin": ORIGIN,
            "log_url": f"https://{ORIGIN}",
            "elsewhere": "",
            "folder": str(self.folder / name),
            "promises": [],
            "not_promised": {},
            "company": {},
            "certificates": [],
            "timestamps": [],
            "timestamps_every_h": 24,
            "monitors": [
                {"name": each, "witness": cosigner(WITNESSES[each]).vkey} for each in NAMES
            ],
            "witnesses": [],
            "enrolled": [{"name": VANTAGE.name, "key": vkey(VANTAGE)}],
        }
        address, context = f"127.0.0.1:{PORTS[0]}", client_context(self.identity)
        return Keeper(
            settings=settings,
            signer=LOG_KEY,
            witness=WITNESSES[name],
            clock=SystemClock(),
            store=EtcdStore([address], context, prefix=bulletin.PREFIX),
            issued=Issued(names=(), edges=(), ask=lambda edge: {}, clock=SystemClock()),
            peers={each: Pages(self.folder / each) for each in NAMES if each != name},
        )

    def shown(self, name: str) -> tuple[int, int]:
        """How many entries, and by how many cosigned."""
        path = self.folder / name / "www/log/checkpoint"
        if not path.exists():
            return 0, 0
        note = path.read_bytes()
        found = cosignatures(note, map(cosigner, WITNESSES.values()))
        return int(note.split(b"\n")[1]), len(found)

    def hand_in(self, number: int) -> int:
        """Return after which size it will be logged."""
        size = max(self.shown(name)[0] for name in NAMES)
        said = TextNotice(text=f"Word {number}.", at=datetime.now(UTC))
        for name in NAMES:
            part = self.folder / name / "spool" / f".{number}"
            part.write_bytes(leaf("bench", said, VANTAGE))
            part.rename(part.with_name(f"{number}.json"))
        return size

    def until(self, size: int, how_many: int) -> float:
        """Seconds until so many monitors show more than that, cosigned by enough."""
        began = time.monotonic()
        while time.monotonic() - began < LIMIT_S:
            found = [self.shown(name) for name in NAMES]
            if sum(got > size and by >= NEEDED for got, by in found) >= how_many:
                return time.monotonic() - began
            time.sleep(0.005)
        raise SystemExit(f"after {LIMIT_S:g} s it is not cosigned: {found}")


def identity(folder: Path) -> Identity:
    now, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
    authority = make("bench", now)
    subject = Subject(name="machine", addresses=(IPv4Address("127.0.0.1"),))
    pem = signed(authority, subject, key.public_key(), now)
    made = Identity(cert=folder / "cert.pem", key=folder / "key.pem", ca=folder / "ca.pem")
    made.ca.write_bytes(authority.pem)
    made.cert.write_bytes(pem.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(private_pem(key))
    return made


@contextmanager
def etcd(program: Path, folder: Path, known: Identity) -> Iterator[None]:
    client, peer = (f"127.0.0.1:{port}" for port in PORTS)
    process = subprocess.Popen(
        [
            *(program, "--data-dir", folder / "etcd", "--log-level", "error", "--logger", "zap"),
            *("--listen-client-urls", f"https://{client}"),
            *("--advertise-client-urls", f"https://{client}", "--client-cert-auth"),
            *("--listen-peer-urls", f"http://{peer}"),
            *("--initial-advertise-peer-urls", f"http://{peer}"),
            *("--initial-cluster", f"default=http://{peer}"),
            *("--cert-file", known.cert, "--key-file", known.key, "--trusted-ca-file", known.ca),
        ]
    )
    try:
        time.sleep(3)
        yield
    finally:
        process.terminate()
        process.wait()


def newest_image(cache: Path) -> Path:
    found = [each for each in cache.glob("image-*/**/usr/bin/etcd") if each.is_file()]
    if not found:
        raise SystemExit(f"{cache} holds no image of made machines: `bin/standfast up` makes one")
    return max(found, key=lambda each: each.stat().st_mtime)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench cosigned", description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--image", type=Path, default=Path("/var/cache/standfast"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="standfast-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        known = identity(folder)
        with etcd(newest_image(asked.image), folder, known):
            monitors = Monitors(folder, known)
            monitors.start()
            monitors.until(0, len(NAMES))
            first, everywhere = [], []
            for number in range(asked.times):
                time.sleep(QUIET_S + random.random())
                began = time.monotonic()
                size = monitors.hand_in(number)
                monitors.until(size, 1)
                first.append(time.monotonic() - began)
                monitors.until(size, len(NAMES))
                everywhere.append(time.monotonic() - began)
            monitors.over.set()
            time.sleep(1)
    for what, took in (("by one monitor", first), ("by all three", everywhere)):
        figures = f"median {median(took):.2f} s, worst {max(took):.2f} s"
        print(f"| from handed in to cosigned and shown {what} | {figures} |")


if __name__ == "__main__":
    main()
