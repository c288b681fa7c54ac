"""The service contract: `[service]` of standfast.toml. Any HTTP application fits."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Argv = Annotated[tuple[str, ...], Field(min_length=1)]
"""A command as a list of words; no shell reads it."""


class Request(BaseModel):
    """One request that a proof makes of the service. `{account}`, `{password}`, `{id}`,
    `{sentence}` and `{run}` are filled in."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    method: str = Field(pattern=r"^(GET|POST|PUT)$")
    path: str = Field(pattern=r"^/")
    body: Mapping[str, Any] | None = Field(default=None, alias="json")


class Find(Request):
    """Lists what a run has stored: `ids_at` names the list in the answer, `id_field` the id."""

    ids_at: str = "entries"
    id_field: str = "id"


class CanarySettings(BaseModel):
    """How a proof enters an account, a sentence and a password."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: Argv
    sign_in: Request
    read: tuple[Request, ...] = Field(min_length=1)
    write: Request
    find: Find


class ServiceSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")
    source: str
    install: tuple[Argv, ...] = ()
    migrate: tuple[Argv, ...] = ()
    web: Argv
    health: str = Field(default="/health", pattern=r"^/")
    environment: Mapping[str, str] = {}
    canary: CanarySettings

    @property
    def role(self) -> str:
        """What its role, its database and its client certificate there are called."""
        return self.name.replace("-", "_")
