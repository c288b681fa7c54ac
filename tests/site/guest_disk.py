"""The disk of a whole computer: the base image, with Debian's cloud kernel and what runs machines.

Made once, and kept beside the image under a name that is the digest of what it is made of. Nothing
is mounted to make it: the kernel and its first file system lie beside the disk, so that nothing has
to be able to boot from it either.
"""

import hashlib
import shutil
from pathlib import Path

from standfast.core.command import Command, Runner
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.local import image, sources
from standfast.mechanisms.hosts.local.builder import Builder
from standfast.mechanisms.hosts.local.image import Image

PACKAGES = ("linux-image-cloud-amd64", "systemd-container")

FIRST_FILE_SYSTEM = {
    "etc/initramfs-tools/conf.d/guest": "MODULES=list\n",
    "usr/share/initramfs-tools/modules.d/guest": "virtio_pci\nvirtio_blk\next4\n",
}
"""What the kernel needs to find its disk, and nothing else: unpacking is slow when emulated."""

SIZE = "2G"
"""Sparse: 0.7 GB are written, the rest is what the guest may write."""

MAKING_TIMEOUT_S = 300.0


def ensure(base: Image, runner: Runner) -> Path:
    """Return the folder with `disk`, `vmlinuz` and `initrd`. Killed half-way: made anew."""
    image.ensure(base, runner, print)
    folder = base.cache / f"guest-{digest(base)}"
    with image.locked(base.cache / "guest.lock"):
        if not (folder / "complete").exists():
            for earlier in base.cache.glob("guest-*"):
                image.discard(earlier)
            folder.mkdir()
            make(folder, base, runner)
            write_atomically(folder / "complete", b"")
    return folder


def digest(base: Image) -> str:
    made_of = base.digest.encode() + Path(__file__).read_bytes()
    return hashlib.sha256(made_of).hexdigest()[:12]


def make(folder: Path, base: Image, runner: Runner) -> None:
    scratch = base.cache / "builder-test-guest"
    with Builder(base=base.root, runner=runner, scratch=scratch) as builder:
        install(builder, (base.folder / "sources.list").read_text())
        for name in ("vmlinuz", "initrd.img"):
            (found,) = builder.root.glob(f"boot/{name}-*")
            shutil.copyfile(found, folder / name.removesuffix(".img"))
        words = ("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", str(builder.root))
        disk = (str(folder / "disk"), SIZE)
        runner.run(Command(argv=(*words, *disk), timeout_s=MAKING_TIMEOUT_S))


def install(builder: Builder, listed: str) -> None:
    """With this computer's package sources and its way to them, which do not stay on the disk."""
    root = builder.root
    dump = builder.runner.run(Command(argv=("apt-config", "dump"))).text
    passing = {
        "etc/apt/sources.list": listed,
        "etc/apt/apt.conf.d/99guest": "".join(f"{line};\n" for line in sources.options(dump)),
    }
    for path, text in (*FIRST_FILE_SYSTEM.items(), *passing.items()):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    quietly = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    builder.run(("apt-get", "update"))
    words = ("apt-get", "install", "--assume-yes", "--no-install-recommends", *PACKAGES)
    builder.run(words, environment=quietly)
    builder.run(("apt-get", "clean"))
    for path in passing:
        (root / path).unlink()
    shutil.rmtree(root / "var/lib/apt/lists")
