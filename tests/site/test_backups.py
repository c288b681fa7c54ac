"""`onsite-backup` and `restore-works` on a real site: copies on both machines, really restored; and
every damage that is planted is found. The faults of their calibrations, `up` has planted."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Site
from .test_redundant_web import published

Proven = tuple[Site, Any]
BACKUPS = ("backup-1", "backup-2")
HOME = "/var/lib/standfast-backup"
SERVER = f"{HOME}/scratch/socket/.s.PGSQL.5432"
KILLED_WHILE_IT_RUNS = f"""
systemctl start --no-block standfast-restore.service
for turn in $(seq 800); do
    if test -e {SERVER}; then
        systemctl kill --signal=KILL standfast-restore.service && echo killed
        break
    fi
    sleep 0.05
done
"""
"""Watched on the machine itself: the server is there for a second or two."""

REPOSITORY = f"{HOME}/repository"
PATRONICTL = "$(ls -d /opt/standfast/venv-*/bin/patronictl) -c /etc/standfast/database/patroni.yml"
PSQL = "psql -h /run/standfast-postgresql -d timesheets"
IN_RECOVERY = (
    "runuser -u postgres -- psql -h /run/standfast-postgresql "
    "-Atc 'SELECT pg_is_in_recovery()' || true"
)
COPIES = f"find {REPOSITORY}/backup/main -mindepth 2 -maxdepth 2 -name backup.manifest"


@pytest.fixture(scope="module")
def site(proven: Proven) -> Site:
    return proven[0]


def test_both_machines_have_a_copy_without_being_asked(site: Site) -> None:
    for machine in BACKUPS:
        until(lambda machine=machine: copies(site, machine) > 0, 240, f"{machine} has no copy")


def test_onsite_backup_is_kept(site: Site) -> None:
    proof = proven_now(site, "onsite-backup")
    assert proof["outcome"] == "kept", proof
    assert proof["measured"]["missing_copies"] == 0
    assert proof["measured"]["archive_lag_s"] <= 10
    assert set(proof["seen"]["machines"]) == set(BACKUPS)


def test_restore_works_is_kept_and_nothing_of_it_is_left(site: Site) -> None:
    proof = proven_now(site, "restore-works")
    assert proof["outcome"] == "kept", proof
    assert proof["measured"]["failed_checks"] == 0
    assert proof["measured"]["data_age_s"] < 60
    names = [each["name"] for each in proof["seen"]["checks"]]
    assert {"replayed", "heartbeat", "rows", "structure", "pages", "compared"} <= set(names)
    machine = proof["seen"]["machine"]
    assert site.on(machine, "ls", HOME).split() == ["lock", "offsite", "repository", "restore"]


def test_what_up_has_planted_was_seen_by_the_figure_that_it_spoils(proven: Proven) -> None:
    site, said = proven
    red = {
        each["predicate"]["promise"]: each["predicate"]["red"]["measured"]
        for each in published(site, said["trust_url"])
        if each["predicateType"].endswith("calibration:v1")
    }
    assert red["onsite-backup"]["archive_lag_s"] > 10
    assert red["restore-works"]["failed_checks"] > 0


@pytest.mark.parametrize(
    ("damage", "check"), [("missing-wal", "replayed"), ("wrong-key", "restored")]
)
def test_a_damage_is_found_by_its_check(site: Site, damage: str, check: str) -> None:
    before = listing(site)
    for machine in BACKUPS:
        damaged(site, machine, damage)
    try:
        proof = proven_now(site, "restore-works", status=1)
    finally:
        for machine in BACKUPS:
            damaged(site, machine, "none")
    failed = [each["name"] for each in proof["seen"]["checks"] if not each["passed"]]
    assert check in failed, proof["seen"]["checks"]
    assert before <= listing(site), "the real repository has lost something"


def test_a_restore_that_is_killed_leaves_nothing(site: Site) -> None:
    proven_now(site, "restore-works")
    for machine in BACKUPS:
        if "order.json" not in site.on(machine, f"ls {HOME}/restore"):
            continue
        assert site.on(machine, KILLED_WHILE_IT_RUNS) == "killed\n", "nothing was restored"
        until(lambda m=machine: not there(site, m, f"{HOME}/scratch"), 20, "it was left")
        assert site.on(machine, "pgrep -u standfast-backup postgres || true") == ""


def test_nothing_in_a_repository_can_be_read_without_its_key(site: Site) -> None:
    """OpenSSL's own mark of a file that it has encrypted (enc(1), "Salted__")."""
    for machine in BACKUPS:
        files = f"find {REPOSITORY} -type f ! -name '*.lock' -size +0"
        plain = site.on(
            machine, f"{files} -exec sh -c 'head -c 8 \"$1\"; echo' _ {{}} \\; | sort -u"
        )
        assert plain.split() == ["Salted__"], plain


def test_a_moment_comes_back_into_a_folder_and_is_taken_away(site: Site) -> None:
    """The rows are compared with those of the primary, up to that moment."""
    (before,) = (each for each in windows(site) if each["name"] == "backup-1")
    to, folder = before["windows"][-1]["until"], "/srv/look"
    words = ("recover", "--to", to, "--into", folder, "--from", "backup-1")
    found = site.answer(*words, "--table", "standfast.heartbeat")
    assert found["last_change_at"] <= to
    older = "SELECT count(*) FROM standfast.heartbeat WHERE at <= "
    back = site.run("recover", "psql", folder, "--", "-Atc", f"{older} now()")
    kept = site.on(site.primary(), f"runuser -u postgres -- {PSQL} -Atc \"{older} '{to}'\"")
    assert abs(int(back.stdout) - int(kept)) <= 1, "a row may have been committed at the end"
    (file,) = found["tables"]
    assert "COPY standfast.heartbeat" in site.on("backup-1", "cat", file)
    assert site.run(*words[:2], "2020-01-01 00:00", *words[3:]).returncode == 2
    full = site.run("recover", "--to", "latest", "--into", "/var/log", "--from", "backup-1")
    assert (full.returncode, site.answer(*words)["state"]) == (2, "ready")
    assert site.run("recover", "discard", folder).returncode == 0
    assert site.answer("recover", "instances")["instances"] == []
    assert not there(site, "backup-1", folder)


def test_backups_go_on_after_a_switchover(site: Site) -> None:
    old = primary(site)
    site.on(old, f"{PATRONICTL} switchover --force")
    until(lambda: primary(site) not in ("", old), 60, "no other machine became primary")
    before = {machine: copies(site, machine) for machine in BACKUPS}
    for machine in BACKUPS:
        site.on(machine, "systemctl start standfast-backup.service")
    assert all(copies(site, machine) > before[machine] for machine in BACKUPS)
    assert proven_now(site, "onsite-backup")["outcome"] == "kept"
    proof = proven_now(site, "restore-works")
    assert proof["outcome"] == "kept", proof


def copies(site: Site, machine: str) -> int:
    return len(site.on(machine, f"{COPIES} 2>/dev/null || true").split())


def listing(site: Site) -> set[tuple[str, str]]:
    """Every file of every copy, with its size."""
    return {
        (machine, line)
        for machine in BACKUPS
        for line in site.on(
            machine, f"find {REPOSITORY}/backup/main/2* -type f -printf '%p %s\\n'"
        ).splitlines()
    }


def windows(site: Site) -> Any:
    """What each machine says that it can bring back."""
    return site.answer("backup", "list")["machines"]


def proven_now(site: Site, promise: str, *, status: int = 0) -> Any:
    (proof,) = site.answer("prove", promise, status=status)["proofs"]
    return proof


def damaged(site: Site, machine: str, damage: str) -> None:
    """As the agent plants it: by the command of the declaration that lies on the machine."""
    known = "truncated-backup" if damage == "none" else damage
    declared = json.loads(site.on(machine, "cat", f"/etc/standfast/faults/{known}.json"))
    site.on(machine, *declared["remove" if damage == "none" else "plant"])


def there(site: Site, machine: str, path: str) -> bool:
    return site.on(machine, f"test -e {path} && echo there || true") != ""


def primary(site: Site) -> str:
    machines = ("db-1", "db-2")
    return next((each for each in machines if site.on(each, IN_RECOVERY).strip() == "f"), "")


def until(holds: Callable[[], bool], limit_s: float, otherwise: str) -> None:
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(0.5)
