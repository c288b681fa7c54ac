"""The operator's keys about backups: `[backup]` of standfast.toml."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class BackupSettings(BaseModel):
    """`every_min` divides the hour, so that machines keep the distance between their turns. Less
    than the thirty minutes that are promised: a copy is as old as the one before it until it is
    finished. `full_at` is UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every_min: Literal[5, 10, 12, 15, 20, 30] = 20
    full_day: Day = "sunday"
    full_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "02:00"
    keep_fulls: int = Field(default=2, ge=1, le=520)
    receive: bool = True
