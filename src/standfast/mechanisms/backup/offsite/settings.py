"""The operator's keys about the store off site: `[offsite]` of standfast.toml.

The words that open the store never stand there; they are sealed (`standfast backup offsite keys`).
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from standfast.mechanisms.backup.offsite.store import FORMS, Kind, Store, is_in_form

PAGE_URL = r"^(https://[A-Za-z0-9.-]+(:\d{1,5})?/[A-Za-z0-9._~/-]{0,200})?$"
"""It stands on the page, which is near its limit, and in a shell."""


class OffsiteSettings(BaseModel):
    """`location` has the form that its kind wants (`store.FORMS`). `region` is what the store calls
    the place where it stands, `site_region` what it would call the site's. `host_key` is an SFTP
    server's, as known_hosts has it, without the host. `at` is UTC. `page`: the trust page is put
    there, too; `page_url` is where readers find it, which the page names if it is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    location: str
    region: str = ""
    site_region: str = ""
    host_key: str = ""
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "03:30"
    keep_days: int = Field(default=14, ge=2, le=3650)
    keep_weeks: int = Field(default=8, ge=0, le=520)
    keep_months: int = Field(default=12, ge=0, le=120)
    page: bool = True
    page_url: Annotated[str, Field(pattern=PAGE_URL)] = ""

    @model_validator(mode="after")
    def is_whole(self) -> "OffsiteSettings":
        if not is_in_form(self.kind, self.location):
            raise ValueError(f"must have a location like {FORMS[self.kind]} for {self.kind}")
        if (self.kind is Kind.SFTP) != bool(self.host_key):
            raise ValueError("must have a host_key for sftp, and for nothing else")
        if self.page_url and not self.page:
            raise ValueError("must have page = true for a page_url")
        return self

    @property
    def store(self) -> Store:
        return Store(
            kind=self.kind,
            location=self.location,
            region=self.region,
            site_region=self.site_region,
        )
