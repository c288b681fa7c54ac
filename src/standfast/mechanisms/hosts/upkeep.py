"""What keeps any machine well over the years: its clock, its logs, its disks.

chrony comes from the distribution with the distribution's pool; where a machine may not set its
clock the package's own unit starts nothing (ConditionCapability=), and `facts` says whose clock it
is. PostgreSQL, HAProxy and everything of ours write to the journal, which has limits here; what
writes files brings its own rules for logrotate.
"""

from standfast.core.templates import render
from standfast.mechanisms.hosts.bundle import Contribution, File, Unit
from standfast.mechanisms.hosts.disks import SETTINGS, DiskSettings, Spare
from standfast.mechanisms.hosts.machine import Machine

GUARD = "standfast-disk-guard.service"
GUARD_TIMER = "standfast-disk-guard.timer"

CHRONY = "chrony.service"
JOURNALD = "systemd-journald.service"


def plan(
    machine: Machine, *, data: tuple[str, ...], spare: tuple[Spare, ...], source: str
) -> Contribution:
    """`data`: folders of this machine that must never find their disk full. `spare`: what of ours
    can be had again. `source`: the folder of our own source on the machine."""
    settings = DiskSettings(watched=("/", *data), data=data, spare=spare)
    return Contribution(
        files=(
            File(path=SETTINGS, content=settings.to_json()),
            File(
                path=f"/etc/systemd/system/{GUARD}",
                content=render(__package__, GUARD, source=source).encode(),
            ),
            File(
                path=f"/etc/systemd/system/{GUARD_TIMER}",
                content=render(__package__, GUARD_TIMER).encode(),
                restarts=(GUARD_TIMER,),
            ),
            File(
                path="/etc/systemd/journald.conf.d/standfast.conf",
                content=render(__package__, "journald.conf").encode(),
                restarts=(JOURNALD,),
            ),
            File(
                path="/etc/chrony/conf.d/standfast.conf",
                content=render(__package__, "chrony.conf").encode(),
                restarts=(CHRONY,),
            ),
        ),
        units=(Unit(name=GUARD_TIMER), Unit(name="logrotate.timer")),
        packages=("chrony", "logrotate"),
    )
