"""How each kind of fault is injected and taken back. `KINDS` says what they are."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from campaign.kinds import Planned
from campaign.site import ETCD_PORT, Machine, Site, run, send, standfast

FILL_EVERY_S = 0.1
BUSY_LOOPS = 6

SUCCESSOR_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What stands where as the fault comes. `chance` as it was planned."""

    site: Site
    primary: Machine
    secondary: Machine
    etcd_leader: Machine
    chance: tuple[float, float]

    @property
    def monitors(self) -> list[Machine]:
        return self.site.having("monitor")

    @property
    def other_monitor(self) -> Machine:
        """One that does not lead etcd."""
        others = [each for each in self.monitors if each.name != self.etcd_leader.name]
        return others[int(self.chance[0] * len(others))]


Act = Callable[[Scene, ExitStack], str]
"""Returns the name of what was hit. What takes it back is put on the stack first."""


def scene(site: Site, primary: Machine, secondary: Machine, planned: Planned) -> Scene:
    return Scene(
        site=site,
        primary=primary,
        secondary=secondary,
        etcd_leader=site.etcd_leader(),
        chance=planned.chance,
    )


def kill_postmaster(scene: Scene, undo: ExitStack) -> str:
    return hit(scene.primary, send(scene.primary.postmaster(), signal.SIGKILL))


def kill_postgresql(scene: Scene, undo: ExitStack) -> str:
    return hit(scene.primary, send(scene.primary.postgresql(), signal.SIGKILL))


def kill_patroni(scene: Scene, undo: ExitStack) -> str:
    return hit(scene.primary, send(scene.primary.patroni(), signal.SIGKILL))


def freeze_patroni(scene: Scene, undo: ExitStack) -> str:
    frozen = scene.primary.patroni()
    undo.callback(send, frozen, signal.SIGCONT)
    return hit(scene.primary, send(frozen, signal.SIGSTOP))


def hit(machine: Machine, processes: int) -> str:
    if not processes:
        raise LookupError(f"no such process runs on {machine.name}")
    return machine.name


def without_power(scene: Scene, undo: ExitStack, *machines: Machine) -> str:
    for machine in machines:
        undo.callback(scene.site.power_on, machine)
    scene.site.power_cut(*machines)
    return "+".join(each.name for each in machines)


def cut_power(scene: Scene, undo: ExitStack) -> str:
    return without_power(scene, undo, scene.primary)


def cut_power_and_etcd_leader(scene: Scene, undo: ExitStack) -> str:
    return without_power(scene, undo, scene.primary, scene.etcd_leader)


def cut_monitor(scene: Scene, undo: ExitStack) -> str:
    return without_power(scene, undo, scene.other_monitor)


def cut_etcd_leader(scene: Scene, undo: ExitStack) -> str:
    return without_power(scene, undo, scene.etcd_leader)


def cut_secondary(scene: Scene, undo: ExitStack) -> str:
    return without_power(scene, undo, scene.secondary)


def cut_network(scene: Scene, undo: ExitStack) -> str:
    undo.callback(scene.site.cables, scene.primary, up=True)
    scene.site.cables(scene.primary, up=False)
    return scene.primary.name


def losing(scene: Scene, undo: ExitStack, *rules: str) -> str:
    undo.callback(scene.site.lose_nothing, scene.primary)
    scene.site.lose(scene.primary, rules)
    return scene.primary.name


def cut_monitors(scene: Scene, undo: ExitStack) -> str:
    theirs = several(scene.monitors)
    return losing(scene, undo, f"out ip daddr {theirs}", f"in ip saddr {theirs}")


def cut_etcd(scene: Scene, undo: ExitStack) -> str:
    theirs = several(scene.monitors)
    return losing(scene, undo, f"out ip daddr {theirs} tcp dport {ETCD_PORT}")


def cut_pair(scene: Scene, undo: ExitStack) -> str:
    other = scene.secondary.address
    return losing(scene, undo, f"out ip daddr {other}", f"in ip saddr {other}")


def cut_one_way(scene: Scene, undo: ExitStack) -> str:
    far = scene.monitors if scene.chance[0] < 0.5 else [scene.secondary]
    out = scene.chance[1] < 0.5
    rule = f"out ip daddr {several(far)}" if out else f"in ip saddr {several(far)}"
    return losing(scene, undo, rule)


def several(machines: list[Machine]) -> str:
    return "{ " + ", ".join(each.address for each in machines) + " }"


def fill_disk(scene: Scene, undo: ExitStack) -> str:
    """Whatever is freed meanwhile is taken again."""
    must_be_a_disk_of_its_own(scene.primary.data)
    undo.enter_context(filled(scene.primary.data / "campaign"))
    return scene.primary.name


@contextmanager
def filled(path: Path) -> Iterator[None]:
    over = threading.Event()

    def fill() -> None:
        while not over.wait(FILL_EVERY_S):
            with contextlib.suppress(OSError), path.open("ab") as file:
                free = os.statvfs(path.parent)
                size = free.f_bfree * free.f_frsize
                if size:
                    os.posix_fallocate(file.fileno(), path.stat().st_size, size)

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        path.unlink(missing_ok=True)


def stall_disk(scene: Scene, undo: ExitStack) -> str:
    disk = str(scene.primary.data)
    must_be_a_disk_of_its_own(scene.primary.data)
    undo.callback(run, "fsfreeze", "--unfreeze", disk, check=False)
    run("fsfreeze", "--freeze", disk)
    return scene.primary.name


def must_be_a_disk_of_its_own(data: Path) -> None:
    if not data.is_mount():
        raise LookupError(f"{data} is no file system of its own: this fault would hit them all")


def kill_twice(scene: Scene, undo: ExitStack) -> str:
    """The successor dies a moment after it was chosen, or some seconds later."""
    first = hit(scene.primary, send(scene.primary.postmaster(), signal.SIGKILL))
    end = time.monotonic() + SUCCESSOR_WITHIN_S
    while time.monotonic() < end:
        said = scene.site.asked(scene.secondary, "patroni")
        if isinstance(said, dict) and said.get("role") in ("primary", "master"):
            break
        time.sleep(0.05)
    time.sleep(4.0 * scene.chance[0])
    send(scene.secondary.postmaster(), signal.SIGKILL)
    return f"{first}+{scene.secondary.name}"


def saturate(scene: Scene, undo: ExitStack) -> str:
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY_LOOPS)
    ]
    for each in loops:
        undo.callback(each.wait)
        undo.callback(each.kill)
    return "both cores"


def switch_over(scene: Scene, undo: ExitStack) -> str:
    standfast(scene.site.file, "switchover", "--to", scene.secondary.name, check=True)
    return scene.primary.name


ACTS: Mapping[str, Act] = {
    "postmaster-killed": kill_postmaster,
    "postgresql-killed": kill_postgresql,
    "patroni-killed": kill_patroni,
    "patroni-frozen": freeze_patroni,
    "power-cut": cut_power,
    "power-cut-with-etcd-leader": cut_power_and_etcd_leader,
    "network-cut": cut_network,
    "cut-from-monitors": cut_monitors,
    "cut-from-etcd": cut_etcd,
    "cut-from-secondary": cut_pair,
    "one-way-cut": cut_one_way,
    "monitor-lost": cut_monitor,
    "etcd-leader-lost": cut_etcd_leader,
    "secondary-lost": cut_secondary,
    "disk-full": fill_disk,
    "disk-stalled": stall_disk,
    "double-kill": kill_twice,
    "saturated": saturate,
    "switchover": switch_over,
}
