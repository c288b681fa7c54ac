"""Three machines that are somebody's own, listed in the file: refused untouched, or a whole site.

The operator sits in a network namespace on the machines' two networks and on no other, with an
ordinary `~/.ssh`. What comes from the internet has to lie in the cache, as it does after a site was
made here from the same service; if it does not, one is made and destroyed first.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
BOOT = Path(__file__).with_name("boot_listed")
STANDFAST = PROJECT / "bin" / "standfast"
NAME = "test-listed"
HOME = Path("/var/lib") / NAME
STATE = HOME / "state"
CACHE = Path("/var/cache/standfast")
PUBLIC = "198.51.100.11"
MARK = "/etc/standfast/secrets.mark"
CLAIM = "/run/standfast-claim"
MACHINES = ("one", "two", "three")
NEWCOMER = "four"
"""Takes the place of the third later."""

DRILLS = {
    *("any-machine", "certificate-verifiable", "closed-ports", "database-crash", "database-host"),
    *("encrypted-in-transit", "front-ciphers", "mirrored-database", "restore", "secondary-host"),
    *("slow-web", "tamper", "wire"),
}
HOST_OUTAGE_S = 12
"""On three machines, where the primary's machine is also an edge, a web server and a voter."""

FILE = f"""
name = "{NAME}"

[network]
management_from = ["10.88.0.0/24"]

[[machines]]
name = "one"
roles = ["edge", "web", "monitor", "database"]
address = "10.88.0.11"
public = "{PUBLIC}"
ssh = {{ host = "10.88.0.11", user = "root", port = 22 }}
power = {{ cut = ["{BOOT}", "off", "one"], restore = ["{BOOT}", "on", "one"] }}

[[machines]]
name = "two"
roles = ["edge", "web", "monitor", "database"]
address = "10.88.0.12"
public = "198.51.100.12"
ssh = {{ host = "two" }}
power = {{ cut = ["{BOOT}", "off", "two"], restore = ["{BOOT}", "on", "two"] }}

"""
THIRD = f"""\
[[machines]]
name = "three"
roles = ["edge", "web", "monitor", "backup"]
address = "10.88.0.13"
public = "198.51.100.13"
ssh = {{ host = "10.88.0.13" }}
power = {{ cut = ["{BOOT}", "off", "three"], restore = ["{BOOT}", "on", "three"] }}
"""
FILE += THIRD
FOURTH = THIRD.replace("three", NEWCOMER).replace("0.13", "0.14").replace("100.13", "100.14")

TLS = " ".join(
    f"--{what}=/etc/standfast/identity/{name}.pem"
    for what, name in (("cacert", "ca"), ("cert", "cert"), ("key", "key"))
)

FETCH = """
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile=sys.argv[2])
print(urllib.request.urlopen(sys.argv[1], context=context, timeout=10).status)
"""

KNOCK = """
import json, socket, sys
def knock(port):
    try:
        socket.create_connection((sys.argv[1], port), timeout=0.7).close()
        return "open"
    except TimeoutError:
        return "silent"
    except ConnectionRefusedError:
        return "refused"
print(json.dumps({port: knock(int(port)) for port in sys.argv[2:]}))
"""


FIRST = {
    "STANDFAST_STATE": str(STATE),
    "STANDFAST_RUN": f"/run/{NAME}",
    "XDG_CONFIG_HOME": str(HOME / "config"),
}
SECOND = {
    "STANDFAST_STATE": str(HOME / "state-2"),
    "STANDFAST_RUN": f"/run/{NAME}/second",
    "XDG_CONFIG_HOME": str(HOME / "config-2"),
}
"""Two operators at two computers, as far as Standfast can tell."""


def run(
    *words: str | Path, check: bool = True, desk: Mapping[str, str] = FIRST
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(word) for word in words],
        env={**os.environ, **desk},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0 or not check, done.stderr + done.stdout
    return done


def operator(
    *words: str | Path, check: bool = True, desk: Mapping[str, str] = FIRST
) -> subprocess.CompletedProcess[str]:
    return run(BOOT, "operator", *words, check=check, desk=desk)


def standfast(
    file: Path, *words: str, check: bool = True, desk: Mapping[str, str] = FIRST
) -> subprocess.CompletedProcess[str]:
    return operator(STANDFAST, "--file", file, *words, check=check, desk=desk)


def planned(file: Path) -> str:
    """Every file that `up` would write, and that is no secret, in one text."""
    said = run(STANDFAST, "--file", file, "plan", "--offline", "--json").stdout
    shown = json.loads(said)["machines"]
    files = (each["content"] for bundle in shown.values() for each in bundle["files"])
    return "".join(b64decode(content).decode() for content in files if content is not None)


def image(venv: str) -> Path | None:
    """The newest cached base image with the Python packages that the machines are going to need."""
    found = [each for each in CACHE.glob("image-bookworm-*/root") if (each / venv).is_dir()]
    return max(found, key=lambda each: each.stat().st_mtime, default=None)


def cached(file: Path) -> Path:
    """The image from which the machines are booted; release and image are in the cache after it."""
    plan = planned(file)
    release = re.findall(r"/srv/service/releases/(\w+)", plan)[0]
    venv = re.findall(r"/(opt/standfast/venv-\w+)/bin", plan)[0]
    if image(venv) is None or not (CACHE / "releases" / f"{release}.tar").exists():
        here = file.with_name("here.toml")
        here.write_text(f'name = "{NAME}-cache"\nport = 18463\n')
        try:
            run(STANDFAST, "--file", here, "up", "--json", "--no-wait")
        finally:
            run(STANDFAST, "--file", here, "destroy", "--yes")
    found = image(venv)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("listed") / "standfast.toml"
    path.write_text(FILE)
    run(BOOT, "down")
    try:
        run(BOOT, "up", cached(path))
        yield path
    finally:
        run(BOOT, "down")


INSTALLED = ("etc", "opt", "srv", "usr", "root", "home", "var/lib/standfast-machine")
"""Where a rollout writes. What a machine's own programs keep in /var/lib (PostgreSQL's checkpoints,
the keeper's page) changes whether or not anybody touches the machine."""


def on_disk() -> dict[str, int]:
    """What was put on the machines' disks beyond their image, and when it was last written."""
    found: dict[str, int] = {}
    for machine in (*MACHINES, NEWCOMER):
        for folder in INSTALLED:
            root = HOME / "machines" / machine / "upper" / folder
            found |= {str(path): path.lstat().st_mtime_ns for path in root.rglob("*")}
    return found


def refused(file: Path, words: str, *changes: tuple[str, str]) -> None:
    """`up` says why in these words, and has not touched a machine."""
    text = FILE
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    # Another site has connections of its own, so none that stands open is taken up again.
    number = len(list(file.parent.iterdir()))
    other = file.with_name(f"refused-{number}.toml")
    other.write_text(text.replace(f'"{NAME}"', f'"{NAME}-{number}"'))
    before = on_disk()
    done = standfast(other, "up", "--json", check=False)
    assert done.returncode != 0
    assert words in done.stderr
    assert "Try: " in done.stderr
    assert done.stdout == ""
    assert on_disk() == before


def on(machine: str, command: str, *, check: bool = True) -> str:
    """What a person does on the machine itself."""
    return operator("ssh", "-o", "BatchMode=yes", machine, command, check=check).stdout


def remains(machine: str) -> str:
    """What of ours runs or is installed there. Who it was, it still knows."""
    on(machine, "ls /etc/standfast/identity/key.pem")
    units = on(machine, "systemctl list-units --no-legend 'standfast-*' 'service-*'")
    return units + on(machine, "ls -d /opt/standfast /etc/standfast/nftables.conf", check=False)


def voting() -> set[str]:
    asked = on(
        "one", f"ETCDCTL_API=3 etcdctl --endpoints=https://10.88.0.11:2379 {TLS} member list"
    )
    lines = (line.split(", ") for line in asked.splitlines())
    return {name for _, _, name, *_, learner in lines if learner == "false"}


def disk(machine: str) -> Path:
    return HOME / "machines" / machine / "root"


def test_a_plan_shows_all_that_would_be_there_and_touches_nothing(file: Path) -> None:
    before = on_disk()
    shown = standfast(file, "plan").stdout
    assert on_disk() == before
    assert "three  (backup, edge, monitor, web)  " in shown
    assert "  firewall   + /etc/standfast/nftables.conf  0644 root:root" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_plan_goes_on_where_a_machine_cannot_be_asked(file: Path) -> None:
    other = file.with_name("unseen.toml")
    text = FILE.replace('"10.88.0.13" }', '"10.88.0.99" }')
    other.write_text(text.replace(f'"{NAME}"', f'"{NAME}-unseen"'))
    done = standfast(other, "plan", check=False)
    assert done.returncode == 3
    assert "three (10.88.0.99) cannot be reached by SSH" in done.stderr
    assert "was not looked at" in done.stdout


def test_who_would_be_locked_out_is_refused(file: Path) -> None:
    lockout = ('["10.88.0.0/24"]', '["198.51.100.0/24", "10.88.0.2/32"]')
    refused(file, "from 10.88.0.1, which network.management_from does not hold", lockout)


def test_a_user_who_is_not_root_is_refused(file: Path) -> None:
    refused(file, "enters one as a user who is not root", ('user = "root"', 'user = "admin"'))


def test_an_unreachable_machine_is_named(file: Path) -> None:
    gone = ('"10.88.0.13" }', '"10.88.0.99" }')
    refused(file, "three (10.88.0.99) cannot be reached by SSH", gone)


def test_a_machine_whose_host_key_is_unknown_is_named(file: Path) -> None:
    known = HOME / "ssh" / "known_hosts"
    lines = known.read_text()
    known.write_text("".join(line for line in lines.splitlines(True) if "10.88.0.13" not in line))
    try:
        refused(file, "the SSH host key of three (10.88.0.13) is not known here")
    finally:
        known.write_text(lines)


def test_a_system_that_nobody_tried_is_refused(file: Path) -> None:
    release = disk("three") / "etc" / "os-release"
    target = release.readlink()
    release.unlink()
    release.write_text('ID=fedora\nVERSION_ID="42"\nPRETTY_NAME="Fedora 42"\n')
    try:
        refused(file, "three runs Fedora 42; nothing was touched")
    finally:
        release.unlink()
        release.symlink_to(target)


def test_a_clock_that_is_an_hour_off_is_refused(file: Path) -> None:
    """A machine made by namespaces has no clock of its own, so it only says another time."""
    date = disk("two") / "usr" / "local" / "bin" / "date"
    date.write_text('#!/bin/sh\nexec /bin/date --date="1 hour" "$@"\n')
    date.chmod(0o755)
    try:
        refused(file, "the clock of two is 60 min ahead of this computer's")
    finally:
        date.unlink()


def test_a_full_disk_is_refused(file: Path) -> None:
    on("two", "mount -t tmpfs -o size=1m tmpfs /opt")
    try:
        refused(file, "the disk of two at /opt has 1.0 MB free")
    finally:
        on("two", "umount /opt")


THEIRS = """
cat > /etc/systemd/system/theirs.service <<END
[Service]
ExecStart=/usr/bin/python3 -m http.server 443
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --now theirs.service
pg_createcluster --start 15 theirs
su postgres -c "psql --cluster 15/theirs -c 'CREATE TABLE kept AS SELECT 42 AS answer'"
nft "add table inet theirs; add chain inet theirs in { type filter hook input priority 0; }"
nft "add rule inet theirs in tcp dport 9999 drop"
echo "192.0.2.99 two" >> /etc/hosts
"""
"""What somebody already runs: a web server, a database with something in it, a firewall, a name."""

IN_THE_WAY = (
    "python3 listens on port 443",
    "PostgreSQL 15 has a cluster called theirs",
    "a firewall of somebody's own is loaded: table inet theirs",
    "/etc/hosts says `192.0.2.99 two`",
)
ANSWER = "su postgres -c \"psql --cluster 15/theirs --tuples-only -c 'SELECT * FROM kept'\""


@pytest.fixture(scope="module")
def theirs(file: Path) -> None:
    on("one", THEIRS)


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_what_would_be_replaced_is_named_and_refused(file: Path, theirs: None, what: str) -> None:
    if what == IN_THE_WAY[0]:  # one `up` and one `plan` say it all
        refused(file, "up --adopt one")
        shown = standfast(file, "plan").stdout.replace("\n             ", " ")
        (file.parent / "in-the-way").write_text(shown)
    assert what in (file.parent / "in-the-way").read_text()


@pytest.fixture(scope="module")
def up(file: Path, theirs: None) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(standfast(file, "up", "--json", "--adopt", "one").stdout)
    return answer


def test_up_serves_at_the_public_address_over_verified_tls(up: dict[str, Any]) -> None:
    assert up["url"] == f"https://{PUBLIC}/"
    assert set(up["changed"]) == set(MACHINES)
    authority = STATE / "sites" / NAME / "ca.pem"
    answer = operator(sys.executable, "-c", FETCH, f"{up['url']}health", authority)
    assert answer.stdout.strip() == "200"


def test_what_was_adopted_gave_way_and_is_kept_aside(up: dict[str, Any]) -> None:
    assert "inactive" in on("one", "systemctl is-active theirs.service", check=False)
    assert "table inet theirs" not in on("one", "nft list tables")
    assert "192.0.2.99 two" not in on("one", "grep -v '#' /etc/hosts | head -3")
    assert on("one", "ls /var/lib/standfast-aside/*/firewall.nft /var/lib/postgresql/15/theirs")


def test_a_second_up_changes_nothing_and_takes_seconds(file: Path, up: dict[str, Any]) -> None:
    started = time.monotonic()
    again = json.loads(standfast(file, "up", "--json", "--no-wait").stdout)
    assert again["changed"] == {}
    assert time.monotonic() - started < 15


def test_a_second_operator_at_a_second_computer_goes_on_with_the_same_secrets(
    file: Path, up: dict[str, Any]
) -> None:
    key = HOME / "config-2" / "standfast" / "identity"
    key.parent.mkdir(parents=True)
    run("age-keygen", "-o", key)
    standfast(file, "operator", "add", "second", run("age-keygen", "-y", key).stdout.strip())
    again = json.loads(standfast(file, "up", "--json", "--no-wait", desk=SECOND).stdout)
    assert {name for report in again["changed"].values() for name in report["files"]} == {MARK}
    assert json.loads(standfast(file, "up", "--json", "--no-wait").stdout)["changed"] == {}


def test_who_is_at_work_at_another_computer_is_named(file: Path, up: dict[str, Any]) -> None:
    holding = f"""
    echo "standfast deploy of ben at desk, since 12:00:00 UTC" >{CLAIM}.holder
    echo held; cat
    """
    there = shlex.join(["flock", f"{CLAIM}.lock", "sh", "-c", holding])
    ben = subprocess.Popen(
        [str(BOOT), "operator", "ssh", "-o", "BatchMode=yes", "one", there],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert ben.stdout is not None
    assert ben.stdout.readline() == b"held\n"
    done = standfast(file, "up", "--json", check=False)
    ben.communicate()
    assert done.returncode == 1
    assert "standfast deploy of ben at desk, since 12:00:00 UTC, is at work" in done.stderr
    assert json.loads(standfast(file, "up", "--json", "--no-wait").stdout)["changed"] == {}


def test_a_plan_of_what_is_as_planned_says_so(file: Path, up: dict[str, Any]) -> None:
    assert standfast(file, "plan").stdout.count("is as planned") == len(MACHINES)


def test_a_plan_shows_line_by_line_what_a_person_changed(file: Path, up: dict[str, Any]) -> None:
    on("two", "echo '# by hand' >> /etc/ssh/sshd_config.d/standfast.conf")
    on("two", "echo SECRET=by-hand >> /etc/standfast/service.env")
    shown = standfast(file, "plan").stdout
    assert "two  (database, edge, monitor, web)  2 files changed" in shown
    assert "  file       ~ /etc/ssh/sshd_config.d/standfast.conf" in shown
    assert "    -# by hand" in shown
    assert "by-hand" not in shown
    again = json.loads(standfast(file, "up", "--json", "--no-wait").stdout)
    assert set(again["changed"]) == {"two"}


@pytest.mark.parametrize("machine", MACHINES)
def test_its_firewall_is_loaded_and_lets_operators_in(machine: str, up: dict[str, Any]) -> None:
    rules = on(machine, "nft list table inet standfast")
    assert "policy drop" in rules
    port = 2222 if machine == "two" else 22
    assert f'ip saddr 10.88.0.0/24 tcp dport {port} accept comment "operators"' in rules


def test_closed_ports_are_silent_from_the_public_side(up: dict[str, Any]) -> None:
    ports = ("22", "2379", "5432", "7443", "8000", "8008", "8443", "443")
    heard = json.loads(operator(sys.executable, "-c", KNOCK, PUBLIC, *ports).stdout)
    assert heard == {**dict.fromkeys(ports, "silent"), "443": "open"}


def test_only_its_own_machines_reach_the_database(up: dict[str, Any]) -> None:
    heard = json.loads(operator(sys.executable, "-c", KNOCK, "10.88.0.12", "5432").stdout)
    assert heard == {"5432": "silent"}


LOCK_OUT = """
from standfast.core.command import SystemRunner
from standfast.mechanisms.hosts.firewall.guard import Places, load
places = Places()
rules = places.wanted.read_text()
places.wanted.write_text(rules.replace("10.88.0.0/24", "10.88.7.0/24"))
load(places, SystemRunner(), revert_after_s=8)
"""


def test_a_firewall_that_locks_everybody_out_reverts_by_itself(
    file: Path, up: dict[str, Any]
) -> None:
    folder = on("three", "ls -d /opt/standfast/releases/*").split()[-1]
    on("three", f"PYTHONPATH={folder}/src python3 -c '{LOCK_OUT}'")
    anew = ("ssh", "-o", "BatchMode=yes", "-o", "ControlPath=none", "-o", "ConnectTimeout=2")
    assert operator(*anew, "three", "true", check=False).returncode == 255
    time.sleep(9)
    assert operator(*anew, "three", "true", check=False).returncode == 0
    again = json.loads(standfast(file, "up", "--json", "--no-wait").stdout)
    assert again["changed"] == {"three": {"files": ["/etc/standfast/nftables.conf"]}}
    assert operator(*anew, "three", "true", check=False).returncode == 0


SLOW = '#!/bin/sh\nsleep 1\nexec /usr/bin/dpkg-query "$@"\n'
LOST = "/etc/standfast/agent.json"


def test_a_connection_lost_in_the_middle_of_a_bundle_leaves_none_half_applied(
    file: Path, up: dict[str, Any]
) -> None:
    slow = disk("three") / "usr" / "local" / "bin" / "dpkg-query"
    on("three", f"rm {LOST} /etc/standfast/web-proxy.cfg; systemctl stop standfast-agent.socket")
    slow.write_text(SLOW)
    slow.chmod(0o755)
    try:
        command = [str(word) for word in (BOOT, "operator", STANDFAST, "--file", file, "up")]
        under_way = subprocess.Popen(
            command,
            env={**os.environ, **FIRST},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        waited_for(lambda: "on_machine" in on("three", "pgrep -fa 'on_machine apply'", check=False))
        os.killpg(under_way.pid, 9)
        under_way.wait()
        on("three", "pkill -f 'sshd: root@notty'", check=False)
    finally:
        slow.unlink()
    waited_for(lambda: not on("three", "pgrep -f '[o]n_machine apply'", check=False))
    assert on("three", f"ls {LOST} /etc/standfast/web-proxy.cfg")
    again = json.loads(standfast(file, "up", "--json", "--no-wait").stdout)
    assert "files" not in again["changed"].get("three", {})
    assert standfast(file, "plan").stdout.count("is as planned") == len(MACHINES)


def waited_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_nothing_is_disturbed_before_somebody_consented(file: Path, up: dict[str, Any]) -> None:
    done = standfast(file, "drill", "any-machine", check=False)
    assert done.returncode == 1
    assert "nobody has consented" in done.stderr
    listed = json.loads(standfast(file, "drills", "--json").stdout)
    drill = next(each for each in listed["drills"] if each["drill"] == "any-machine")
    assert drill["consented_at"] is None
    status = json.loads(standfast(file, "status", "--json", check=False).stdout)
    promise = next(each for each in status["promises"] if each["id"] == "any-machine")
    assert promise["state"] == "unproven"
    assert "nobody has consented to this drill yet" in promise["reason"]


def test_a_pause_stops_what_was_consented_to(file: Path, up: dict[str, Any]) -> None:
    standfast(file, "drills", "pause", "--reason", "the auditors are here")
    done = standfast(file, "drill", "any-machine", "--consent", check=False)
    assert done.returncode == 1
    assert "the auditors are here" in done.stderr
    assert "Drills are paused: the auditors are here" in standfast(file, "drills").stdout
    standfast(file, "drills", "resume")


def test_every_drill_of_the_site_is_kept_here(file: Path, up: dict[str, Any]) -> None:
    listed = json.loads(standfast(file, "drills", "--json").stdout)["drills"]
    assert {each["drill"] for each in listed} == DRILLS
    closed = next(each for each in up["proofs"] if each["promise"] == "closed-ports")
    outcomes = {"closed-ports": (closed["outcome"], closed["measured"])}
    for drill in sorted(DRILLS - outcomes.keys()):  # its scan takes a minute, and `up` has made it
        said = standfast(file, "drill", drill, "--consent", "--json", check=False).stdout
        proofs = json.loads(said)["proofs"]
        outcomes |= {each["drill"]: (each["outcome"], each["measured"]) for each in proofs}
    assert {drill for drill, (outcome, _) in outcomes.items() if outcome == "kept"} == DRILLS, (
        outcomes
    )
    assert outcomes["database-host"][1]["outage_s"] <= HOST_OUTAGE_S


def test_what_three_machines_cannot_promise_is_shown_as_not_promised(
    file: Path, up: dict[str, Any]
) -> None:
    page = json.loads(on("one", "cat /var/lib/standfast/www/trust.json"))
    reasons = {each["id"]: each["why"] for each in page["not_promised"]}
    assert "a database fails too" in reasons["redundant-web"]
    assert "two backup machines" in reasons["onsite-backup"]


def test_a_drill_with_consent_cuts_the_power_and_is_remembered(
    file: Path, up: dict[str, Any]
) -> None:
    drill = ("drill", "any-machine", "--machine", "three")
    (proof,) = json.loads(standfast(file, *drill, "--consent", "--json").stdout)["proofs"]
    assert (proof["outcome"], proof["grade"]) == ("kept", "rehearsed")
    assert "consented" in standfast(file, "drills").stdout
    done = standfast(file, "drill", "any-machine", check=False)
    assert done.returncode == 1
    assert "no window of [drills] is open" in done.stderr


def test_in_a_window_it_runs_without_being_asked(file: Path, up: dict[str, Any]) -> None:
    windows = '[drills]\nwindows = ["daily 00:00-12:00", "daily 12:00-00:00"]\n'
    file.write_text(f"{FILE}\n{windows}")
    try:
        drill = ("drill", "any-machine", "--machine", "three")
        done = json.loads(standfast(file, *drill, "--json").stdout)
    finally:
        file.write_text(FILE)
    assert done["proofs"][0]["outcome"] == "kept"


def test_databases_that_would_all_leave_are_refused_untouched(
    file: Path, up: dict[str, Any]
) -> None:
    without = FILE.replace('"monitor", "database"]', '"monitor"]')
    elsewhere = without.replace('"backup"]', '"backup", "database"]')
    file.write_text(elsewhere + FOURTH.replace('"edge", "web", "monitor", "backup"', '"database"'))
    before = on_disk()
    try:
        done = standfast(file, "up", "--json", check=False)
    finally:
        file.write_text(FILE)
    assert done.returncode == 1
    assert "no database that holds the data" in done.stderr
    assert "Try: " in done.stderr
    assert on_disk() == before


def test_a_machine_that_another_replaces_gives_back_what_is_ours_and_keeps_data(
    file: Path, up: dict[str, Any]
) -> None:
    file.write_text(FILE[: FILE.index(THIRD)] + FOURTH)
    said = standfast(file, "up", "--json", "--no-wait")
    assert NEWCOMER in json.loads(said.stdout)["changed"]
    shown = json.loads(standfast(file, "status", "--json", check=False).stdout)
    assert {each["name"]: each["state"] for each in shown["machines"]} == {
        **{"one": "on", "two": "on"},
        NEWCOMER: "on",
    }
    assert not remains("three")
    assert on("three", "ls /var/lib/standfast-backup")
    assert voting() == {"one", "two", NEWCOMER}
    authority = STATE / "sites" / NAME / "ca.pem"
    answer = operator(sys.executable, "-c", FETCH, f"https://{PUBLIC}/health", authority)
    assert answer.stdout.strip() == "200"
    assert json.loads(standfast(file, "up", "--json", "--no-wait").stdout)["changed"] == {}


def test_down_stops_the_service_and_nothing_else(file: Path, up: dict[str, Any]) -> None:
    standfast(file, "down")
    for machine in ("one", "two", NEWCOMER):
        assert "inactive" in on(machine, "systemctl is-active service-web", check=False)
    assert "active" in on("one", "systemctl is-active standfast-patroni.service")


def test_destroy_takes_its_own_away_puts_theirs_back_and_keeps_data(
    file: Path, up: dict[str, Any]
) -> None:
    done = standfast(file, "destroy", "--yes")
    assert "/var/lib/postgresql" in done.stdout
    assert "standfast" not in on("one", "nft list tables")
    assert "table inet theirs" in on("one", "nft list tables")
    assert on("one", "systemctl is-active theirs.service").strip() == "active"
    assert on("one", ANSWER).strip() == "42"
    assert "192.0.2.99 two" in on("one", "cat /etc/hosts")
    assert not {each: left for each in (*MACHINES, NEWCOMER) if (left := remains(each))}
    kept = HOME / "machines" / "one" / "upper" / "var/lib/standfast/www/log/checkpoint"
    assert kept.stat().st_size > 0
