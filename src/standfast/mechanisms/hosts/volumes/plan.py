"""What a machine with a mirrored volume has: somebody who watches it."""

import json

from standfast.core.templates import render
from standfast.mechanisms.hosts.agent.faults import Fault
from standfast.mechanisms.hosts.bundle import Contribution, File, Folder, Unit
from standfast.mechanisms.hosts.names import FAULTS
from standfast.mechanisms.hosts.volumes.names import FAULT, NOTES, SETTINGS, UNIT

UNWATCHED = Fault(name=FAULT, unit=UNIT, environment={"STANDFAST_VOLUMES": "unwatched"})


def plan(*, folders: tuple[str, ...], disks: tuple[str, ...], source: str) -> Contribution:
    """`folders`: what must be mirrored. `disks`: those of a machine made here, whose volume is ours
    to mend; none on a machine that belongs to somebody, where it is only looked at. `source`: the
    folder of our own source on the machine."""
    settings = {"folders": folders, "disks": disks}
    return Contribution(
        files=(
            File(
                path=SETTINGS,
                content=json.dumps(settings, indent=2, sort_keys=True).encode() + b"\n",
                restarts=(UNIT,),
            ),
            File(
                path=f"/etc/systemd/system/{UNIT}",
                content=render(__package__, UNIT, source=source).encode(),
                restarts=(UNIT,),
            ),
            File(path=f"{FAULTS}/{UNWATCHED.name}.json", content=UNWATCHED.declaration()),
        ),
        units=(Unit(name=UNIT),),
        folders=(Folder(path=NOTES.rpartition("/")[0], mode=0o700),),
    )
