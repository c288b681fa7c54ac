"""`redundant-web` through the whole house: slot, attack, evidence, page; and the faults that must
turn it red or be refused."""

import base64
import json
import shutil
import struct
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

from .conftest import PROJECT, Site, fetched

CLIENT = Path(__file__).parent / "second_client.py"
Proven = tuple[Site, Any]


def test_up_ends_with_the_promise_proven_in_rehearsal(proven: Proven) -> None:
    _, said = proven
    proof = next(each for each in said["proofs"] if each["promise"] == "redundant-web")
    assert proof["outcome"] == "kept"
    assert proof["grade"] == "rehearsed"
    assert any("share one kernel" in each for each in proof["stand_ins"])
    assert proof["measured"]["failed_requests"] == proof["measured"]["doubled_writes"] == 0
    assert proof["measured"]["requests"] == 1200
    assert proof["measured"]["writes"] >= 360


def test_status_shows_machines_units_and_the_promise(proven: Proven) -> None:
    site, _ = proven
    said = site.answer("status")
    assert {each["name"]: each["state"] for each in said["machines"]} == dict.fromkeys(
        (
            *("edge-1", "edge-2", "web-1", "web-2", "db-1", "db-2"),
            *("backup-1", "backup-2", "monitor-1", "monitor-2", "monitor-3"),
        ),
        "on",
    )
    units = [unit for each in said["machines"] for unit in each["units"]]
    assert {"name": "haproxy.service", "state": "active"} in units
    promise = next(each for each in said["promises"] if each["id"] == "redundant-web")
    assert (promise["state"], promise["grade"]) == ("kept", "rehearsed")
    assert promise["calibrated_at"] is not None
    assert promise["due_at"] is not None


def test_a_second_up_changes_nothing_and_attacks_nothing(proven: Proven) -> None:
    site, _ = proven
    site.answer("up", "--no-wait")  # whatever other tests have left
    said = site.answer("up")
    assert said["changed"] == {}
    assert said["proofs"] == []


def test_the_calibration_has_seen_it_red_because_of_blind_edge(proven: Proven) -> None:
    """Read from the log as it is served, with nothing of the product."""
    site, said = proven
    entries = published(site, said["trust_url"])
    kinds = [each["predicateType"] for each in entries]
    assert kinds.index("urn:standfast:slot:v1") < kinds.index("urn:standfast:proof:v1")
    seen = next(
        each["predicate"]
        for each in entries
        if each["predicateType"].endswith("calibration:v1")
        and each["predicate"]["promise"] == "redundant-web"
    )
    assert seen["fault"] == "blind-edge"
    assert seen["red"]["outcome"] == "broken"
    assert seen["red"]["measured"]["failed_requests"] > 0
    assert seen["green"]["outcome"] == "kept"
    assert "blind-edge.cfg" not in site.on("edge-1", "ps", "-eo", "args")


def test_the_page_says_what_the_log_says(proven: Proven) -> None:
    site, said = proven
    page = fetched(site, said["trust_url"]).decode()
    assert "kept in rehearsal" in page
    assert "share one kernel" in page
    trust = json.loads(fetched(site, said["trust_url"] + "trust.json"))
    states = {each["id"]: each["state"] for each in trust["promises"]}
    assert states["redundant-web"] == "kept"
    assert trust["shares_hardware"]


def test_verify_holds_and_one_edited_byte_is_found(proven: Proven, tmp_path: Path) -> None:
    site, _ = proven
    assert site.answer("evidence", "verify")["complaints"] == []

    copy = tmp_path / "log"
    folder = next(site.home.glob("machines/monitor-1/data/*/www/log"))
    shutil.copytree(folder, copy)
    assert site.answer("evidence", "verify", str(copy))["complaints"] == []
    size = int((copy / "checkpoint").read_text().splitlines()[1])
    bundle = copy / "tile" / "entries" / ("000" if size >= 256 else f"000.p/{size}")
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.write_bytes(content)
    found = site.answer("evidence", "verify", str(copy), status=1)
    assert any("altered or dropped" in each for each in found["complaints"])
    assert all(each["state"] != "kept" for each in found["promises"])


def test_the_drill_agrees_with_a_second_client(proven: Proven) -> None:
    site, _ = proven
    with second_client(site) as client:
        attack = site.start("drill", "web-server", "--json")
        off_at = watch_the_power(site, attack)
        out, err = attack.communicate(timeout=120)
        assert attack.returncode == 0, err
        verdict = end(client, site)

    (proof,) = json.loads(out)["proofs"]
    assert proof["outcome"] == "kept"
    assert proof["measured"]["failed_requests"] == 0
    assert proof["measured"]["doubled_writes"] == 0
    assert verdict["writes"] > 100
    assert (verdict["failed"], verdict["doubled"], verdict["missing"]) == (0, 0, 0), verdict
    assert off_at["processes"] == 0
    assert off_at["seconds"] >= 8, "the machine was off for ten seconds, less our own looking"
    assert not off_at["link"]
    assert all(site.processes(each) > 0 for each in ("web-1", "web-2"))


def test_a_drill_that_is_killed_leaves_the_machine_back_and_whole(proven: Proven) -> None:
    site, _ = proven
    attack = site.start("drill", "web-server", "--json")
    until(lambda: off(site), 40, "no machine was switched off")
    subprocess.run(["pkill", "-KILL", "--session", str(attack.pid)], check=True)
    attack.communicate()
    until(lambda: not off(site), 20, "the machine stays off")
    until(lambda: serving(site), 40, "the service does not come back")
    until(lambda: not (site.home / "drill.json").exists(), 40, "the drill's note stays")
    said = site.answer("status")
    assert {each["state"] for each in said["machines"]} == {"on"}


def test_doubt_that_is_killed_leaves_no_fault(proven: Proven) -> None:
    site, _ = proven
    doubting = site.start("doubt", "redundant-web", "--json")
    blind = "pgrep -fc blind-edge.cfg || true"
    until(lambda: int(site.on("edge-1", blind)) > 1, 40, "no fault was planted")
    subprocess.run(["pkill", "-KILL", "--session", str(doubting.pid)], check=True)
    doubting.communicate()
    until(lambda: int(site.on("edge-1", blind)) <= 1, 40, "the fault stays")
    until(lambda: serving(site), 40, "the service does not come back")
    until(lambda: not (site.home / "drill.json").exists(), 40, "the drill's note stays")


def test_a_degraded_site_is_not_attacked(proven: Proven) -> None:
    site, _ = proven
    site.on("web-2", "systemctl", "stop", "service-web.service")
    try:
        done = site.run("prove", "redundant-web", "--json")
        assert done.returncode == 1
        assert "web-2 does not serve" in done.stderr
        assert "standfast up" in done.stderr
    finally:
        assert site.answer("up")["changed"] == {"web-2": {"started": ["service-web.service"]}}
    until(lambda: serving(site), 30, "up did not start what was stopped")


def test_two_commands_do_not_change_a_site_at_once(proven: Proven) -> None:
    site, _ = proven
    first = site.start("prove", "redundant-web", "--json")
    until(lambda: (site.home / "drill.json").exists(), 20, "the drill does not begin")
    second = site.run("up", "--json")
    assert second.returncode == 1
    assert "standfast prove" in second.stderr
    assert "at work on this site" in second.stderr
    out, err = first.communicate(timeout=120)
    assert first.returncode == 0, err
    assert json.loads(out)["proofs"][0]["outcome"] == "kept"


def published(site: Site, trust_url: str) -> list[Any]:
    """The statements of all entries, from the tiles that any visitor may fetch."""
    checkpoint = fetched(site, f"{trust_url}log/checkpoint").decode().splitlines()
    size = int(checkpoint[1])
    full, last = divmod(size, 256)
    names = [*(f"{each:03}" for each in range(full)), *([f"{full:03}.p/{last}"] if last else [])]
    bundle = b"".join(fetched(site, f"{trust_url}log/tile/entries/{each}") for each in names)
    found, at = [], 0
    while at < len(bundle):
        (length,) = struct.unpack_from(">H", bundle, at)
        envelope = json.loads(bundle[at + 2 : at + 2 + length])
        found.append(json.loads(base64.b64decode(envelope["payload"])))
        at += 2 + length
    return found


def serving(site: Site) -> bool:
    try:
        return fetched(site, f"https://127.0.0.1:{site.port}/health") != b""
    except OSError:
        return False


def off(site: Site) -> bool:
    return any(site.processes(each) == 0 for each in ("web-1", "web-2"))


def until(holds: Any, limit_s: float, otherwise: str, every_s: float = 0.05) -> None:
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(every_s)


def watch_the_power(site: Site, attack: Any) -> dict[str, Any]:
    """What this computer's kernel says of the machine that the drill says it has cut."""
    until(lambda: off(site) or attack.poll() is not None, 60, "no machine was switched off")
    assert attack.poll() is None, attack.communicate()
    began = time.monotonic()
    machine = next(each for each in ("web-1", "web-2") if site.processes(each) == 0)
    time.sleep(0.2)
    seen = {"processes": site.processes(machine), "link": site.link_is_up(machine)}
    until(lambda: site.processes(machine) > 0, 60, "the machine stays off")
    return {**seen, "machine": machine, "seconds": time.monotonic() - began}


def second_client(
    site: Site, seconds: int = 120, edge: str = "203.0.113.11"
) -> "subprocess.Popen[str]":
    """`seconds`: it stops by then, told or not. `edge`: the public address that it asks."""
    contract = tomllib.loads((PROJECT / "examples/timesheets/service.toml").read_text())
    process = subprocess.Popen(
        site.in_vantage(sys.executable, "-I", str(CLIENT)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    orders = {
        "connect": [edge, 443],
        "name": edge,
        "ca": str(site.home / "ca.pem"),
        "canary": contract["service"]["canary"],
        "account": "you@example.com",
        "password": site.secret("drawn/account_password"),
        "every_s": 0.05,
        "seconds": seconds,
    }
    print(json.dumps(orders), file=process.stdin, flush=True)
    return process


def primary(site: Site) -> str:
    """By PostgreSQL's own word: the one that is not in recovery."""
    asked = "runuser -u postgres -- psql -h /run/standfast-postgresql -Atc"
    for each in ("db-1", "db-2"):
        if site.on(each, f"{asked} 'SELECT pg_is_in_recovery()' || true").strip() == "f":
            return each
    raise AssertionError("no database machine takes writes")


def end(client: "subprocess.Popen[str]", site: Site) -> Any:
    """Stop it, tell it what PostgreSQL itself holds, and hear its verdict."""
    assert client.stdin is not None
    assert client.stdout is not None
    print('"stop"', file=client.stdin, flush=True)
    run = json.loads(client.stdout.readline())["stopped"]
    query = f"SELECT id FROM entry WHERE note LIKE '%{run}%'"
    rows = site.on(
        primary(site),
        f'runuser -u postgres -- psql -h /run/standfast-postgresql -At timesheets -c "{query}"',
    )
    print(json.dumps({"rows": rows.split()}), file=client.stdin, flush=True)
    client.stdin.close()
    return json.loads(client.stdout.readline())
