"""A site for the campaign alone. Each database machine has a disk of its own, which can be filled
or stalled without harm to anybody else."""

import contextlib
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from campaign.site import run, standfast

MACHINES = {
    "edge-1": "edge",
    "web-1": "web",
    "web-2": "web",
    "db-1": "database",
    "db-2": "database",
    "backup-1": "backup",
    "monitor-1": "monitor",
    "monitor-2": "monitor",
    "monitor-3": "monitor",
}
DATABASES = ("db-1", "db-2")
DISK = "4G"
"""Sparse."""

STATE = Path(os.environ.get("STANDFAST_STATE", "/var/lib/standfast"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSite:
    name: str

    @property
    def file(self) -> Path:
        """Of the site's name, so that whoever cleans up finds what works on it."""
        return STATE / "campaigns" / self.name / f"{self.name}.toml"

    def bring_up(self) -> Path:
        """Or what a run that was killed has left of it."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        if not self.file.exists():
            machines = "".join(
                f'[[machines]]\nname = "{name}"\nroles = ["{role}"]\n'
                for name, role in MACHINES.items()
            )
            # A disk that can be frozen and filled takes the place of the mirrored ones.
            plain = "[volumes]\nmirrored = false\n"
            text = f'name = "{self.name}"\nport = {free_port()}\n{machines}{plain}'
            self.file.write_text(text)
        for machine in DATABASES:
            self.disk_of_its_own(machine)
        done = standfast(self.file, "up", "--no-wait")
        if done.returncode:
            raise SystemExit(done.stderr)
        return self.file

    def take_away(self) -> None:
        standfast(self.file, "down")
        for machine in DATABASES:
            run("umount", str(self.data_of(machine)), check=False)
        standfast(self.file, "destroy", "--yes")
        shutil.rmtree(self.file.parent, ignore_errors=True)
        with contextlib.suppress(OSError):  # another campaign's site is at home there
            self.file.parents[1].rmdir()

    def data_of(self, machine: str) -> Path:
        machines = STATE / "sites" / self.name / "machines"
        return machines / machine / "data" / "var-lib-postgresql"

    def disk_of_its_own(self, machine: str) -> None:
        data = self.data_of(machine)
        if data.is_mount():
            return
        data.mkdir(parents=True, exist_ok=True)
        image = data.parents[1] / "disk"
        if not image.exists():
            run("truncate", f"--size={DISK}", str(image))
            run("mkfs.ext4", "-q", "-F", str(image))
        run("mount", "-o", "loop", str(image), str(data))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
