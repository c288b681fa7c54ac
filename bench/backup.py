"""What copies and restores cost beside the bare engine, of a database of realistic rows.

    bin/bench backup [--gb N] [--rounds N]

Brings up a site of its own, fills its database, and has ours and the bare engine take turns on one
backup machine, in units that are alike but for what they start: `standfast-backup.service`, as its
timer starts it, beside `pgbackrest backup`; the restore as the drill has it beside `pgbackrest
restore`. Then come the restore drill with all its checks, snapshots off site, and what visitors and
writers notice of a full copy.
"""

import argparse
import json
import os
import ssl
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

from campaign.site import Machine, Site, site_of
from pgbench import AS, BIN, OURS
from up import NAME, STATE
from up import Bench as Up

BACKUP, OTHER = "backup-1", "backup-2"
DATABASE = "bench"
ROW_BYTES = 470
BATCHES = 20
HOME = "/var/lib/standfast-backup"
SCRATCH = f"{HOME}/scratch"
ENGINE = "/usr/bin/pgbackrest --config=/etc/pgbackrest"
TAKE, RESTORE = "standfast-backup.service", "standfast-restore.service"
UNITS = "/run/systemd/system"
SETTINGS = "/etc/standfast/backup.json"
LOGGED = 6
"""Words of a line in its log (pgbench(1))."""

CALM_S = 30
WRITES_PER_S = 20
ASKED_EVERY_S = 0.05
DAY_S = 86400

WORDS = (
    "invoice meeting customer review travel support project planning release design workshop call "
    "report training draft interview contract budget migration testing estimate followup delivery"
)
FILL = f"""
CREATE TABLE pieces AS SELECT n AS id, left((SELECT string_agg(word, ' ') FROM (
  SELECT word FROM unnest(string_to_array('{WORDS}', ' ')) word, generate_series(1, 12) m
  ORDER BY random() + n * 0) shuffled), 1800) AS text FROM generate_series(0, 63) n;
CREATE TABLE entries (id bigint PRIMARY KEY, person int, day date, minutes int, note text);
"""
MORE = """
INSERT INTO entries SELECT n, random() * 4000, date '2020-01-01' + (random() * 2000)::int,
  random() * 480, substr(text, 1 + (random() * 1300)::int, 400)
  FROM generate_series({first}, {last}) n JOIN pieces ON pieces.id = n % 64;
"""
NEWEST = "UPDATE entries SET minutes = minutes + 1 WHERE id > (SELECT max(id) * 0.99 FROM entries)"
RANDOM = "UPDATE entries SET minutes = minutes + 1 WHERE id % 100 = {number}"
BEHIND = "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"
COMMIT = "UPDATE pieces SET text = text WHERE id = 7;"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    up: Up
    site: Site
    primary: Machine
    backup: Machine

    def on(self, machine: Machine, words: str) -> str:
        return self.site.standfast_on(machine, words)

    def sql(self, words: str) -> str:
        told = f"{AS} psql -h {OURS} -v ON_ERROR_STOP=1 -Atq {DATABASE} <<'END'\n{words}\nEND"
        return self.on(self.primary, told)

    def said(self, *words: str) -> Mapping[str, Any]:
        _, printed, _ = self.up.run(*words, "--json")
        found: Mapping[str, Any] = json.loads(printed)
        return found

    def started(self, unit: str) -> float:
        """Seconds until it has ended well."""
        said = self.on(
            self.backup,
            f"began=$(date +%s%N); systemctl start {unit} || "
            f"{{ journalctl --unit={unit} --lines=20; exit 1; }}; echo $(($(date +%s%N) - began))",
        )
        return int(said.split()[-1]) / 1e9

    def bare(self, like: str, words: str, *, before: str = "/bin/true") -> float:
        """The engine alone, in a unit like that one."""
        unit = f"bench-bare-{like}"
        dropped = ("Exec", "Restart", "Environment", "OnSuccess")
        lines = self.on(self.backup, f"systemctl cat {like}").splitlines()
        kept = [each for each in lines if not each.startswith(dropped)]
        at = kept.index("[Service]") + 1
        kept[at:at] = [f"ExecStartPre={before}", f"ExecStart={words}"]
        text = "\n".join(kept)
        self.on(
            self.backup,
            f"cat >{UNITS}/{unit} <<'END'\n{text}\nEND\nsystemctl daemon-reload",
        )
        return self.started(unit)


def fill(bench: Bench, size: float) -> None:
    bench.on(bench.primary, f"{AS} createdb -h {OURS} {DATABASE}")
    bench.sql(FILL)
    each = int(size * 1e9 / ROW_BYTES / BATCHES)
    for number in range(BATCHES):
        bench.sql(MORE.format(first=number * each + 1, last=(number + 1) * each))
    bench.sql("VACUUM ANALYZE; CHECKPOINT;")
    arrived(bench)


def arrived(bench: Bench) -> None:
    """All WAL is in the repositories, so that no copy waits for what is not its own."""
    while int(bench.sql(BEHIND)):
        time.sleep(1)


def quiet(bench: Bench) -> None:
    """Only what is measured takes copies."""
    for machine in bench.site.having("backup"):
        bench.on(machine, "systemctl stop standfast-backup.timer standfast-offsite.timer")
    for machine in bench.site.having("backup"):
        bench.on(machine, f"while systemctl is-active --quiet {TAKE}; do sleep 0.5; done")


@contextmanager
def full_is_due(bench: Bench) -> Iterator[None]:
    """As if the week's full copy were to be taken this minute."""
    time.sleep(61 - time.time() % 60)
    before = bench.on(bench.backup, f"cat {SETTINGS}")
    now = bench.on(bench.backup, "LC_ALL=C date --utc '+%A %H:%M'").lower().split()
    settings = json.dumps({**json.loads(before), "full_day": now[0], "full_at": now[1]})
    bench.on(bench.backup, f"cat >{SETTINGS} <<'END'\n{settings}\nEND")
    try:
        yield
    finally:
        bench.on(bench.backup, f"cat >{SETTINGS} <<'END'\n{before.strip()}\nEND")


def ours(bench: Bench, kind: str) -> float:
    took = bench.started(TAKE)
    machines = {each["name"]: each for each in bench.said("backup", "list", "--all")["machines"]}
    newest = max(machines[bench.backup.name]["copies"], key=lambda each: str(each["finished_at"]))
    if newest["kind"] != kind:
        raise SystemExit(f"a copy was taken that is {newest['kind']}, and not {kind}")
    return took


def bare(bench: Bench, kind: str) -> float:
    return bench.bare(TAKE, f"{ENGINE}/pgbackrest.conf --stanza=main backup --type={kind}")


def full(bench: Bench) -> float:
    with full_is_due(bench):
        return ours(bench, "full")


def changed(bench: Bench, words: str) -> None:
    bench.sql(f"{words}; CHECKPOINT;")
    arrived(bench)


def restored_bare(bench: Bench) -> float:
    into = f"{SCRATCH}/data"
    took = bench.bare(
        RESTORE,
        f"{ENGINE}/restore.conf --stanza=main restore --pg1-path={into} "
        f"--tablespace-map-all={SCRATCH}/tablespaces --archive-mode=off",
        before=f"/bin/mkdir -p -m 0700 {into} {SCRATCH}/tablespaces",
    )
    bench.on(bench.backup, f"rm -rf {SCRATCH}")
    return took


def drill(bench: Bench) -> Mapping[str, Any]:
    """On a backup machine that is drawn."""
    (proof,) = bench.said("drill", "restore")["proofs"]
    if proof["outcome"] != "kept":
        raise SystemExit(json.dumps(proof))
    found: Mapping[str, Any] = proof
    return found


def lasted_s(proof: Mapping[str, Any]) -> float:
    """With reading every row of the primary, before and afterwards."""
    began, ended = (datetime.fromisoformat(proof[each]) for each in ("started_at", "ended_at"))
    return (ended - began).total_seconds()


def snapshot(bench: Bench) -> int:
    """By how many bytes the store has grown."""
    last, before = f"{HOME}/offsite/last.json", stored()
    bench.on(bench.backup, f"rm -f {last}; systemctl start standfast-offsite-restore")
    bench.on(
        bench.backup,
        f"while [ ! -e {last} ]; do sleep 0.5; done; "
        "while systemctl is-active --quiet standfast-offsite.service; do sleep 0.2; done",
    )
    return stored() - before


def stored() -> int:
    store = STATE / "sites" / NAME / "store"
    return sum(each.stat().st_size for each in store.rglob("*") if each.is_file())


def visited(bench: Bench, while_: Callable[[], object]) -> tuple[float, float]:
    """99 % of answers of the service and of commits came within so many milliseconds."""
    answers: list[float] = []
    over = Event()

    def visit() -> None:
        authority = STATE / "sites" / NAME / "ca.pem"
        context = ssl.create_default_context(cafile=str(authority))
        url = f"https://127.0.0.1:{bench.up.port}/health"
        while not over.wait(ASKED_EVERY_S):
            began = time.monotonic()
            with urllib.request.urlopen(url, context=context, timeout=10) as answer:
                answer.read()
            answers.append(time.monotonic() - began)

    log = "/tmp/bench-backup"
    bench.on(
        bench.primary,
        f"echo '{COMMIT}' >{log}.sql; chmod 644 {log}.sql; rm -f {log}.[0-9]*; "
        f'systemd-run --quiet --unit=bench-writer sh -c "{AS} {BIN}/pgbench -h {OURS} -n '
        f'-f {log}.sql -R {WRITES_PER_S} -T 3600 --log --log-prefix={log} {DATABASE}"',
    )
    visitor = Thread(target=visit)
    visitor.start()
    try:
        while_()
    finally:
        over.set()
        visitor.join()
        bench.on(bench.primary, "systemctl kill --signal=INT bench-writer; sleep 1")
    written = bench.on(bench.primary, f"cat {log}.[0-9]*; rm -f {log}.*")
    lines = [line.split() for line in written.splitlines()]
    commits = [int(each[2]) / 1000 for each in lines if len(each) >= LOGGED]  # the last is cut off
    return 1000 * percentile(answers), percentile(commits)


def percentile(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def row(what: str, ours_s: float, bare_s: float, limit: str) -> None:
    ratio = ours_s / bare_s
    print(f"{what:<58} {ours_s:8.2f} {bare_s:8.2f}   {ratio:5.2f} {limit}", flush=True)


def measure(bench: Bench, size: float, rounds: int) -> None:
    print(f"{'seconds, medians':<58} {'ours':>8} {'bare':>8}   ratio", flush=True)
    found: dict[str, list[float]] = {"full": [], "bare full": [], "incr": [], "bare incr": []}
    for _ in range(rounds):
        found["full"].append(full(bench))
        found["bare full"].append(bare(bench, "full"))
        changed(bench, NEWEST)
        found["incr"].append(ours(bench, "incremental"))
        changed(bench, NEWEST)
        found["bare incr"].append(bare(bench, "incr"))
    middle = {name: statistics.median(each) for name, each in found.items()}
    row("full copy", middle["full"], middle["bare full"], "≤ 1.1")
    row("incremental, the newest 1 % changed", middle["incr"], middle["bare incr"], "≤ 1.1")
    row("  beside a full copy, ours", middle["incr"], middle["full"], "≤ 1.2")
    changed(bench, RANDOM.format(number=1))
    random_s = ours(bench, "incremental")
    row("  1 % of random rows changed, beside a full copy", random_s, middle["full"], "")
    other = replace(bench, backup=bench.site.machines[OTHER])
    bare(other, "full")  # the drill draws one of the two
    bare_s, proofs = [], []
    for _ in range(rounds):
        proofs.append(drill(bench))
        drawn = bench.site.machines[proofs[-1]["seen"]["machine"]]
        bare_s.append(restored_bare(replace(bench, backup=drawn)))
    seconds = proofs[-1]["seen"]["seconds"]
    whole = statistics.median(map(lasted_s, proofs))
    restored = statistics.median(each["seen"]["seconds"]["restored"] for each in proofs)
    row("restore", restored, statistics.median(bare_s), "≤ 1.1")
    row("restore with all checks", whole, statistics.median(bare_s), "≤ 6")
    print("  " + ", ".join(f"{name} {took:g} s" for name, took in seconds.items()), flush=True)
    first = snapshot(bench)
    for what, words in (("newest", NEWEST), ("random", RANDOM.format(number=2))):
        changed(bench, words)
        bench.started(TAKE)
        then = snapshot(bench)
        limit = "≤ 0.2" if what == "newest" else ""
        row(f"off site, MB, {what} 1 % changed, beside the first", then / 1e6, first / 1e6, limit)
    back = bench.said("drill", "offsite-restore")["proofs"][0]["measured"]
    rate = size / back["restore_s"]
    print(f"from off site in {back['restore_s']:.0f} s, so in 24 h: {rate * DAY_S / 1000:.1f} TB")
    calm = visited(bench, lambda: time.sleep(CALM_S))
    with full_is_due(bench):
        during = visited(bench, lambda: ours(bench, "full"))
    row("99 % of answers within, ms, during a full copy, and not", during[0], calm[0], "≤ 1.5")
    row("99 % of commits within, ms, during a full copy, and not", during[1], calm[1], "≤ 1.5")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench backup")
    parser.add_argument("--gb", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    up = Up(Path(os.environ.get("STANDFAST_CACHE", "/var/cache/standfast")))
    try:
        up.run("up", "--no-wait", "--json")
        site = site_of(up.file)
        primary, _ = site.whole(60)
        bench = Bench(up=up, site=site, primary=primary, backup=site.machines[BACKUP])
        quiet(bench)
        fill(bench, asked.gb)
        measure(bench, asked.gb, asked.rounds)
    finally:
        up.clean()


if __name__ == "__main__":
    main()
