"""Make a machine's keys on the machine itself, so that no private key ever travels.

Standard library and the `openssl` program only. What leaves is a signing request and the public
halves of the keys with which this machine signs evidence and, a monitor, cosigns the log.
"""

import grp
import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from standfast.core.command import Command, Runner
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.names import (
    IDENTITY,
    KEYS_GROUP,
    PUBLIC_IDENTITY,
    SERVICE_IDENTITY,
    SERVICE_USER,
    SIGNING_KEY,
    WITNESS_KEY,
)

CERTIFICATES = ("cert.pem", "ending.pem")
"""What may lie beside a key and be for it; edges have the second one, for a calibration."""

RAW_ED25519_BYTES = 32
"""The last bytes of an Ed25519 SubjectPublicKeyInfo are the key itself (RFC 8410, section 4)."""

WITNESS = "witness"
"""A monitor's: it signs no request and has no certificate."""

KINDS: Mapping[str, tuple[Path, str]] = MappingProxyType(
    {
        "identity": (Path(IDENTITY), KEYS_GROUP),
        "public": (Path(PUBLIC_IDENTITY), KEYS_GROUP),
        "service": (Path(SERVICE_IDENTITY), SERVICE_USER),
    }
)
"""Where a key lies, and which group may read it. The service reads its own and no other."""


def ensure(names: Sequence[str], runner: Runner) -> dict[str, object]:
    """Make the named key pairs that are missing; return their signing requests (PEM), this
    machine's evidence key (base64 of 32 bytes) and, if it is asked for, its witness's."""
    ensure_group(runner)
    pairs = [name for name in names if name != WITNESS]
    requests = {name: request(ensure_key(*KINDS[name], runner), runner) for name in pairs}
    made: dict[str, object] = {
        "csr": requests,
        "signing": ed25519_key(Path(SIGNING_KEY), runner),
    }
    if WITNESS in names:
        made[WITNESS] = ed25519_key(Path(WITNESS_KEY), runner)
    return made


def ensure_group(runner: Runner) -> None:
    try:
        grp.getgrnam(KEYS_GROUP)
    except KeyError:
        runner.run(Command(argv=("groupadd", "--system", KEYS_GROUP)))


def ensure_key(folder: Path, group: str, runner: Runner) -> Path:
    """P-256. `cert.pem.key` is the name under which HAProxy looks for it (configuration manual,
    `ssl-load-extra-files`)."""
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    path = folder / "key.pem"
    if not path.exists():
        made = runner.run(
            Command(
                argv=(
                    "openssl",
                    "genpkey",
                    "-algorithm",
                    "EC",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                )
            )
        )
        write_atomically(path, made.stdout, mode=0o640, uid=0, gid=grp.getgrnam(group).gr_gid)
    for alias in (folder / f"{name}.key" for name in CERTIFICATES):
        if not alias.is_symlink():
            alias.symlink_to(path.name)
    return path


def request(key: Path, runner: Runner) -> str:
    name = os.uname().nodename
    return runner.run(
        Command(argv=("openssl", "req", "-new", "-key", str(key), "-subj", f"/CN={name}"))
    ).text


def ed25519_key(path: Path, runner: Runner) -> str:
    """The public half, in base64."""
    if not path.exists():
        made = runner.run(Command(argv=("openssl", "genpkey", "-algorithm", "ED25519")))
        write_atomically(path, made.stdout, mode=0o600)
    public = runner.run(
        Command(argv=("openssl", "pkey", "-in", str(path), "-pubout", "-outform", "DER"))
    ).stdout
    return b64encode(public[-RAW_ED25519_BYTES:]).decode()
