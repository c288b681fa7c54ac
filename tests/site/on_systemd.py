"""What is seen of one machine on a computer whose process 1 is systemd.

Runs there, as root, with this project's source beside it, the base image at `/dev/vdb` and nothing
else installed. It judges nothing: every finding is a line of JSON, `{"found": name, "seen": …}`,
and the last is `end`.

    python3 on_systemd.py          make a machine, cut its power, destroy it
    python3 on_systemd.py make     only make it: the first one starts this in a unit of its own,
                                   so that systemd ends all that must end with it
"""

import json
import os
import select
import sys
from collections.abc import Iterable
from pathlib import Path
from threading import Thread

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "src"))

from standfast.core.clock import SystemClock  # noqa: E402
from standfast.core.command import Command, SystemRunner  # noqa: E402
from standfast.core.errors import StandfastError  # noqa: E402
from standfast.mechanisms.hosts.connection import Connection  # noqa: E402
from standfast.mechanisms.hosts.local.cgroup import ROOT, Group  # noqa: E402
from standfast.mechanisms.hosts.local.container import Container  # noqa: E402
from standfast.mechanisms.hosts.local.here import Here, reach  # noqa: E402
from standfast.mechanisms.hosts.local.image import Image  # noqa: E402
from standfast.mechanisms.hosts.local.names import PRIVATE, PUBLIC, Names  # noqa: E402
from standfast.mechanisms.hosts.machine import Folders, Machine, Role  # noqa: E402

SITE = "guest"
MAKER = "maker.service"
IMAGE_DISK = "/dev/vdb"
RELAY_PORT = 8443
SSH_TIMEOUT_S = 90.0
"""A machine boots in some ten seconds on an emulated processor; a busy computer needs more."""

CUTS_WHILE_BOOTING = 2
FEW = 3
"""Processes of a machine that has begun to boot: its launcher, its process 1, its journal."""

POLL_MS = 1000
UNIT_PROPERTIES = "Id,ActiveState,Transient,Delegate,ControlGroup"

RUNNER = SystemRunner()
CLOCK = SystemClock()
FOLDERS = Folders(
    site=SITE,
    state=Path("/var/lib/standfast"),
    cache=Path("/var/cache/standfast"),
    run=Path("/run/standfast"),
)
NAMES = Names(site=SITE, home=FOLDERS.home)
MACHINE = Machine(
    name="edge-1",
    roles=frozenset({Role.EDGE}),
    address=PRIVATE[11],
    public=PUBLIC[10],
    reach=reach(FOLDERS, NAMES, str(PRIVATE[11])),
)
HERE = Here(
    machines=(MACHINE,),
    data={MACHINE.name: ("/var/lib/postgresql",)},
    folders=FOLDERS,
    names=NAMES,
    image=Image(
        suite="bookworm",
        lock=(PROJECT / "requirements" / "standfast.lock").read_bytes(),
        cache=FOLDERS.cache,
    ),
    suites={},
    mirrored=frozenset(),
    disk_bytes=0,
    runner=RUNNER,
    clock=CLOCK,
)


def main() -> None:
    if sys.argv[1:] == ["make"]:
        HERE.prepare(print)
        HERE.power_on()
        return
    said("systemctl", "start", "dbus.socket")  # this script may begin before it
    put_image_in_its_place()
    machine = HERE.container(MACHINE.name)
    find("maker", after_its_maker_ended(machine))
    find("first_boot", boot(machine))
    find("unit", unit(machine))
    find("group", machine.group.path)
    find("groups_of_processes", sorted(map(group_of, processes_in_namespace())))
    cuts = [power_cut(machine)]
    find("second_boot", boot(machine))
    find("power_off", power_off(machine))
    HERE.published.up(RELAY_PORT, (MACHINE,))
    for _ in range(CUTS_WHILE_BOOTING):
        machine.power_on()
        wait_for_a_few(machine)
        cuts.append(power_cut(machine))
    find("power_cuts", cuts)
    machine.power_on()
    find("before_destroy", units())
    HERE.destroy()
    find("left", left())
    find("end", round(CLOCK.monotonic(), 1))


def find(name: str, seen: object) -> None:
    print(json.dumps({"found": name, "seen": seen}), flush=True)


def said(*argv: str) -> str:
    return RUNNER.run(Command(argv=argv)).text


def put_image_in_its_place() -> None:
    HERE.image.root.mkdir(parents=True)
    said("mount", "-o", "ro", IMAGE_DISK, str(HERE.image.root))
    (HERE.image.folder / "complete").touch()


def after_its_maker_ended(machine: Container) -> object:
    """`systemd-run --wait` returns when nothing lives in the maker's unit any more."""
    words = ("systemd-run", "--quiet", "--wait", "--pipe", "--collect", f"--unit={MAKER}")
    said(*words, sys.executable, "-I", __file__, "make")
    maker = ROOT / "system.slice" / MAKER
    return {"group_is_there": maker.exists(), "machine_is_on": machine.is_on()}


def unit(machine: Container) -> object:
    lines = said("systemctl", "show", machine.place.unit, f"--property={UNIT_PROPERTIES}")
    return dict(line.split("=", 1) for line in lines.splitlines())


def boot(machine: Container) -> object:
    """Power on, and wait until SSH answers."""
    began = CLOCK.monotonic()
    machine.power_on()
    while True:
        trouble = trouble_with_ssh()
        waited_s = round(CLOCK.monotonic() - began, 1)
        if not trouble or waited_s > SSH_TIMEOUT_S:
            return {"trouble": trouble, "after_s": waited_s}
        CLOCK.sleep(0.2)


def wait_for_a_few(machine: Container) -> None:
    end = CLOCK.monotonic() + SSH_TIMEOUT_S
    while len(machine.group.processes()) < FEW and CLOCK.monotonic() < end:
        CLOCK.sleep(0.05)


def trouble_with_ssh() -> str:
    connection = Connection(machine=MACHINE, runner=RUNNER, sockets=FOLDERS.sockets)
    try:
        connection.run(["true"])
    except StandfastError as error:
        return error.problem
    finally:
        connection.close()
    return ""


def processes_in_namespace() -> Iterable[str]:
    """The machine's processes by another sign than their control group: the network they see."""
    wanted = Path("/run/netns", NAMES.machine_namespace(MACHINE.name)).stat().st_ino
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "ns/net").stat().st_ino == wanted:
                yield process.name
        except OSError:  # it ended meanwhile, or is the kernel's
            continue


def group_of(pid: str) -> str:
    return Path("/proc", pid, "cgroup").read_text().strip()


def power_off(machine: Container) -> object:
    began = CLOCK.monotonic()
    machine.ask_to_power_off()
    machine.power_off()
    return {"after_s": round(CLOCK.monotonic() - began, 1), "units": units()}


def power_cut(machine: Container) -> object:
    """What is left, and how long after the order nothing lived in the group any more."""
    before = len(machine.group.processes())
    emptied_at: list[float] = []
    watcher = Thread(target=watch, args=(machine.group, emptied_at))
    watcher.start()
    cut_at = CLOCK.monotonic()
    machine.power_cut()
    watcher.join()
    return {
        "processes_before": before,
        "processes_after": len(tuple(processes_in_namespace())),
        "empty_after_s": round(emptied_at[0] - cut_at, 4),
        "links": links(),
    }


def watch(group: Group, emptied_at: list[float]) -> None:
    """Woken by the kernel (cgroups(7), `cgroup.events`), so that looking delays nothing."""
    try:
        with (group.unified / "cgroup.events").open() as events:
            changed = select.poll()
            changed.register(events, select.POLLPRI)
            while "populated 1" in events.read():
                changed.poll(POLL_MS)
                events.seek(0)
    except OSError:  # systemd has taken the empty group away
        pass
    emptied_at.append(CLOCK.monotonic())


def links() -> dict[str, str]:
    """The bridges' ends of the machine's cables, and their state."""
    lines = said("ip", "-n", NAMES.namespace, "-brief", "link").splitlines()
    words = (line.split() for line in lines)
    ours = (f"p-{MACHINE.name}", f"i-{MACHINE.name}")
    found = ((name.split("@")[0], state) for name, state, *_ in words)
    return {name: state for name, state in found if name in ours}


def units() -> list[str]:
    listed = said("systemctl", "list-units", "--all", "--plain", "--no-legend", "standfast-*")
    return [line.split()[0] for line in listed.splitlines()]


def left() -> object:
    devices = said("ip", "-brief", "link").splitlines()
    runtime = Path("/run/systemd/nspawn")
    mounts = Path("/proc/mounts").read_text().splitlines()
    return {
        "units": units(),
        "groups": [each for each, _, _ in os.walk(ROOT) if "standfast" in each],
        "mounts": [line for line in mounts if SITE in line],
        "namespaces": [str(path) for path in Path("/run/netns").iterdir()],
        "links": [line for line in devices if not line.startswith("lo ")],
        "folders": [str(path) for path in (FOLDERS.state, FOLDERS.run) if path.exists()],
        "of_nspawn": [str(path) for path in runtime.rglob("*") if SITE in path.name],
        "locks": [str(path) for path in runtime.glob("locks/*")],
    }


if __name__ == "__main__":
    main()
