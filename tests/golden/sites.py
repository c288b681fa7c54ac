"""The sites whose bundles are kept: everything fixed that a real `up` draws, builds or signs."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from standfast.cli.app import App
from standfast.cli.blueprint import blueprint
from standfast.config import PROJECT, compose, parse
from standfast.core.clock import SystemClock
from standfast.core.command import SystemRunner
from standfast.mechanisms.database.plan import START
from standfast.mechanisms.hosts.bundle import Bundle, File
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.keys.certificates.brought import Brought
from standfast.mechanisms.keys.custody import SiteSecrets
from standfast.mechanisms.keys.operators import Operator
from standfast.mechanisms.keys.plan import KeysAsk
from standfast.mechanisms.rollout.artifacts import Artifact
from standfast.mechanisms.rollout.plan import Certificates, plan
from standfast.mechanisms.web.plan import Release

SECRETS = SiteSecrets(
    database_password="password-of-the-database",
    database_salt="AAAAAAAAAAAAAAAAAAAAAA==",
    service_secret="secret-of-the-service",
    account_password="password-of-the-account",
    canary_password="password-of-the-canary",
    backup_secret="secret-of-the-backups",
    offsite_secret="secret-of-the-store-off-site",
)
OFFSITE_WORDS = {"AWS_ACCESS_KEY_ID": "first-key", "AWS_SECRET_ACCESS_KEY": "of-the-store"}
OWN_AUTHORITY = {"AUTHORITY": "certificate of the store's authority\n"}
OPERATORS = (
    Operator(name="anna", key="ssh-ed25519 AAAAkey-of-anna"),
    Operator(name="ci", key="age1key-of-ci"),
)
PYTHON = "/opt/standfast/venv/bin/python"
"""Without the lock file's digest, so that an upgrade of a library changes no golden file."""

NOWHERE = Path("/nowhere")
"""Where no site of this computer notes which addresses its machines have."""

ALL_IN_ONE = """
names = ["shop.example.test", "www.example.test", "issued.example.test"]
[[machines]]
name = "one"
roles = ["edge", "web", "database", "backup", "monitor"]
[[machines]]
name = "two"
roles = ["web", "database"]
[offsite]
kind = "s3"
location = "https://s3.eu-central-1.example.test/backups/shop"
region = "eu-central-1"
[[evidence.timestamps]]
name = "time"
url = "https://tsa.example.test/tsr"
ca = '''
-----BEGIN CERTIFICATE-----
MIIBljCCATugAwIBAgIUb630TxFZCZGEmXtYWmOFjiuwcPYwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMUm9vdCBvZiBUaW1lMCAXDTI2MTEyOTE5MjA0MloYDzIxMjYx
MTA1MTkyMDQyWjAXMRUwEwYDVQQDDAxSb290IG9mIFRpbWUwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAASQyCBuVG/E29Gf9yXAuTkjSiTfEJkKz+DF2x+AS/OvOP3W
dmC0R/33+idB4fsmyoK28MzDmrflSSII9KiQgSHdo2MwYTAdBgNVHQ4EFgQUZMXm
oc5iywOvHJBrAcWsGhvg4NIwHwYDVR0jBBgwFoAUZMXmoc5iywOvHJBrAcWsGhvg
4NIwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwCgYIKoZIzj0EAwID
SQAwRgIhAKpgYY/kBXsYYi3uZ4n2llAh6a7cvgEqmfbcdxy2GEF9AiEAnPWAUsbZ
zXK0cAmva2Vfs4h/O6JFWTRI8SjHrIFvjDk=
-----END CERTIFICATE-----
'''
[certificates]
acme = "https://acme.example.test/directory"
contact = "mailto:operations@example.test"
authority = "certificate of a company's own authority"
[company]
name = "Example Ltd"
statements = ["The data centre is guarded day and night."]
[[company.contacts]]
about = "data protection"
address = "mailto:privacy@example.test"
[[company.policies]]
title = "Access"
version = "3"
owner = "head of operations"
review_by = 2027-06-30
[company.security]
contacts = ["mailto:security@example.test"]
expires = 2027-06-30
"""

OURS = {START: b"What mechanisms/database/patroni_start.py says.\n"}
"""Programs that are shipped as they are in the source."""

Files = Mapping[str, bytes]
"""By path inside a golden folder."""


def bundles(file: str, *, debian: int) -> dict[str, Bundle]:
    """Those of the site that `file` describes, all of its machines on this release of Debian."""
    site = compose(
        parse(file, "standfast.toml"),
        folder=PROJECT,
        state=NOWHERE,
        cache=NOWHERE,
        run=NOWHERE,
    )
    made = blueprint(
        App(site=site, runner=SystemRunner(), clock=SystemClock()),
        secrets=SECRETS,
        offsite_words={**OFFSITE_WORDS, **(OWN_AUTHORITY if site.store_here else {})},
        certificates=certificates(site.machines, site.names),
        keys=KeysAsk(operators=OPERATORS, mark="mark of the secrets"),
        release=Release(digest="release", commands=site.service.commands),
        programs=Artifact(folder="/opt/standfast/releases/programs", archive=b""),
        log_key=b"key of the log\n",
        account=b"key-of-the-account\n",
        enrolled={},
        witnesses={each.name: f"key of the witness of {each.name}" for each in site.machines},
        debian={machine.name: debian for machine in site.machines},
    )
    return plan(replace(made, python=PYTHON))


def certificates(machines: Iterable[Machine], names: tuple[str, ...]) -> Certificates:
    """Words instead of PEM: where a certificate lies is the plan's, what it says is not."""
    machine_names = [machine.name for machine in machines]
    return Certificates(
        authority=b"certificate of the site's authority\n",
        identity={name: f"certificate of {name}\n".encode() for name in machine_names},
        public={name: f"public certificate of {name}\n".encode() for name in machine_names},
        service={
            name: f"certificate of the service on {name}\n".encode() for name in machine_names
        },
        ending={name: f"certificate of {name} that ends\n".encode() for name in machine_names},
        brought=tuple(map(brought_for, names[:2])),
    )


def brought_for(name: str) -> Brought:
    return Brought(
        names=(name,),
        chain=f"certificate of {name}\n",
        key=f"private key of {name}\n",
        anchor="certificate of a public authority\n",
    )


def as_files(bundle: Bundle) -> dict[str, bytes]:
    """Each file of the bundle as a file of its own, and `bundle.json` with all the rest."""
    contents = {file.path.lstrip("/"): OURS.get(file.path, file.content) for file in bundle.files}
    return {"bundle.json": rest(bundle), **contents}


def rest(bundle: Bundle) -> bytes:
    """JSON with one line for each thing, so that a difference shows which one has changed."""
    document = {
        "packages": bundle.packages,
        "users": [asdict(user) for user in bundle.users],
        "folders": [{**asdict(each), "mode": f"{each.mode:04o}"} for each in bundle.folders],
        "files": [without_content(file) for file in bundle.files],
        "units": [asdict(unit) for unit in bundle.units],
    }
    parts = ",\n".join(part(name, things) for name, things in document.items())
    return f"{{\n{parts}\n}}\n".encode()


def part(name: str, things: Iterable[object]) -> str:
    lines = ",\n".join(f"  {json.dumps(thing)}" for thing in things)
    return f' "{name}": [\n{lines}\n ]'


def without_content(file: File) -> dict[str, object]:
    said = {**asdict(file), "mode": f"{file.mode:04o}"}
    return {name: value for name, value in said.items() if name != "content"}
