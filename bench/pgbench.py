"""What the pair costs beside one that was set up by hand: pgbench with eight clients, every commit
on two machines.

    bin/bench pgbench [--seconds N] [--rounds N]

Brings up the failover campaign's site. On its two database machines a second pair is set up as the
manual says: initdb, pg_basebackup, a synchronous standby, the same memory and checksums, TLS
between the two, and nothing of Patroni, archiving, canary or heartbeat. Both pairs are there all
the time and take turns of some seconds, each first in every other round, because what a computer
can do at all changes from minute to minute: the ratio is the median of the rounds' ratios. pgbench
runs on the primary's machine, over its socket.
"""

import argparse
import re
import statistics
import sys

from campaign.own_site import OwnSite
from campaign.site import Machine, Site, inside, run, site_of

NAME = "bench-pgbench"
CLIENTS = 8
SCALE = 10
PORT = 5433
BIN = "/usr/lib/postgresql/15/bin"
HOME = "/var/lib/postgresql/by-hand"
OURS = "/run/standfast-postgresql"
IDENTITY = "/etc/standfast/identity"
AS = (
    "cd / && env HOME=/tmp setpriv --reuid=postgres --regid=postgres "
    "--groups=$(getent group standfast-keys | cut -d: -f3)"
)
"""As the product's own PostgreSQL runs: the key of its certificate is open to that group alone."""

SETTINGS = (
    *("listen_addresses='*'", f"port={PORT}", "shared_buffers=128MB", "wal_log_hints=on"),
    *("ssl=on", f"ssl_cert_file='{IDENTITY}/cert.pem'", f"ssl_key_file='{IDENTITY}/key.pem'"),
    *(f"ssl_ca_file='{IDENTITY}/ca.pem'", "max_wal_size=1GB", "unix_socket_directories='/tmp'"),
)


def by_hand(site: Site, primary: Machine, secondary: Machine) -> None:
    """A pair as the manual has it (PostgreSQL 15, chapter 27)."""
    for machine, other in ((primary, secondary), (secondary, primary)):
        rule = f"ip saddr {other.address} tcp dport {PORT} accept"
        chain = input_chain(machine)
        run(*inside(machine), "nft", "insert", "rule", *chain, *rule.split())
    lines = "\\n".join(SETTINGS)
    site.standfast_on(
        primary,
        f"{AS} {BIN}/initdb --data-checksums --pgdata={HOME} >/dev/null; "
        f'printf "{lines}\\n" >>{HOME}/postgresql.conf; '
        f'printf "hostssl replication all {secondary.address}/32 trust\\n" >>{HOME}/pg_hba.conf; '
        f"{AS} {BIN}/pg_ctl --pgdata={HOME} --log={HOME}/log --wait start >/dev/null",
    )
    source = f"host={primary.address} port={PORT} sslmode=require application_name=second"
    site.standfast_on(
        secondary,
        f"{AS} {BIN}/pg_basebackup --checkpoint=fast --write-recovery-conf --pgdata={HOME} "
        f"--dbname='{source}'; "
        f"{AS} {BIN}/pg_ctl --pgdata={HOME} --log={HOME}/log --wait start >/dev/null",
    )
    site.standfast_on(
        primary,
        f"{AS} psql -h /tmp -p {PORT} -c \"ALTER SYSTEM SET synchronous_standby_names = 'second'\" "
        "-c 'SELECT pg_reload_conf()' -c 'SELECT pg_sleep(1)' >/dev/null",
    )
    state = site.standfast_on(
        primary,
        f"{AS} psql -h /tmp -p {PORT} -Atc 'SELECT sync_state FROM pg_stat_replication'",
    )
    if state.strip() != "sync":
        raise SystemExit(f"the pair by hand does not mirror: {state!r}")


def input_chain(machine: Machine) -> tuple[str, str, str]:
    """Family, table and chain where the machine's firewall lets in."""
    shown = run(*inside(machine), "nft", "list", "ruleset")
    family = table = chain = ""
    for line in shown.splitlines():
        if found := re.match(r"table (\w+) (\S+) \{", line):
            family, table = found[1], found[2]
        elif found := re.match(r"\s+chain (\S+) \{", line):
            chain = found[1]
        elif "hook input" in line and "policy drop" in line:
            return family, table, chain
    raise SystemExit(f"{machine.name} has no firewall that refuses")


def prepare(site: Site, primary: Machine, where: str) -> None:
    site.standfast_on(primary, f"{AS} createdb {where} pgbench 2>&1 || true")
    site.standfast_on(
        primary,
        f"{AS} {BIN}/pgbench {where} --initialize --quiet --scale={SCALE} pgbench 2>&1",
    )


def measured(site: Site, primary: Machine, where: str, seconds: int) -> float:
    """Transactions per second."""
    said = site.standfast_on(
        primary,
        f"{AS} {BIN}/pgbench {where} --client={CLIENTS} --jobs=2 --time={seconds} pgbench 2>&1",
    )
    found = re.search(r"tps = ([0-9.]+)", said)
    if found is None or "number of failed transactions: 0 " not in said:
        raise SystemExit(said)
    return float(found[1])


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/bench pgbench")
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    own = OwnSite(name=NAME)
    try:
        site = site_of(own.bring_up())
        pair = site.pair()
        if pair is None:
            raise SystemExit("the site's pair is not whole")
        primary, secondary = pair
        by_hand(site, primary, secondary)
        places = {"Standfast": f"-h {OURS}", "by hand": f"-h /tmp -p {PORT}"}
        for where in places.values():
            prepare(site, primary, where)
        found: dict[str, list[float]] = {name: [] for name in places}
        for number in range(asked.rounds):
            for name, where in sorted(places.items(), reverse=bool(number % 2)):
                found[name].append(measured(site, primary, where, asked.seconds))
            said = ", ".join(f"{name} {figures[-1]:.0f}" for name, figures in found.items())
            print(f"{number + 1:3d}  {said} transactions/s", flush=True)
    finally:
        own.take_away()
    ours, theirs = found.values()
    ratios = sorted(each / other for each, other in zip(ours, theirs, strict=True))
    print(
        f"\nmedians {statistics.median(ours):.0f} and {statistics.median(theirs):.0f} a second; "
        f"of the rounds' ratios {statistics.median(ratios):.2f}, half of them between "
        f"{ratios[len(ratios) // 4]:.2f} and {ratios[-len(ratios) // 4]:.2f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
