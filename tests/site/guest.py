"""A whole computer under QEMU, for what depends on which program is process 1.

Its processors are emulated: a virtual machine inside a virtual one is often not to be had. It has
no network; what it shall run comes on a disk that holds a tar file, and what it prints on its
second serial line is what the caller gets.
"""

import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

NAME = "standfast-test-systemd-host"
"""By this name `tests/site/cleanup` knows a guest that was left over."""

TIMEOUT_S = 240
"""It takes 50 s on an idle computer with two processors."""

PROJECT_THERE = "/run/project"


def run(script: str, carried: Mapping[str, Path], *, disk: Path, scratch: Path) -> str:
    """Boot, put what is carried under `PROJECT_THERE` by its name, run `script`, power off.

    Return what the script printed, how QEMU ended, and what the kernel and systemd said.
    """
    project = scratch / "project.tar"
    with tarfile.open(project, "w") as tar:
        for name, path in carried.items():
            tar.add(path, name, filter=without_bytecode)
    console = scratch / "console.log"
    try:
        done = subprocess.run(
            argv(script, disk=disk, project=project, console=console),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            check=False,
        )
        printed, end = done.stdout, f"ended with status {done.returncode}"
    except subprocess.TimeoutExpired as error:
        printed, end = error.stdout or b"", f"was still running after {TIMEOUT_S} s"
    said = console.read_text(errors="replace") if console.exists() else ""
    return f"{printed.decode(errors='replace')}\nQEMU {end}; the console:\n{said}"


def without_bytecode(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if entry.name.endswith("__pycache__") else entry


def argv(script: str, *, disk: Path, project: Path, console: Path) -> tuple[str, ...]:
    """The kernel kills QEMU when its parent dies, in whatever way that happens."""
    return (
        *("setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-name", NAME),
        *("-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024"),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-kernel", str(disk / "vmlinuz"), "-initrd", str(disk / "initrd")),
        *("-append", f"root=/dev/vda rw console=ttyS0 quiet panic=-1 {settings(script)}"),
        *drive(disk / "disk", "snapshot=on"),
        *drive(disk / "disk", "readonly=on"),
        *drive(project, "readonly=on"),
        *("-object", "rng-random,id=chance,filename=/dev/urandom"),
        *("-device", "virtio-rng-pci,rng=chance"),
        *("-serial", f"file:{console}", "-serial", "stdio"),
    )


def drive(file: Path, access: str) -> tuple[str, str]:
    """What is written goes to a file without a name, so the cached disk stays as it was made."""
    return ("-drive", f"file={file},format=raw,if=virtio,{access}")


def settings(script: str) -> str:
    """For systemd-run-generator(8). Nothing needs the modules of the hardware that is not there,
    and loading them takes a fifth of the time."""
    unpack = f"mkdir {PROJECT_THERE}; tar -xf /dev/vdc -C {PROJECT_THERE}"
    begin = f"exec python3 -I {PROJECT_THERE}/{script} >/dev/ttyS1 2>&1"
    return " ".join(
        (
            f"systemd.run=\"/bin/sh -c '{unpack}; {begin}'\"",
            "systemd.run_success_action=poweroff-force",
            "systemd.run_failure_action=poweroff-force",
            "systemd.mask=systemd-udev-trigger.service",
        )
    )
