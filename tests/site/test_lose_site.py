"""The whole site is lost: it comes back elsewhere, in a drill beside itself and for good.

What the drill claims is compared with what a customer has met who shares no code with it: curl, in
the network and with the name server of the place where the site came back.
"""

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from .conftest import STATE, Site, free_port, make, tables
from .test_redundant_web import published, until

PROMISE = "secondary-facility"
FAULT = "stale-envelope"

OLD = {
    "one": ["edge", "web", "monitor", "backup"],
    "two": ["web", "database"],
    "three": ["database"],
}
NEW = {
    "uno": ["edge", "web", "monitor"],
    "due": ["web", "database", "backup"],
    "tre": ["database"],
}
"""Other machines, and a role elsewhere."""

APART_S = 30.0
"""Between a customer's first answer and the drill's, which signs in last of all."""

RED_WITHIN_S = 60.0


class Customer(threading.Thread):
    """Asks at the other place, as soon as there is one, until it is gone."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self.site = site
        self.signed_in_at: datetime | None = None
        self.sites: set[str] = set()
        self.missing: dict[str, bool] = {}
        self.account = {"account": "canary@example.com", "password": ""}
        self.ended = threading.Event()

    def __enter__(self) -> "Customer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()

    def run(self) -> None:
        while not self.ended.wait(0.3):
            relay = next(groups().glob("drill-*/relay/cgroup.procs"), None)
            process = relay.read_text().split() if relay else []
            if process:
                self.look_around(process[0])
                self.sign_in(process[0], relay.parts[-3])  # type: ignore[union-attr]

    def look_around(self, process: str) -> None:
        """With the eyes of a process behind the walls."""
        seen = there(process, "ls", str(STATE / "sites"))
        self.sites |= set(seen.split())
        for path in (
            self.site.identity,
            self.site.file,
            self.site.file.with_suffix(".secrets.age"),
        ):
            self.missing[path.name] = there(process, "cat", str(path)) == ""

    def sign_in(self, process: str, name: str) -> None:
        if self.signed_in_at is not None:
            return
        if not self.account["password"]:
            self.account["password"] = self.site.secret("drawn/canary_password")
        answer = there(
            process,
            *("nsenter", f"--net=/run/netns/standfast.{name}.vantage", "--"),
            *("curl", "--silent", "--max-time", "3", "--cacert", str(STATE / "customer.pem")),
            *("--output", "/dev/null", "--write-out", "%{http_code}"),
            *("--header", "Content-Type: application/json", "--data", json.dumps(self.account)),
            f"https://{self.site.name}.example.com/api/session",
        )
        if answer.startswith("2"):
            self.signed_in_at = datetime.now(UTC)


def groups() -> Path:
    root = Path("/sys/fs/cgroup/unified")
    return (root if root.is_dir() else Path("/sys/fs/cgroup")) / "standfast"


def there(process: str, *words: str) -> str:
    """What is printed by a program that sees what that process sees."""
    entered = ("nsenter", f"--target={process}", "--mount", "--pid", "--")
    return subprocess.run([*entered, *words], capture_output=True, text=True, check=False).stdout


def left_behind() -> list[str]:
    return [str(each) for each in groups().glob("drill-*")] if groups().is_dir() else []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = make(tmp_path_factory.mktemp("lost"), "test-lost", tables(OLD))
    try:
        up = made.run("up", "--no-wait")
        assert up.returncode == 0, up.stderr
        yield made
    finally:
        made.run("destroy", "--yes")


def test_the_drill_measures_what_a_customer_meets_and_leaves_nothing(site: Site) -> None:
    """Doubted, so that its check is seen red first: the fault is `stale-envelope`. Of one size
    there is one record: nothing was added to it there."""
    before = entries(site)
    with Customer(site) as customer:
        said = site.answer("doubt", PROMISE)
    (proof,) = said["proofs"]
    assert proof["outcome"] == "kept", proof
    assert proof["grade"] == "rehearsed"
    assert proof["measured"]["outage_s"] <= 600
    red = said["calibration"]
    assert (red["fault"], red["red"]["measured"]) == (FAULT, {"failed_recoveries": 1})
    took = moment(red["removed_at"]) - moment(red["planted_at"])
    assert took.total_seconds() <= RED_WITHIN_S
    assert customer.signed_in_at is not None, "the customer never got in"
    met_s = (customer.signed_in_at - moment(proof["seen"]["lost_at"])).total_seconds()
    assert met_s <= proof["measured"]["outage_s"] + 2
    assert proof["measured"]["outage_s"] - met_s <= APART_S
    assert len(customer.sites) == 1
    assert re.fullmatch(r"drill-[0-9a-f]{8}", *customer.sites)
    assert all(customer.missing.values()), customer.missing
    assert left_behind() == []
    assert not (site.home / "rehearsal").exists()
    serves(site)
    after = entries(site)
    assert after[: len(before)] == before
    added = [each["predicateType"].split(":")[2] for each in after[len(before) :]]
    assert (added.count("proof"), added.count("calibration")) == (1, 1), added
    assert site.run("evidence", "verify").returncode in (0, 3)


def test_a_drill_that_is_killed_leaves_nothing(site: Site) -> None:
    begun = site.start("drill", "lose-site")
    image = site.home / "rehearsal" / "cache"
    until(lambda: any(image.glob("image-*/root/usr")), 240, "the other site was never begun")
    begun.send_signal(signal.SIGKILL)
    begun.wait()
    until(lambda: not (site.home / "rehearsal").exists(), 60, "what it left lies there")
    assert left_behind() == []
    serves(site)


def test_a_site_that_is_lost_comes_back_on_other_machines(site: Site, tmp_path: Path) -> None:
    """Interrupted on the way, and not mistaken for a site that is whole."""
    envelope, phrase = tmp_path / "lost.envelope", passphrase(site, tmp_path)
    precious(site)
    before = entries(site)
    lose(site)
    file, new = tmp_path / "new" / "new.toml", moved(site, tmp_path / "new")
    words = ("--site", str(file), "--envelope", str(envelope), "--json")
    for killed_once in (site.home / "recovered" / "data", new.home / "machines" / "due"):
        begun = subprocess.Popen(
            [new.command()[0], "recover", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=new.environment,
            text=True,
        )
        assert begun.stdin is not None
        begun.stdin.write(f"{phrase}\n")
        begun.stdin.close()
        until(killed_once.exists, 120, f"{killed_once} was never there")
        begun.send_signal(signal.SIGKILL)
        begun.wait()
    refused = new.run("up", "--no-wait")
    assert refused.returncode == 1
    assert "is being recovered" in refused.stderr
    said = recovered(new, words, phrase)
    assert said["signed_in"] == {"host": "127.0.0.1", "addresses": ["127.0.0.1"]}
    assert new.on(new.primary(), f"{PSQL} 'SELECT count(*) FROM precious'").strip() == "1000"
    assert new.on(new.primary(), f"{PSQL} 'SHOW archive_mode'").strip() == "on"
    after, came = published(new, said["trust_url"]), said["log"]["continued_from"]
    assert after[:came] == before[:came]
    assert len(after) > came >= len(before) - 2
    assert new.run("evidence", "verify").returncode in (0, 3)
    again = new.run("up", "--no-wait")
    assert again.returncode == 0, again.stderr
    until(lambda: new.run("backup", "list").returncode == 0, 240, "there is no copy")


PSQL = "runuser -u postgres -- psql -h /run/standfast-postgresql -At timesheets -c"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def serves(site: Site) -> None:
    assert site.run("run", "--", "true").returncode == 0
    assert len(entries(site)) > 0


def entries(site: Site) -> list[Any]:
    return published(site, f"https://127.0.0.1:{site.port}/trust/")


def passphrase(site: Site, folder: Path) -> str:
    said = site.answer(
        "keys", "envelope", "-o", str(folder / "lost.envelope"), "--print-passphrase"
    )
    return str(said["passphrase"])


def precious(site: Site) -> None:
    """Saved, and in the newest snapshot; the page in the store is that of now."""
    site.on(site.primary(), f"{PSQL} 'CREATE TABLE precious AS SELECT generate_series(1, 1000)'")
    time.sleep(20)  # WAL is sent every five seconds
    before = newest(site)
    site.on("one", "systemctl start standfast-offsite-restore.service")
    until(lambda: newest(site) > before, 240, "no snapshot was taken")
    shown = site.home / "store" / "objects" / site.name / "trust" / "trust.json"
    shown.unlink(missing_ok=True)  # as if there had been none for long
    site.on("one", "systemctl start standfast-offsite-page.service")


def newest(site: Site) -> str:
    """When the newest snapshot was taken; empty while there is none."""
    listed = site.run("backup", "offsite", "list", "--json")
    said = json.loads(listed.stdout)["snapshots"] if listed.returncode == 0 else []
    return str(said[-1]["taken_at"]) if said else ""


def lose(site: Site) -> None:
    """All of it but the store: machines, their disks, the site's folder, secrets and keys."""
    for name in (*OLD, "relay"):
        (groups() / site.name / name / "cgroup.kill").write_text("1")
    time.sleep(1)
    for name in OLD:
        subprocess.run(["umount", str(site.home / "machines" / name / "root")], check=True)
        for cable in (f"p-{name}", f"i-{name}"):
            words = ("ip", "-n", f"standfast.{site.name}", "link", "del", cable)
            subprocess.run(words, check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", f"standfast.{site.name}.{name}"], check=True)
    for path in site.home.iterdir():
        if path.name != "store":
            subprocess.run(["rm", "-rf", str(path)], check=True)
    for path in (*site.file.parent.glob("*secrets*"), *site.file.parent.glob("*operators*")):
        path.unlink()
    site.identity.unlink()


def moved(site: Site, folder: Path) -> Site:
    """The new file, in a folder of its own, and whoever brings the site back."""
    folder.mkdir()
    port = free_port()
    (folder / "new.toml").write_text(f'name = "{site.name}"\nport = {port}\n{tables(NEW)}')
    made = Site(name=site.name, file=folder / "new.toml", port=port)
    subprocess.run(["age-keygen", "-o", str(made.identity)], check=True, capture_output=True)
    site.identity.write_bytes(made.identity.read_bytes())  # so that `destroy` finds its way
    return made


def recovered(new: Site, words: tuple[str, ...], phrase: str) -> Any:
    done = subprocess.run(
        [new.command()[0], "recover", *words],
        input=f"{phrase}\n",
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env=new.environment,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
