"""`[dns]` of a new site's file: how the site's names are led to where it stands now."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

NAMESERVER = r"^[A-Za-z0-9.:-]+$"


class Way(StrEnum):
    UPDATE = "rfc2136"
    COMMAND = "command"
    TYPED = "typed"


class DnsSettings(BaseModel):
    """`server` and `zone` are for rfc2136, with the TSIG key in `key_file` (as tsig-keygen(8)
    writes it). `command` is run once for each name: `{name}` and `{addresses}`, with commas between
    them, are filled in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    way: Way = Way.TYPED
    server: Annotated[str, Field(pattern=NAMESERVER)] | None = None
    zone: Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")] | None = None
    key_file: str | None = None
    ttl_s: int = Field(default=60, ge=0, le=86400)
    command: tuple[str, ...] = ()
    wait_h: float = Field(default=24, gt=0, le=168)

    @model_validator(mode="after")
    def has_what_it_takes(self) -> "DnsSettings":
        if self.way is Way.UPDATE and not (self.server and self.zone and self.key_file):
            raise ValueError("must name server, zone and key_file where way is rfc2136")
        if self.way is Way.COMMAND and not self.command:
            raise ValueError("must name the command where way is command")
        return self
