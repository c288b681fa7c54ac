"""A certificate that an operator brings, as others see it: by OpenSSL's own client, by sslscan, and
by a customer who is connected while a newer one arrives; and all ports as nmap sees them."""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .conftest import Site, fetched, make

NAME, OTHER = "shop.example", "www.shop.example"

TWO_EDGES = f"""
names = ["{NAME}", "{OTHER}"]
[[machines]]
name = "one"
roles = ["edge", "web", "monitor"]
[[machines]]
name = "two"
roles = ["edge", "web", "database"]
[[machines]]
name = "three"
roles = ["database", "backup"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company with an authority of its own, made by OpenSSL."""

    folder: Path

    def make(self) -> "Company":
        self.openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key"),
            *("-out", "root.pem", "-days", "3000", "-subj", "/CN=A company"),
        )
        return self

    def issue(self, name: str, *, days: int = 90, bits: int = 2048) -> tuple[str, str]:
        """Chain and key."""
        (self.folder / "ext").write_text(
            f"subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\n"
        )
        self.openssl(
            *("req", "-newkey", f"rsa:{bits}", "-nodes", "-keyout", f"{name}.key"),
            *("-out", "request", "-subj", f"/CN={name}"),
        )
        self.openssl(
            *("x509", "-req", "-in", "request", "-CA", "root.pem", "-CAkey", "root.key"),
            *("-CAcreateserial", "-days", str(days), "-extfile", "ext", "-out", f"{name}.pem"),
        )
        return str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")

    def openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    @property
    def root(self) -> str:
        return str(self.folder / "root.pem")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return Company(folder=tmp_path_factory.mktemp("company")).make()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, company: Company) -> Iterator[Site]:
    made = make(tmp_path_factory.mktemp("certified"), "test-certified", TWO_EDGES)
    try:
        chain, key = company.issue(NAME)
        brought = made.run("certificate", "import", chain, key, "--authority", company.root)
        assert brought.returncode == 0, brought.stderr
        done = made.run("up", "--no-wait")
        assert done.returncode == 0, done.stderr
        yield made
    finally:
        made.run("destroy", "--yes")


def edges(site: Site) -> list[str]:
    """Their public addresses."""
    known = site.answer("certificate", "list")["certificates"]
    return sorted({address for each in known for address in each["addresses"]})


def asked(site: Site, command: str, *, limit_s: float = 30) -> str:
    """A command of the page, run where customers are."""
    done = subprocess.run(
        site.in_vantage("sh", "-c", command),
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=True,
    )
    return done.stdout.strip()


def trust(site: Site) -> Any:
    return json.loads(fetched(site, f"https://127.0.0.1:{site.port}/trust/trust.json"))


def test_every_command_of_the_page_gets_the_answer_that_the_page_expects(site: Site) -> None:
    shown = trust(site)["certificates"]["shown"]
    assert shown[0]["names"] == [NAME]
    assert shown[0]["addresses"] == edges(site)
    for each in shown:
        printed = site.run("certificate", "show", each["names"][0]).stdout
        expected = {line.split()[-1] for line in printed.splitlines() if "Fingerprint=" in line}
        commands = [line.strip() for line in printed.splitlines() if "s_client" in line]
        assert commands
        answers = {asked(site, command).split()[-1] for command in commands}
        assert answers == expected
        assert f"Fingerprint={colons(each['sha256'])}" in expected


def colons(digits: str) -> str:
    return ":".join(digits[at : at + 2].upper() for at in range(0, len(digits), 2))


def test_a_name_without_one_and_an_address_are_signed_by_the_sites_own_authority(
    site: Site,
) -> None:
    for address in edges(site):
        for name in ("-noservername", f"-servername {OTHER}"):
            issuer = asked(
                site,
                f"openssl s_client -connect {address}:443 {name} </dev/null 2>/dev/null "
                "| openssl x509 -noout -issuer",
            )
            assert "Standfast CA" in issuer


def test_sslscan_finds_nothing_but_aes_gcm_in_tls_1_2_and_1_3(site: Site) -> None:
    for address in edges(site):
        found = asked(site, f"sslscan --no-colour --sni-name={NAME} {address}:443")
        offered = [
            line.split()
            for line in found.splitlines()
            if line.startswith(("Preferred", "Accepted")) and " bits " in line
        ]
        assert offered, found
        assert {words[1] for words in offered} == {"TLSv1.2", "TLSv1.3"}
        assert all("AES" in words[4] and "GCM" in words[4] for words in offered), offered
        assert "RSA Key Strength:    2048" in found


def test_nmap_finds_the_web_front_open_and_nothing_else_that_answers(site: Site) -> None:
    """A port that refuses would be `closed` to it; all others must be `filtered`, silent."""
    how = "nmap -n -Pn -sS -p- --min-rate 15000 --max-retries 1 -oG -"
    found = asked(site, f"{how} {' '.join(edges(site))}", limit_s=120)
    hosts = [line for line in found.splitlines() if "Ports: " in line]
    assert len(hosts) == len(edges(site)), found
    for line in hosts:
        ports, _, ignored = line.partition("Ports: ")[2].partition("\t")
        assert [each.split("/")[:2] for each in ports.split(", ")] == [
            ["80", "open"],
            ["443", "open"],
        ]
        assert ignored.startswith("Ignored State: filtered (65533)"), line


AFTERWARDS_S = 5
"""What a reload does to connections that are kept shows within its first seconds."""

CUSTOMER = """
import hashlib, http.client, json, socket, ssl, sys, threading, time
address, authority, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
context = ssl.create_default_context(cafile=authority)
def connected():
    plain = socket.create_connection((address, 443), timeout=10)
    made = http.client.HTTPConnection("shop.example")
    made.sock = context.wrap_socket(plain, server_hostname="shop.example")
    return made
def ask(connection):
    connection.request("GET", "/health")
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200: raise OSError(f"status {answer.status}")
    return answer.will_close
told = threading.Event()
threading.Thread(target=lambda: sys.stdin.read() or told.set(), daemon=True).start()
end, answers, failures, seen, kept = time.monotonic() + seconds, 0, [], set(), connected()
while time.monotonic() < end and not told.is_set():
    try:
        once = connected()
        seen.add(hashlib.sha256(once.sock.getpeercert(True)).hexdigest())
        ask(once)
        once.close()
        if ask(kept): kept = connected()
        answers += 2
    except (OSError, http.client.HTTPException) as error:
        failures.append(repr(error)); kept = connected()
    time.sleep(0.05)
print(json.dumps({"answers": answers, "failures": failures, "seen": sorted(seen)}))
"""


def test_a_newer_one_takes_its_place_and_no_connection_is_dropped(
    site: Site, company: Company
) -> None:
    before = trust(site)["certificates"]["shown"][0]["sha256"]
    authority = str(site.home / "ca.pem")
    watching = subprocess.Popen(
        site.in_vantage("python3", "-c", CUSTOMER, edges(site)[0], authority, "100"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    chain, key = company.issue(NAME)
    brought = site.run("certificate", "import", chain, key, "--authority", company.root)
    assert brought.returncode == 0, brought.stderr
    done = site.run("up", "--no-wait")
    assert done.returncode == 0, done.stderr
    time.sleep(AFTERWARDS_S)
    said = json.loads(watching.communicate(timeout=120)[0])
    after = trust(site)["certificates"]["shown"][0]["sha256"]
    assert said["failures"] == []
    assert said["answers"] > 100
    assert set(said["seen"]) == {before, after}
    assert before != after


def test_the_promise_is_kept_in_rehearsal_because_our_own_authority_signs_too(
    site: Site,
) -> None:
    (proof,) = site.answer("drill", "certificate-verifiable")["proofs"]
    assert (proof["outcome"], proof["grade"]) == ("kept", "rehearsed")
    assert proof["measured"]["doors"] == 4
    assert 85 < proof["measured"]["days_left"] < 91
    assert any(f"own authority has signed for {OTHER}" in each for each in proof["stand_ins"])


@pytest.mark.parametrize(
    ("days", "bits", "name", "said"),
    [
        (90, 1024, NAME, "is RSA 1024"),
        (90, 2048, "other.example", "is for other.example"),
        (0, 2048, NAME, "expired on"),
    ],
)
def test_what_browsers_would_refuse_is_refused(
    site: Site, company: Company, days: int, bits: int, name: str, said: str
) -> None:
    chain, key = company.issue(name, days=days, bits=bits)
    time.sleep(1.1)  # a certificate of no days ends in the second in which it begins
    done = site.run("certificate", "import", chain, key, "--authority", company.root)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Try: " in done.stderr
