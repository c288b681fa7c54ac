"""The operator's keys about drills: `[drills]` of standfast.toml."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator

from standfast.proofs import windows
from standfast.proofs.windows import Window


def window(value: Any) -> Window:
    if not isinstance(value, str):
        raise ValueError("must be a text such as `mon-fri 02:00-04:30`")
    return windows.parse(value)


def known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("must be a time zone, such as Europe/Berlin or UTC") from None
    return name


class DrillSettings(BaseModel):
    """`windows`: when drills to which the operator has consented may run on listed machines."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    windows: tuple[Annotated[Window, PlainValidator(window)], ...] = ()
    time_zone: Annotated[str, AfterValidator(known_zone)] = "UTC"
