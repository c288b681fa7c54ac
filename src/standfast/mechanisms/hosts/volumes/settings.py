"""The operator's keys about disks: `[volumes]` of standfast.toml."""

from pydantic import BaseModel, ConfigDict, Field


class VolumeSettings(BaseModel):
    """`mirrored`: front ends and databases have their data on mirrored disks, and that is promised;
    of machines made on this computer they are made. `size_gb` of each disk that is made here; it
    takes room as it is filled. A database keeps more than two gigabytes of its log,
    and exchanging a disk needs room as well."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mirrored: bool = False
    size_gb: int = Field(default=16, ge=8, le=1024)
