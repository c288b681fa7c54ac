"""Three monitors keep one log: the one that writes loses its power, and the log goes on."""

import json
import re
import shlex
import time
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Site, fetched
from .test_redundant_web import until

MONITORS = ("monitor-1", "monitor-2", "monitor-3")
GOES_ON_WITHIN_S = 30
CATCHES_UP_WITHIN_S = 30
ETCD = (
    *("env", "ETCDCTL_API=3", "etcdctl", "--cacert=/etc/standfast/identity/ca.pem"),
    *("--cert=/etc/standfast/identity/cert.pem", "--key=/etc/standfast/identity/key.pem"),
)


def writer(site: Site, asked: str) -> str:
    """As etcd on that monitor has it."""
    words = ("get", "--print-value-only", "/standfast-evidence/writer")
    return site.on(asked, *ETCD, f"--endpoints=https://{asked}:2379", *words).strip()


def size_on(site: Site, machine: str) -> int:
    """From the data of the machine, which outlives its power."""
    note = next(site.home.glob(f"machines/{machine}/data/*/www/log/checkpoint")).read_text()
    return int(note.splitlines()[1])


def verified(site: Site) -> Any:
    """The record, in which nothing is wrong; whether every promise is kept is not asked here."""
    found = json.loads(site.run("evidence", "verify", "--json").stdout)
    assert found["complaints"] == []
    return found["log"]


def proven_now(site: Site) -> int:
    """The entry of a proof that is made and logged now, whatever it says."""
    done = site.run("drill", "mirrored-database", "--json")
    assert done.returncode in (0, 1), done.stderr
    index: int = json.loads(done.stdout)["proofs"][0]["evidence"]["index"]
    return index


def cosigners(site: Site) -> list[str]:
    """As the command line of a customer counts them, by the policy that `up` has pinned."""
    found = json.loads(site.run("evidence", "verify", "--json").stdout)
    assert found["complaints"] == []
    assert found["cosigned"]["required"] == "2 of monitor-1, monitor-2, monitor-3"
    return [each["witness"] for each in found["cosigned"]["by"]]


FORK = """
from pathlib import Path
from standfast.evidence.log import Log
from standfast.evidence.note import Verifier, sign
from standfast.evidence.read import entries_between
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.transport import FolderTransport
home = Path("/var/lib/standfast/www")
origin, size = (home / "log/checkpoint").read_text().splitlines()[:2]
signer = Ed25519Signer.from_pem(origin, Path("/etc/standfast/log.pem").read_bytes())
entries = list(entries_between(FolderTransport(home / "log"), 0, int(size)))
entries[-1] = entries[0]
forked = Log(home / "forked", Verifier.of(signer.name, signer.public_key))
then = forked.grown(entries)
forked.extend(entries, then)
note = sign(then.to_text(), [signer])
forked.publish(note)
Path("/tmp/head").write_text(then.to_text())
Path("/tmp/signed").write_bytes(note)
"""
"""What who holds one monitor can write: the same log with another last entry, signed by its key."""


def program(site: Site, machine: str, said: str) -> str:
    """Run with the keeper's own Python, as root."""
    unit = site.on(machine, "cat", "/etc/systemd/system/standfast-keeper.service")
    path, python = (
        re.search(pattern, unit, re.MULTILINE)
        for pattern in (r"PYTHONPATH=(\S+)", r"^ExecStart=(\S+)")
    )
    assert path is not None
    assert python is not None
    words = ("env", f"PYTHONPATH={path[1]}", python[1], "-c", said)
    return site.on(machine, shlex.join(words))


def put(site: Site, machine: str, key: str, file: str) -> None:
    """Into etcd, whatever it holds."""
    words = (*ETCD, f"--endpoints=https://{machine}:2379", "put", f"/standfast-evidence/{key}")
    site.on(machine, f"{shlex.join(words)} < {file}")


def held_in_etcd(site: Site, machine: str, key: str) -> str:
    words = ("get", "--print-value-only", f"/standfast-evidence/{key}")
    return site.on(machine, *ETCD, f"--endpoints=https://{machine}:2379", *words)


@pytest.fixture
def forged(proven: tuple[Site, Any]) -> Iterator[tuple[Site, str]]:
    """One monitor's copy, the log's head and its signature are another log's, as long as the real
    one."""
    site, _ = proven
    until(lambda: len({size_on(site, each) for each in MONITORS}) == 1, 10, "they differ")
    machine = MONITORS[2]
    for key in ("head", "signed"):
        words = (*ETCD, f"--endpoints=https://{machine}:2379", "get", "--print-value-only")
        asked = shlex.join((*words, f"/standfast-evidence/{key}"))
        # etcdctl ends what it prints with a line feed of its own.
        site.on(machine, f"{asked} | head -c -1 > /tmp/{key}-before")
    for each in MONITORS:
        # With what they hand in as they end, the next thing would be to log that.
        site.on(each, "systemctl stop standfast-keeper.service; rm -f /var/lib/standfast/spool/*")
    program(site, machine, FORK)
    folder = "/var/lib/standfast/www"
    site.on(machine, f"cd {folder} && mv log real && mv forked log && chown -R standfast: log")
    for key in ("head", "signed"):
        put(site, machine, key, f"/tmp/{key}")
    site.on(machine, "systemctl", "start", "standfast-keeper.service")
    try:
        yield site, machine
    finally:
        site.on(machine, "systemctl", "stop", "standfast-keeper.service")
        site.on(machine, f"cd {folder} && rm -rf log && mv real log")
        for key in ("head", "signed"):
            put(site, machine, key, f"/tmp/{key}-before")
        for each in MONITORS:
            site.on(each, "systemctl", "start", "standfast-keeper.service")


@pytest.fixture
def after_the_cut(proven: tuple[Site, Any]) -> Iterator[tuple[Site, str, str]]:
    """The monitor that wrote is dark; another one is given beside it. `up` mends all of it."""
    site, _ = proven
    dark = writer(site, "monitor-1")
    other = next(name for name in MONITORS if name != dark)
    site.cut(dark)
    try:
        yield site, dark, other
    finally:
        assert site.run("up", "--no-wait").returncode == 0


def test_all_three_hold_the_same_log(proven: tuple[Site, Any]) -> None:
    site, _ = proven
    until(lambda: len({size_on(site, each) for each in MONITORS}) == 1, 10, "they differ")
    logs = [next(site.home.glob(f"machines/{each}/data/*/www/log")) for each in MONITORS]
    first, *others = (
        {
            str(path.relative_to(log)): path.read_bytes()
            for path in log.glob("tile/**/[0-9]*")
            if path.is_file()
        }
        for log in logs
    )
    newest = {name for name in first if name.endswith(f"/{size_on(site, MONITORS[0])}")}
    assert newest
    assert all(
        {name: other[name] for name in newest} == {name: first[name] for name in newest}
        for other in others
    )
    until(
        lambda: len({(log / "checkpoint").read_bytes() for log in logs}) == 1,
        10,
        "one shows other cosignatures",
    )


def test_the_log_goes_on_while_its_writer_is_dark_and_no_reader_sees_an_older_one(
    after_the_cut: tuple[Site, str, str],
) -> None:
    """Read all the time, over the edge, while the dark one returns."""
    site, dark, other = after_the_cut
    before = size_on(site, other)
    key = verified(site)["key"]
    until(lambda: writer(site, other) not in ("", dark), GOES_ON_WITHIN_S, "nobody writes instead")
    index = proven_now(site)
    log = verified(site)
    assert log["key"] == key
    assert log["size"] > index >= before
    assert size_on(site, dark) == before

    returning = site.start("up", "--no-wait")
    sizes = []
    url = f"https://127.0.0.1:{site.port}/trust/log/checkpoint"
    while returning.poll() is None:
        sizes.append(int(fetched(site, url).split(b"\n")[1]))
        time.sleep(0.1)
    returning.communicate()
    assert returning.returncode == 0
    assert len(sizes) > 10
    assert sizes == sorted(sizes)
    until(
        lambda: size_on(site, dark) == size_on(site, other) >= sizes[-1],
        CATCHES_UP_WITHIN_S,
        f"{dark} does not catch up",
    )
    verified(site)


def test_the_witnesses_of_all_three_monitors_have_cosigned(proven: tuple[Site, Any]) -> None:
    site, _ = proven
    until(lambda: cosigners(site) == list(MONITORS), 10, "one has not cosigned")
    for each in MONITORS:
        found = site.on(each, "stat", "-c", "%a.%U", "/etc/standfast/identity/witness.pem")
        assert found.strip() == "600.root"


def test_a_witness_that_is_handed_a_fork_refuses_and_the_log_goes_on_without_it(
    forged: tuple[Site, str],
) -> None:
    """Everything but what the witness remembers is the other log's, on its own machine."""
    site, machine = forged
    cosigned = held_in_etcd(site, machine, f"cosigned/{machine}")
    words = ("journalctl", "-b", "-u", "standfast-keeper.service", "--since", "-60s", "-o", "cat")
    until(
        lambda: "the witness refuses to cosign (fork)" in site.on(machine, *words),
        20,
        "it says nothing of a fork",
    )
    assert held_in_etcd(site, machine, f"cosigned/{machine}") == cosigned
    kept = site.on(machine, "sh", "-c", "'cat /var/lib/standfast/witness/*/refused-fork'")
    assert kept == site.on(machine, "cat", "/tmp/signed")


def test_after_a_refused_fork_all_three_cosign_the_next_entry(proven: tuple[Site, Any]) -> None:
    site, _ = proven
    until(lambda: writer(site, "monitor-1") in MONITORS, GOES_ON_WITHIN_S, "nobody writes")
    index = proven_now(site)
    until(lambda: cosigners(site) == list(MONITORS), 10, "one has not cosigned")
    assert verified(site)["size"] > index
