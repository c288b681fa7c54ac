"""The base image that all machines made here share: a small Debian with every role's programs.

Made once by the distribution's bootstrap tool from this computer's own package sources, kept under
a name that is the digest of what went into it, and never written to again: machines lay their own
files over it.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from standfast.core.command import TAIL_LINES, Command, Result, Runner
from standfast.core.errors import CommandFailed
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.local import sources
from standfast.mechanisms.hosts.local.builder import Builder
from standfast.mechanisms.hosts.programs import install_venv, venv_folder

PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "openssh-server", "python3", "python3-venv"),
    *("nftables", "iproute2", "iputils-ping", "procps", "ca-certificates", "openssl", "curl"),
    *("haproxy", "postgresql", "tzdata", "etcd-server", "etcd-client", "pgbackrest"),
    *("chrony", "logrotate", "restic", "keepalived", "btrfs-progs"),
)
"""What every role needs, so that one image serves all."""

SILENCED = (
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer"),
    *("e2scrub_reap.service", "fstrim.timer", "systemd-pstore.service", "remote-fs.target"),
    *("systemd-logind.service", "getty.target", "console-getty.service", "getty@tty1.service"),
    *("haproxy.service", "postgresql.service", "ssh.socket", "systemd-networkd.service"),
    *("etcd.service", "pgbackrest.service", "chrony.service", "keepalived.service"),
)
"""Units that a made machine must not start by itself: each takes inotify instances of root's 128
(logind, getty), fetches things (apt), or is started by the bundle when it has its configuration."""

MASKED = ("systemd-logind.service", "getty.target", "console-getty.service")

BOOTSTRAP_TIMEOUT_S = 900.0
KEY_UNKNOWN = "NO_PUBKEY"
"""apt's word for a signature by a key that it does not have."""

DOWNLOAD_BYTES = 179_000_000
"""For telling the operator before it starts: packages 158 MB, their lists 9 MB, Python's wheels
12 MB (measured on Debian 12, amd64)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    suite: str
    lock: bytes
    cache: Path

    @property
    def digest(self) -> str:
        made_of = json.dumps([self.suite, PACKAGES, SILENCED, MASKED, self.lock.decode(), 2])
        return hashlib.sha256(made_of.encode()).hexdigest()[:12]

    @property
    def folder(self) -> Path:
        return self.cache / f"image-{self.suite}-{self.digest}"

    def exists(self) -> bool:
        return (self.folder / "complete").exists()

    @property
    def root(self) -> Path:
        return self.folder / "root"


def suite_of(root: Path) -> str:
    """Of the image with that root."""
    return root.parent.name.split("-")[1]


def missing(images: Iterable[Image]) -> int:
    return sum(not image.exists() for image in images)


def ensure(image: Image, runner: Runner, tell: Callable[[str], None]) -> Path:
    """Return the image's root folder, making it if it is not there. Killed half-way: made anew."""
    image.cache.mkdir(parents=True, exist_ok=True)
    with locked(image.cache / "image.lock"):
        if image.exists():
            return image.root
        discard(image.folder)
        image.folder.mkdir()
        tell(f"downloading the packages of Debian {image.suite}")
        bootstrap(image, runner)
        tell("installing Python packages")
        prepare(image, runner)
        write_atomically(image.folder / "complete", b"")
    return image.root


def bootstrap(image: Image, runner: Runner) -> None:
    found = sources.read(Path("/etc/apt"), image.suite)
    if not found:
        raise sources.no_mirror(image.suite)
    listed = image.folder / "sources.list"
    listed.write_text(found)
    options = sources.options(runner.run(Command(argv=("apt-config", "dump"))).text)
    made = runner.run(
        Command(
            argv=(
                *("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root"),
                f"--include={','.join(PACKAGES)}",
                *(f"--aptopt={option}" for option in options),
                # PostgreSQL's package makes a cluster as it is installed; ours is the plan's.
                "--essential-hook=mkdir -p $1/etc/postgresql-common",
                "--essential-hook=echo create_main_cluster=false "
                "> $1/etc/postgresql-common/createcluster.conf",
                image.suite,
                str(image.root),
                str(listed),
            ),
            timeout_s=BOOTSTRAP_TIMEOUT_S,
        ),
        check=False,
    )
    if made.status:
        raise not_made(image.suite, made)


def not_made(suite: str, made: Result) -> CommandFailed:
    said = "\n".join(made.complaint.strip().splitlines()[-TAIL_LINES:])
    return CommandFailed(
        f"the image of Debian {suite} was not made: {said}",
        remedy="`apt-get install --only-upgrade debian-archive-keyring`: this computer does not "
        f"know the keys of {suite} yet."
        if KEY_UNKNOWN in made.complaint
        else "Does `apt-get update` work on this computer?",
    )


def prepare(image: Image, runner: Runner) -> None:
    system = ("systemctl", f"--root={image.root}", "--quiet")
    runner.run(Command(argv=(*system, "disable", *SILENCED)), check=False)
    runner.run(Command(argv=(*system, "mask", *MASKED)))
    for path in (*image.root.glob("etc/ssh/ssh_host_*"), image.root / "etc/machine-id"):
        path.unlink(missing_ok=True)
    (image.root / "etc/machine-id").touch()
    with Builder(base=image.root, runner=runner, in_place=True) as builder:
        install_venv(image.lock, builder.run_quietly)
    if not (image.root / venv_folder(image.lock).lstrip("/")).is_dir():
        raise CommandFailed("the image has no Python packages after they were installed")


def discard(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait for whoever holds it; the kernel lets go when a process dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
