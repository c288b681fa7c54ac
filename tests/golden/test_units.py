"""systemd understands every unit that we write, and finds what it starts."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from .refusal import BUNDLES, changed, refusal
from .sites import PYTHON

MACHINES = {str(path.relative_to(BUNDLES)): path for path in sorted(BUNDLES.glob("*/*"))}
UNITS = "etc/systemd/system"
DISTRIBUTION = "usr/lib/systemd/system"

PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "haproxy": ("/usr/sbin/haproxy",),
    "keepalived": ("/usr/sbin/keepalived",),
    "etcd-server": ("/usr/bin/etcd",),
    "nftables": ("/usr/sbin/nft",),
    "python3": ("/usr/bin/python3",),
    "pgbackrest": ("/usr/bin/pgbackrest",),
    **{
        f"postgresql-{version}": tuple(
            f"/usr/lib/postgresql/{version}/bin/{name}" for name in ("postgres", "psql")
        )
        for version in (15, 17)
    },
}
"""By the package that brings them."""

EVERYWHERE = ("/bin/chown", "/bin/kill", "/bin/mv", "/bin/rm", "/usr/bin/env", PYTHON)
THE_SERVICES = "/srv/service/releases/release/.venv/bin/gunicorn"


def installed(machine: Path) -> Iterator[str]:
    """What can be started on a machine that has the packages of its bundle."""
    yield from EVERYWHERE
    bundle = json.loads((machine / "bundle.json").read_text())
    for package in bundle["packages"]:
        yield from PROGRAMS.get(package, ())
    if "service" in [user["name"] for user in bundle["users"]]:
        yield THE_SERVICES


def root(machine: Path, folder: Path) -> Path:
    """A system with this machine's files, and the distribution's own units."""
    shutil.copytree(machine / "etc", folder / "etc")
    shutil.copytree(f"/{DISTRIBUTION}", folder / DISTRIBUTION, symlinks=True)
    for program in installed(machine):
        path = folder / program.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o755)
    return folder


def refused(root: Path) -> str:
    """`one`: a warning counts, in a unit and in those that it requires (systemd-analyze(1)). An
    empty file masks a unit and is none (systemd.unit(5))."""
    files = (path for path in (root / UNITS).rglob("*") if path.is_file() and path.stat().st_size)
    units = sorted({unit_of(path.relative_to(root / UNITS)) for path in files})
    assert units
    strictly = ("--recursive-errors=one", "--man=no", f"--root={root}")
    return refusal("systemd-analyze", "verify", *strictly, *units)


def unit_of(path: Path) -> str:
    """A drop-in says its unit by its folder, `haproxy.service.d` (systemd.unit(5))."""
    return path.parts[0].removesuffix(".d")


@pytest.mark.parametrize("name", MACHINES)
def test_systemd_accepts_the_units_of_a_machine(name: str, tmp_path: Path) -> None:
    assert not refused(root(MACHINES[name], tmp_path))


@pytest.mark.parametrize(
    ("unit", "good", "mistake", "said"),
    [
        ("standfast-keeper.service", "Restart=", "Restarts=", "Unknown key"),
        ("standfast-keeper.service", "Type=exec", "Type=excel", "Failed to parse"),
        ("standfast-keeper.service", PYTHON, "/opt/standfast/bin/python", "not executable"),
        ("standfast-etcd.service", "/usr/bin/etcd", "/usr/bin/etcdd", "not executable"),
        ("standfast-agent.socket", "FreeBind=yes", "FreeBind=perhaps", "Failed to parse"),
        ("haproxy.service.d/standfast.conf", "RestartSec=1", "RestartSec=one", "Failed to parse"),
    ],
)
def test_systemd_refuses_a_planted_mistake(
    unit: str, good: str, mistake: str, said: str, tmp_path: Path
) -> None:
    system = root(MACHINES["all-in-one/one"], tmp_path)
    path = system / UNITS / unit
    path.write_text(changed(path, good, mistake))
    assert said in refused(system)
