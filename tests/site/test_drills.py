"""Every promise of the default site, attacked: each check seen red by its own planted fault, each
figure agreed on by a client that shares no code with the drill."""

import hashlib
import json
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .conftest import Site, fetched
from .test_redundant_web import Proven, end, published, second_client, until

FAULTS = {
    ("redundant-web", "web-server"): "blind-edge",
    ("redundant-edge", "edge"): "pinned-address",
    ("any-machine", "any-machine"): "blind-edge",
    ("fastest-route", "slow-web"): "equal-weights",
    ("mirrored-database", "mirrored-database"): "lone-primary",
    ("mirrored-database", "secondary-host"): "patient-primary",
    ("database-failover", "database-crash"): "nobody-takes-over",
    ("database-failover", "database-host"): "nobody-takes-over",
    ("onsite-backup", "onsite-backup"): "closed-repository",
    ("restore-works", "restore"): "truncated-backup",
    ("both-databases-lost", "both-databases-lost"): "closed-repository",
    ("offsite-snapshot", "offsite-snapshot"): "refused-store",
    ("offsite-snapshot", "offsite-restore"): "truncated-snapshot",
    ("encrypted-in-transit", "encrypted-in-transit"): "open-door",
    ("encrypted-in-transit", "wire"): "plain-replication",
    ("encrypted-in-transit", "front-ciphers"): "weak-suite",
    ("certificate-verifiable", "certificate-verifiable"): "ending-certificate",
    ("closed-ports", "closed-ports"): "stray-listener",
    ("evidence-intact", "tamper"): "bent-copy",
}

MONTHLY = ("both-databases-lost",)
LIMIT_S = {"database-crash": 3, "database-host": 6}

RED_S, GREEN_S = 10.0, 90.0
PAGE_S = 5.0
"""The page is made after the log; each monitor makes its own."""
"""Within which the log says that one copy is left, and that there are two again."""

PACE_S = 1.0
"""How much two clients may differ that ask at paces of their own."""


@pytest.mark.parametrize(("part", "fault"), FAULTS.items(), ids=lambda each: str(each))
def test_up_has_seen_each_check_red_and_then_green(
    proven: Proven, part: tuple[str, str], fault: str
) -> None:
    site, said = proven
    seen = [
        each["predicate"]
        for each in published(site, said["trust_url"])
        if each["predicateType"].endswith("calibration:v1")
    ]
    found = next(each for each in seen if (each["promise"], each["green"]["drill"]) == part)
    assert found["fault"] == fault
    assert (found["red"]["outcome"], found["green"]["outcome"]) == ("broken", "kept")


def test_databases_that_did_not_come_back_are_put_back_as_they_were(proven: Proven) -> None:
    """In the red run backup machines hand out nothing; what was set aside is the site's again."""
    site, said = proven
    (red,) = [
        each["predicate"]["red"]
        for each in published(site, said["trust_url"])
        if each["predicateType"].endswith("calibration:v1")
        and each["predicate"]["promise"] == "both-databases-lost"
    ]
    assert red["measured"]["failed_recoveries"] == 1
    assert red["measured"]["lost_writes"] == 0


def test_nothing_is_due_at_once_and_everything_has_its_turn_in_time(proven: Proven) -> None:
    site, _ = proven
    said = site.answer("prove", "--due")
    assert said["proofs"] == []
    assert {(each["promise"], each["drill"]) for each in said["next"]} >= set(FAULTS)
    now = datetime.now(UTC)
    for each in said["next"]:
        away = datetime.fromisoformat(each["at"]) - now
        period = timedelta(days=30 if each["drill"] in MONTHLY else 1)
        assert period * 17 / 24 < away < period, each


def test_every_promise_is_kept_in_rehearsal_and_shows_its_drills(proven: Proven) -> None:
    site, _ = proven
    promises = {each["id"]: each for each in site.answer("status")["promises"]}
    assert {each for each, _ in FAULTS} <= set(promises)
    for promise, drill in FAULTS:
        assert (promises[promise]["state"], promises[promise]["grade"]) == ("kept", "rehearsed")
        assert drill in {each["drill"] for each in promises[promise]["drills"]}
    assert promises["database-failover"]["measured"]["database-crash"]["lost_writes"] == 0


@pytest.mark.parametrize("drill", ["database-crash", "database-host"])
def test_the_outage_and_the_writes_are_those_that_a_second_client_saw(
    proven: Proven, drill: str
) -> None:
    site, _ = proven
    with second_client(site) as client:
        (proof,) = site.answer("drill", drill)["proofs"]
        verdict = end(client, site)
    measured = proof["measured"]
    assert proof["outcome"] == "kept"
    assert measured["outage_s"] <= LIMIT_S[drill]
    assert measured["lost_writes"] == 0
    assert measured["writes"] >= 0.3 * measured["requests"]
    assert measured["redundancy_s"] > 0
    assert (verdict["doubled"], verdict["missing"]) == (0, 0), verdict
    assert abs(verdict["silence_s"] - measured["outage_s"]) <= PACE_S, verdict
    if drill == "database-host":
        assert f"removed the claim of {proof['seen']['machine']}" in watched(site)


def test_a_secondary_that_vanishes_holds_writes_up_for_seconds_and_loses_none(
    proven: Proven,
) -> None:
    site, _ = proven
    with second_client(site) as client:
        (proof,) = site.answer("drill", "secondary-host")["proofs"]
        verdict = end(client, site)
    measured = proof["measured"]
    assert proof["outcome"] == "kept"
    assert proof["seen"]["successor"] != proof["seen"]["machine"], "nobody took over"
    assert measured["lost_writes"] == 0
    assert (verdict["doubled"], verdict["missing"]) == (0, 0), verdict
    assert abs(verdict["silence_s"] - measured["stall_s"]) <= PACE_S, verdict


def test_a_lost_copy_is_red_in_the_public_log_within_ten_seconds_and_green_when_it_is_back(
    proven: Proven,
) -> None:
    """As a customer reads it, at its address; nobody runs a drill meanwhile."""
    site, said = proven
    secondary = {"db-1": "db-2", "db-2": "db-1"}[site.primary()]
    before = len(published(site, said["trust_url"]))
    try:
        site.cut(secondary)
        red, after_s = observed(site, said["trust_url"], "broken", since=before, within_s=RED_S)
        assert after_s <= RED_S
        assert red["measured"] == {}, "who attacks need not know what is left"
        assert list(red["seen"]) == ["sealed"]
        until(
            lambda: shown(site, said["trust_url"]) == "broken", PAGE_S, "the page does not say so"
        )
    finally:
        assert site.run("up", "--no-wait").returncode == 0
    green, _ = observed(site, said["trust_url"], "kept", since=before, within_s=GREEN_S)
    assert green["measured"]["missing_copies"] == 0
    acknowledge = [each for each in green["seen"]["receivers"] if each[2] != "async"]
    assert acknowledge == [[secondary, "streaming", "sync"]]
    until(lambda: shown(site, said["trust_url"]) == "kept", PAGE_S, "the page is silent")
    until(
        lambda: red["seen"]["sealed"]["sha256"] in revealed(site, said["trust_url"], before),
        PAGE_S,
        "what was sealed is not revealed",
    )
    details = revealed(site, said["trust_url"], before)[red["seen"]["sealed"]["sha256"]]
    assert details["measured"]["missing_copies"] == 1
    assert details["seen"]["primary"] != secondary


def revealed(site: Site, url: str, since: int) -> dict[str, Any]:
    """What notices have told since, by its SHA-256: with nothing of the product."""
    mark = "What was sealed in a broken proof is: "
    said = (each["predicate"] for each in published(site, url)[since:])
    texts = (each["text"] for each in said if "text" in each)
    told = [each.removeprefix(mark) for each in texts if each.startswith(mark)]
    return {hashlib.sha256(each.encode()).hexdigest(): json.loads(each) for each in told}


def test_an_outage_of_both_edges_is_counted_and_signed_and_on_the_page(proven: Proven) -> None:
    """Counts are logged by the hour, and when a keeper ends in good order: nobody waits here."""
    site, said = proven
    counted = handed_in(site, said["trust_url"])
    assert counted[-1]["answered"] > 0
    assert {each["address"] for each in counted[-1]["addresses"]} == EDGES
    until(lambda: kept(site) >= 1, LOOKED_S, "no monitor looks")
    try:
        for edge in ("edge-1", "edge-2"):
            site.cut(edge)
        time.sleep(DOWN_S)
    finally:
        assert site.run("up", "--no-wait").returncode == 0
    until(lambda: kept(site) >= 1, LOOKED_S, "no monitor looks any more")
    time.sleep(LOOKED_S / 2)
    after = handed_in(site, said["trust_url"])[len(counted) :]
    outages = [
        datetime.fromisoformat(until) - datetime.fromisoformat(since)
        for each in after
        for since, until in each["outages"]
    ]
    assert max(outages) >= timedelta(seconds=DOWN_S - 2 * 10), after
    until(lambda: page_counts(site, said["trust_url"]) >= max(outages), PAGE_S, "not on the page")
    assert site.status()["availability"]["answered"] > 0
    verified = json.loads(site.run("evidence", "verify", "--json").stdout)
    assert verified["page"] == {"compared": True, "disagrees": None}


EDGES = {"203.0.113.11", "203.0.113.12"}
DOWN_S = 35.0
LOOKED_S = 30.0
"""In which a monitor looks, though another one may first have to begin to write."""


def handed_in(site: Site, url: str) -> list[Any]:
    """What is in the log of availability, with all that was counted until now."""
    waiting = kept(site)
    before = len(counts(site, url))
    for number in (1, 2, 3):
        site.on(f"monitor-{number}", "systemctl restart standfast-keeper.service")
    until(lambda: len(counts(site, url)) >= before + waiting, 2 * LOOKED_S, "a count is not logged")
    return counts(site, url)


def kept(site: Site) -> int:
    """How many monitors are counting."""
    asked = "test -e /var/lib/standfast/availability.json && echo counts || true"
    return sum(site.on(f"monitor-{number}", asked) != "" for number in (1, 2, 3))


def counts(site: Site, url: str) -> list[Any]:
    return [
        each["predicate"]
        for each in published(site, url)
        if each["predicateType"] == "urn:standfast:availability:v1"
    ]


def page_counts(site: Site, url: str) -> timedelta:
    said = json.loads(fetched(site, f"{url}trust.json"))["availability"]
    return timedelta(seconds=said["longest_outage_s"])


def observed(
    site: Site, url: str, outcome: str, *, since: int, within_s: float
) -> tuple[Any, float]:
    """The first proof of a monitor's with that outcome, and how long it took to be published."""
    began = time.monotonic()
    while True:
        found = (each["predicate"] for each in published(site, url)[since:])
        for each in found:
            if each.get("outcome") == outcome and {"observer", "sealed"} & each["seen"].keys():
                return each, time.monotonic() - began
        assert time.monotonic() - began < within_s, f"nobody says that it is {outcome}"
        time.sleep(0.1)


def shown(site: Site, url: str) -> str:
    """The state on the page, of the part that observers look at."""
    promises = json.loads(fetched(site, f"{url}trust.json"))["promises"]
    parts = next(each["drills"] for each in promises if each["id"] == "mirrored-database")
    state: str = next(each["state"] for each in parts if each["drill"] == "mirrored-database")
    return state


def watched(site: Site) -> str:
    """What the monitors say that they did."""
    asked = "journalctl --unit standfast-monitor.service --output cat --since -2min"
    return "".join(site.on(f"monitor-{number}", asked) for number in (1, 2, 3))


def test_a_second_ear_reads_the_sentence_of_the_red_run_and_not_of_the_green_one(
    proven: Proven,
) -> None:
    """It may read older ones too: PostgreSQL sends whole pages, with the rows that are on them."""
    site, said = proven
    ear = subprocess.Popen(
        [
            *("nsenter", f"--net=/run/netns/standfast.{site.name}", "--"),
            *("python3", "-u", str(Path(__file__).with_name("second_ear.py")), "600"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert ear.stdout is not None
    try:
        assert ear.stdout.readline() == "ready\n"
        site.answer("doubt", "encrypted-in-transit")
    finally:
        ear.terminate()
        read = [line.split() for line in ear.stdout]
        ear.wait()
    (seen,) = [
        each["predicate"]
        for each in published(site, said["trust_url"])[-8:]
        if each["predicateType"].endswith("calibration:v1")
        and each["predicate"]["green"]["drill"] == "wire"
    ]
    red, green = seen["red"], seen["green"]
    assert red["measured"]["plain_sentences"] > 0
    assert (green["measured"]["plain_sentences"], green["measured"]["unheard_ways"]) == (0, 0)
    ports = {run: at for run, *at in read}
    assert "5432" in ports[red["run"]]
    assert green["run"] not in ports


def test_a_machine_that_is_named_is_the_one_that_fails(proven: Proven) -> None:
    site, _ = proven
    (proof,) = site.answer("drill", "any-machine", "--machine", "edge-1")["proofs"]
    assert proof["seen"]["machine"] == "edge-1"
    assert proof["outcome"] == "kept", proof["measured"]
    assert proof["measured"]["excess_failures"] == 0


def test_an_edge_dies_and_another_one_answers_at_its_address_until_it_is_well(
    proven: Proven,
) -> None:
    """A second client asks at the dying edge's address alone, and the kernels say who holds it."""
    site, _ = proven
    dying, address = "edge-1", "203.0.113.11"
    assert holders(site, address) == [dying]
    with second_client(site, edge=address) as client:
        drill = site.start("drill", "edge", "--machine", dying, "--json")
        until(lambda: site.processes(dying) == 0, 60, "the power was not cut")
        until(lambda: holders(site, address) == ["edge-2"], 5, "nobody took the address")
        assert asked_at(site, address) == "200"
        out, err = drill.communicate(timeout=200)
        assert drill.returncode == 0, err
        verdict = end(client, site)
    (proof,) = json.loads(out)["proofs"]
    assert (proof["outcome"], proof["seen"]["machine"]) == ("kept", dying)
    measured = proof["measured"]
    assert measured["outage_s"] <= 3
    assert measured["outage_s"] == max(proof["seen"]["silent_s"].values())
    assert (measured["silent_addresses"], measured["doubled_writes"]) == (0, 0)
    assert (verdict["doubled"], verdict["missing"]) == (0, 0), verdict
    assert verdict["silence_s"] <= 3 + PACE_S, verdict
    assert [holders(site, each) for each in sorted(EDGES)] == [["edge-1"], ["edge-2"]]
    assert [asked_at(site, each) for each in sorted(EDGES)] == ["200", "200"]


def test_an_edge_whose_haproxy_hangs_gives_its_address_away_and_takes_it_back(
    proven: Proven,
) -> None:
    site, _ = proven
    address = "203.0.113.12"
    try:
        site.on("edge-2", "systemctl kill --signal=STOP haproxy.service")
        until(lambda: holders(site, address) == ["edge-1"], 6, "the address stays")
        assert asked_at(site, address) == "200"
    finally:
        site.on("edge-2", "systemctl kill --signal=CONT haproxy.service")
    until(lambda: holders(site, address) == ["edge-2"], 15, "the address does not come back")
    assert asked_at(site, address) == "200"


def holders(site: Site, address: str) -> list[str]:
    """The edges that are on and have the address, as their kernels say."""

    def shown(edge: str) -> list[str]:
        words = ("ip", "-n", f"standfast.{site.name}.{edge}", "-brief", "-4", "address")
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()

    edges = [each for each in ("edge-1", "edge-2") if site.processes(each)]
    return [each for each in edges if f"{address}/32" in shown(each)]


def asked_at(site: Site, address: str) -> str:
    """The status of the service's answer there, as curl sees it from outside; 000 for none."""
    ask = ("curl", "--silent", "--max-time", "5", "--output", "/dev/null")
    trusting = ("--cacert", str(site.home / "ca.pem"), "--write-out", "%{http_code}")
    asked = site.in_vantage(*ask, *trusting, f"https://{address}/health")
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


def test_a_machine_that_is_no_primary_is_refused(proven: Proven) -> None:
    site, _ = proven
    done = site.run("drill", "database-crash", "--machine", "web-1", "--json")
    assert done.returncode != 0
    assert "web-1 is not the primary" in done.stderr


def test_every_copy_of_the_record_is_whole_and_every_change_is_noticed(proven: Proven) -> None:
    """The copies are compared here once more, with nothing of the product."""
    site, said = proven
    (proof,) = site.answer("prove", "evidence-intact")["proofs"]
    assert proof["outcome"] == "kept", proof
    measured = proof["measured"]
    assert (measured["copies"], measured["changes"], measured["unseen_changes"]) == (3, 45, 0)
    size = proof["seen"]["size"]
    assert len({hashed(site, f"monitor-{number}", size) for number in (1, 2, 3)}) == 1
    assert len(published(site, said["trust_url"])) >= size


def test_no_planted_fault_is_left(proven: Proven) -> None:
    site, _ = proven
    assert no_fault_is_left(site)


def hashed(site: Site, machine: str, size: int) -> str:
    """SHA-256 of so many entries on the disk of a monitor, from the bundles of its copy."""
    (entries,) = site.home.glob(f"machines/{machine}/data/*/www/log/tile/entries")
    full = sorted(entries.glob("???"))
    last = sorted(entries.glob(f"{len(full):03}.p/*"), key=lambda each: int(each.name))[-1:]
    data = b"".join(each.read_bytes() for each in (*full, *last))
    at = 0
    for _ in range(size):
        at += 2 + int.from_bytes(data[at : at + 2], "big")
    assert at <= len(data)
    return hashlib.sha256(data[:at]).hexdigest()


def no_fault_is_left(site: Site) -> bool:
    left = [site.on(each, "ls /var/lib/standfast-faults") for each in ("db-1", "db-2")]
    patroni = json.loads(cluster(site))
    return not any(each.split() for each in left) and not patroni.get("pause")


def cluster(site: Site) -> Any:
    identity = "/etc/standfast/identity"
    return site.on(
        "db-1",
        f"curl -s --cacert {identity}/ca.pem --cert {identity}/cert.pem "
        f"--key {identity}/key.pem https://db-1:8008/cluster",
    )
