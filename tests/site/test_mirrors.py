"""Three monitors keep one log: the one that writes loses its power, and the log goes on."""

import json
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
    assert len({(log / "checkpoint").read_bytes() for log in logs}) == 1


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
