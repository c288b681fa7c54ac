import grp
import os
import pwd
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.mechanisms.hosts import apply
from standfast.mechanisms.hosts.bundle import Contribution, File, merge


@dataclass(slots=True, kw_only=True)
class Debian:
    """Has no package, and remembers which files there were when it was told to install some."""

    folder: Path
    found: list[str] = field(default_factory=list)

    def run(self, command: Command, *, check: bool = True) -> Result:
        if "install" in command.argv:
            self.found = sorted(path.name for path in self.folder.iterdir())
        return Result(status=int(command.argv[0] == "dpkg-query"), stdout=b"", stderr=b"")


def test_only_early_files_are_there_when_packages_are_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STATE", "PENDING", "INSTALLED", "UNITS", "APPLIED", "PACKAGES"):
        monkeypatch.setattr(apply, name, tmp_path / "state" / name)
    (tmp_path / "etc").mkdir()
    (tmp_path / "state").mkdir()
    owner, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    files = tuple(
        File(
            path=str(tmp_path / "etc" / name),
            content=b"",
            owner=owner,
            group=group,
            early=name == "before",
        )
        for name in ("after", "before")
    )
    machine = Debian(folder=tmp_path / "etc")
    bundle = merge("db-1", [Contribution(files=files, packages=("postgresql",))])
    report = apply.apply(bundle, machine)
    assert machine.found == ["before"]
    assert sorted(report.files) == sorted(file.path for file in files)
