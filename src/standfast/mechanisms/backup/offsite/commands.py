"""What restic is told, for each kind of store: each function returns what would be run.

Secrets go through the environment alone, never through arguments, which everybody on a machine can
read. Held to what restic 0.14 (Debian 12) and 0.18 (Debian 13) both know. Standard library only.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from standfast.core.command import Command
from standfast.mechanisms.backup.offsite.places import KNOWN_HOSTS, SSH_KEY_FILE
from standfast.mechanisms.backup.offsite.snapshots import PART
from standfast.mechanisms.backup.offsite.store import SSH_KEY, Kind, Store

PROGRAM = "/usr/bin/restic"
PASSWORD = "RESTIC_PASSWORD"

ANSWER_LIMIT_S = 120.0
"""For what reads little. restic tries again for fifteen minutes when a store says no or nothing,
and would say so only after them."""

WORK_LIMIT_S = 20 * 3600.0
"""For what moves data; each day brings the next snapshot."""

KILL_AFTER_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SshFiles:
    """By which an SFTP server is entered and known; these are a backup machine's."""

    key: Path = Path(SSH_KEY_FILE)
    known_hosts: Path = Path(KNOWN_HOSTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How one side reaches the store. `words` open it (`store.WORDS`), `password` opens what lies
    in it: the repository's own key. `cache` is a folder that restic may fill; without one it reads
    everything each time."""

    store: Store
    words: Mapping[str, str] = field(repr=False)
    password: str = field(repr=False)
    cache: Path | None = None
    ssh: SshFiles = SshFiles()
    answer_limit_s: float = ANSWER_LIMIT_S


def told(access: Access, *words: str, limit_s: float) -> Command:
    """timeout(1) ends it as Ctrl-C does, so that its lock goes and its own words are heard."""
    return Command(
        argv=(
            *("/usr/bin/timeout", "--signal=INT", f"--kill-after={KILL_AFTER_S:g}"),
            f"{limit_s:g}",
            PROGRAM,
            f"--repo={place(access.store)}",
            *options(access),
            *words,
        ),
        environment=environment(access),
        secrets=(*access.words.values(), access.password),
        timeout_s=limit_s + 2 * KILL_AFTER_S,
    )


def place(store: Store) -> str:
    """As restic's manual has it ("Preparing a new repository"), without any secret."""
    parts = store.parts
    match store.kind:
        case Kind.S3:
            return f"s3:{store.location}"
        case Kind.AZURE:
            return f"azure:{parts['container']}:{parts['folder']}"
        case Kind.SFTP:
            return f"sftp:{parts['user']}@{parts['host']}:{parts['folder']}"
        case Kind.FOLDER:
            return store.location


def options(access: Access) -> Iterator[str]:
    store = access.store
    yield "--no-cache" if access.cache is None else f"--cache-dir={access.cache}"
    if store.authority:
        yield f"--cacert={store.authority}"
    if store.kind is Kind.S3:
        yield "--option=s3.bucket-lookup=path"
    if store.kind is Kind.SFTP:
        yield f"--option=sftp.command={' '.join(ssh(store, access.ssh))}"


def ssh(store: Store, files: SshFiles) -> tuple[str, ...]:
    """restic splits this at spaces."""
    parts = store.parts
    who = f"{parts['user']}@{parts['host']}"
    return ("/usr/bin/ssh", *ssh_options(files), "-p", parts["port"], who, "-s", "sftp")


def sftp_words(store: Store, files: SshFiles) -> tuple[str, ...]:
    """The same for sftp(1), which calls ssh(1) by itself."""
    parts = store.parts
    return (*ssh_options(files), "-P", parts["port"], f"{parts['user']}@{parts['host']}")


def ssh_options(files: SshFiles) -> tuple[str, ...]:
    """Only the host whose key the settings name, only by the key that was given (ssh_config(5))."""
    said = {
        "BatchMode": "yes",
        "IdentitiesOnly": "yes",
        "IdentityFile": str(files.key),
        "UserKnownHostsFile": str(files.known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "ConnectTimeout": "20",
        "ServerAliveInterval": "30",
        "ServerAliveCountMax": "4",
    }
    words = (word for name, value in said.items() for word in ("-o", f"{name}={value}"))
    return ("-F", "/dev/null", *words)


def known_host(store: Store, key: str) -> str:
    """A line of known_hosts (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT")."""
    host, port = store.parts["host"], store.parts["port"]
    return f"{host if port == '22' else f'[{host}]:{port}'} {key}\n"


def environment(access: Access) -> Mapping[str, str]:
    store = access.store
    said = {name: value for name, value in access.words.items() if name != SSH_KEY}
    if store.kind is Kind.S3 and store.region:
        said["AWS_DEFAULT_REGION"] = store.region
    if store.kind is Kind.AZURE:
        said["AZURE_ACCOUNT_NAME"] = store.parts["account"]
    return {**said, PASSWORD: access.password, "TZ": "UTC"}


def init(access: Access) -> Command:
    return told(access, "init", limit_s=access.answer_limit_s)


def backup(
    access: Access, folder: Path, *, machine: str, tags: Iterable[str], taken_at: str
) -> Command:
    """`taken_at`: UTC, `2026-11-29 03:30:00`."""
    what = ("--one-file-system", f"--time={taken_at}", str(folder))
    return uploaded(access, *what, machine=machine, tags=tags)


def part(access: Access, files: Path, *, machine: str) -> Command:
    """`files` names them, each ended by a zero byte."""
    return uploaded(access, f"--files-from-raw={files}", machine=machine, tags=(PART,))


def uploaded(access: Access, *what: str, machine: str, tags: Iterable[str]) -> Command:
    marks = (f"--host={machine}", *(f"--tag={tag}" for tag in tags))
    return told(access, "backup", "--json", *marks, *what, limit_s=WORK_LIMIT_S)


def snapshots(access: Access) -> Command:
    return told(access, "snapshots", "--json", "--no-lock", limit_s=access.answer_limit_s)


def opened(access: Access) -> Command:
    """Reads nothing but what the key opens."""
    return told(access, "cat", "config", "--no-lock", limit_s=access.answer_limit_s)


def restore(access: Access, snapshot: str, into: Path) -> Command:
    words = ("restore", snapshot, f"--target={into}", "--verify")
    return told(access, *words, limit_s=WORK_LIMIT_S)


def check(access: Access, *, every_byte: bool) -> Command:
    more = ("--read-data",) if every_byte else ()
    return told(access, "check", *more, limit_s=WORK_LIMIT_S)


def stats(access: Access) -> Command:
    words = ("stats", "--mode=raw-data", "--json", "--no-lock")
    return told(access, *words, limit_s=access.answer_limit_s)


def sized(access: Access, snapshot: str) -> Command:
    words = ("stats", snapshot, "--mode=restore-size", "--json", "--no-lock")
    return told(access, *words, limit_s=access.answer_limit_s)


def unlock(access: Access) -> Command:
    """Only locks of who is gone: half an hour old, or of a process that no longer runs here."""
    return told(access, "unlock", limit_s=access.answer_limit_s)


def forget(access: Access, snapshots: Iterable[str]) -> Command:
    return told(access, "forget", *snapshots, limit_s=WORK_LIMIT_S)


def prune(access: Access) -> Command:
    return told(access, "prune", limit_s=WORK_LIMIT_S)
