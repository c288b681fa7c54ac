"""Day two of a service: another release under load, a broken one, and back; commands and jobs."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .conftest import PROJECT, Site, make, tables
from .test_redundant_web import end, second_client, until

WEBS = ("web-1", "web-2")
TIMESHEETS = PROJECT / "examples" / "timesheets"
LOAD_LIMIT_S = 500
MACHINES = tables(
    {
        "edge-1": ["edge"],
        "edge-2": ["edge"],
        "web-1": ["web"],
        "web-2": ["web"],
        "db-1": ["database"],
        "db-2": ["database", "backup", "monitor"],
    }
)
"""Every role, on few machines: two edges have to leave a web machine before it changes."""

MORE = """
[service.workers.one]
command = [
    "sh", "-c", 'echo "held by $(hostname): $0 100% $1"; exec sleep infinity', 'a "word"', "$HOME"
]
copies = 1

[service.workers.each]
command = ["sh", "-c", "echo here; exec sleep infinity"]

[service.jobs.often]
command = ["sh", "-c", "echo job on $(hostname); sleep 1"]
schedule = "minutely"

[service.canary]"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example, from a copy that tests may change, with workers and a job."""
    folder = tmp_path_factory.mktemp("deploy")
    shutil.copytree(TIMESHEETS, folder / "timesheets")
    contract = (TIMESHEETS / "service.toml").read_text()
    contract = contract.replace('"examples/timesheets"', '"timesheets"', 1)
    contract = contract.replace("\n[service.canary]", MORE, 1)
    made = make(folder, "test-deploy", contract + MACHINES)
    try:
        made.answer("up", "--no-wait")
        yield made
    finally:
        made.run("destroy", "--yes")


def source(site: Site, name: str) -> Path:
    return site.file.parent / "timesheets" / "timesheets" / name


@contextmanager
def load(site: Site) -> Iterator[dict[str, Any]]:
    """Whatever happens inside, a second client asks and saves all the time, and counts."""
    verdict: dict[str, Any] = {}
    with second_client(site, LOAD_LIMIT_S) as client:
        time.sleep(2)
        yield verdict
        verdict.update(end(client, site))


def releases(site: Site) -> dict[str, str]:
    return {each["name"]: each["release"] for each in site.answer("deploy", "--status")["machines"]}


def on_disks(site: Site) -> set[str]:
    """What web machines are told to serve, as their disks have it: to ask them takes seconds, in
    which a deploy is over."""
    machines = site.home / "machines"
    notes = (machines / each / "root" / "etc" / "standfast" / "release.json" for each in WEBS)
    return {each.read_text() for each in notes}


def test_a_new_release_under_load_fails_no_request(site: Site) -> None:
    before = releases(site)
    change(site, "# another release\n")
    with load(site) as verdict:
        said = site.answer("deploy")
    assert verdict["writes"] > 100
    assert (verdict["failed"], verdict["doubled"], verdict["missing"]) == (0, 0, 0), verdict
    after = releases(site)
    assert set(after.values()) == {said["current"]}
    assert said["current"] not in before.values()
    assert site.answer("up", "--no-wait")["changed"] == {}


def test_a_changed_environment_under_load_fails_no_request(site: Site) -> None:
    text = site.file.read_text()
    site.file.write_text(
        text.replace("health =", 'environment = { COLOUR = "50% $blue" }\nhealth =')
    )
    with load(site) as verdict:
        said = site.answer("up", "--no-wait")
    assert (verdict["failed"], verdict["doubled"], verdict["missing"]) == (0, 0, 0), verdict
    assert all(
        "service-web.service" in said["changed"][each]["restarted"] for each in ("web-1", "web-2")
    )
    done = site.run("run", "--", "printenv", "COLOUR")
    assert (done.returncode, done.stdout) == (0, "50% $blue\n"), done.stderr


def test_a_broken_release_stops_at_the_first_machine_which_goes_back(site: Site) -> None:
    before = releases(site)
    good = source(site, "wsgi.py").read_text()
    source(site, "wsgi.py").write_text("raise SystemExit('planted')\n")
    with load(site) as verdict:
        done = site.run("deploy", "--json")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "web-1 is back on release" in done.stderr
    assert "web-2  " not in done.stderr.partition("its turn")[2]
    assert releases(site) == before
    assert (verdict["failed"], verdict["doubled"], verdict["missing"]) == (0, 0, 0), verdict
    source(site, "wsgi.py").write_text(good)


def test_a_migration_that_fails_stops_before_anything_changes(site: Site) -> None:
    before = releases(site)
    broken = source(site, "migrations") / "0099_broken.py"
    broken.write_text("raise RuntimeError('planted')\n")
    done = site.run("deploy", "--json")
    broken.unlink()
    assert done.returncode == 1
    assert "planted" in done.stderr
    assert releases(site) == before


def test_back_and_up_leaves_it_there_until_the_source_changes(site: Site) -> None:
    (older,) = set(releases(site).values())
    change(site, "# a release to regret\n")
    site.answer("deploy")
    with load(site) as verdict:
        said = site.answer("deploy", "--back")
    assert (verdict["failed"], verdict["doubled"], verdict["missing"]) == (0, 0, 0), verdict
    assert said["current"] == older
    assert set(releases(site).values()) == {older}
    assert site.answer("up", "--no-wait")["changed"] == {}
    assert set(releases(site).values()) == {older}


def test_a_deploy_that_was_killed_is_finished_by_the_next(site: Site) -> None:
    change(site, "# a third release\n")
    with load(site) as verdict:
        going = site.start("deploy", "--json")
        until(lambda: len(on_disks(site)) > 1, 120, "no machine changed")
        subprocess.run(["pkill", "-KILL", "--session", str(going.pid)], check=True)
        going.communicate()
        time.sleep(3)
        assert len(on_disks(site)) > 1, "it was killed too late"
        said = site.answer("up", "--no-wait")
    assert (verdict["failed"], verdict["doubled"], verdict["missing"]) == (0, 0, 0), verdict
    assert said["changed"]
    assert len(set(releases(site).values())) == 1


def test_run_ends_as_the_command_does_and_psql_reads_only(site: Site) -> None:
    done = site.run(
        "run", "--machine", "web-2", "--", "sh", "-c", 'echo "$0 $(hostname)"; exit 7', "$x %n"
    )
    assert (done.returncode, done.stdout) == (7, "$x %n web-2\n"), done.stderr
    done = site.run("run", "--", ".venv/bin/python", "manage.py", "tidy")
    assert done.returncode == 0
    assert "removed:" in done.stdout
    assert site.run("psql", "--", "-Atc", "SELECT current_user").stdout == "timesheets\n"
    refused = site.run("psql", "--", "-c", "DELETE FROM entry")
    assert refused.returncode == 1
    assert "read-only" in refused.stderr
    assert site.run("psql", "--write", "--", "-c", "DELETE FROM failed_sign_in").returncode == 0


def test_a_worker_of_one_copy_moves_when_its_machine_stops_and_words_arrive_whole(
    site: Site,
) -> None:
    def holders() -> list[str]:
        shown = site.run("logs", "--service", "--since", "-20min").stdout
        return [line.split("held by ")[1] for line in shown.splitlines() if "held by " in line]

    until(lambda: bool(holders()), 30, "the worker does not run")
    holder, words = holders()[-1].split(": ", 1)
    assert words == 'a "word" 100% $HOME'
    site.on(holder, "systemctl", "stop", "service-worker-one.service")
    until(lambda: not holders()[-1].startswith(holder), 30, "nobody took over")
    assert site.answer("up", "--no-wait")["changed"]


def test_a_job_runs_once_in_the_whole_site_and_goes_on_without_a_machine(site: Site) -> None:
    rows = """SELECT count(*), count(DISTINCT due), count(*) FILTER (WHERE status = 0)
              FROM standfast_jobs.run WHERE job = 'often' AND ended IS NOT NULL"""

    def runs() -> list[int]:
        return [int(each) for each in site.run("psql", "--", "-AtF ", "-c", rows).stdout.split()]

    until(lambda: runs() and runs()[0] >= 2, 150, "the job does not run")
    shown = site.run("logs", "--service", "--since", "-1h").stdout
    said = shown.count("job on web-")
    total, times, well = runs()
    assert total == times == well
    assert total - 1 <= said <= total + 1
    site.on("web-1", "systemctl", "stop", "service-job-often.timer")
    time.sleep(2)  # what it had begun ends
    total = runs()[0]
    until(lambda: runs()[0] > total, 90, "the job does not go on")
    assert site.answer("up", "--no-wait")["changed"]


def change(site: Site, line: str) -> None:
    with source(site, "urls.py").open("a") as file:
        file.write(line)
