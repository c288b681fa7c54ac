"""Where a long-lived process of a site runs on this computer: a control group and a name.

Where systemd is process 1, it is a transient unit, so it outlives the shell that made it and shows
in `systemctl`; elsewhere it is started in a session of its own, inside a group that we make.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from standfast.core.command import NOTHING, Command, Runner, start
from standfast.mechanisms.hosts.local import launch
from standfast.mechanisms.hosts.local.cgroup import Group

OURS = "standfast"
"""The group above all sites of this computer."""


def systemd_runs_here() -> bool:
    return Path("/run/systemd/system").is_dir()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    site: str
    name: str

    @property
    def unit(self) -> str:
        return f"standfast-{self.site}-{self.name}.service"

    @property
    def group(self) -> Group:
        if systemd_runs_here():
            return Group(path=f"system.slice/{self.unit}")
        return Group(path=f"{OURS}/{self.site}/{self.name}")


def spawn(
    place: Place,
    argv: Sequence[str],
    *,
    log: Path,
    runner: Runner,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Start and return. What it prints is appended to `log`."""
    settings = environment or {}
    if systemd_runs_here():
        output = f"append:{log}"
        runner.run(
            Command(
                argv=(
                    *("systemd-run", "--quiet", "--collect", f"--unit={place.unit}"),
                    *("-p", "Delegate=yes", "-p", "KillMode=mixed", "-p", "Type=exec"),
                    *("-p", f"StandardOutput={output}", "-p", f"StandardError={output}"),
                    *(f"--setenv={name}={value}" for name, value in settings.items()),
                    *argv,
                )
            )
        )
        return
    place.group.make()
    folders = (str(folder) for folder in place.group.folders)
    with log.open("ab") as output_file:
        start(
            Command(
                argv=("/usr/bin/python3", "-I", launch.__file__, *folders, "--", *argv),
                environment=settings,
            ),
            stdin=NOTHING,
            stdout=output_file,
            stderr=output_file,
            own_session=True,
        )


def forget(place: Place, runner: Runner) -> None:
    """After its processes are gone: the group, or the failed unit, goes too."""
    if systemd_runs_here():
        runner.run(Command(argv=("systemctl", "reset-failed", place.unit)), check=False)
    else:
        place.group.remove()


def forget_site(site: str) -> None:
    """Where we made the groups ourselves: the site's, and ours when no other site is left."""
    if not systemd_runs_here():
        Group(path=f"{OURS}/{site}").remove()
        Group(path=OURS).remove_if_empty()
