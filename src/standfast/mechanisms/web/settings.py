"""The service contract: `[service]` of standfast.toml. Any HTTP application fits."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from standfast.mechanisms.web.schedule import EXPECTED, is_schedule


def speakable(word: str) -> str:
    if "\0" in word:
        raise ValueError("must hold no zero byte, which no program can be given")
    return word


Argv = Annotated[tuple[Annotated[str, AfterValidator(speakable)], ...], Field(min_length=1)]
"""A command as a list of words; no shell reads it."""

CommandName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
"""It becomes part of a unit's name."""


def schedule(text: str) -> str:
    if not is_schedule(text):
        raise ValueError(EXPECTED)
    return text


class WorkerSettings(BaseModel):
    """A command that runs as long as the service does. `copies`: how many of it run in the whole
    site, on web machines that take over from each other; without it, one on each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: Argv
    copies: int | None = Field(default=None, ge=1, le=16)


class JobSettings(BaseModel):
    """A command that is run when it is due, once in the whole site, and ended after `limit_s`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: Argv
    schedule: Annotated[str, AfterValidator(schedule)]
    limit_s: int = Field(default=3600, ge=1, le=86400)


class Commands(BaseModel):
    """What a release starts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    migrate: tuple[Argv, ...] = ()
    web: Argv
    workers: Mapping[CommandName, WorkerSettings] = {}
    jobs: Mapping[CommandName, JobSettings] = {}


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


Route = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._~%/-]*$")]
"""A path as customers ask for it; one that ends with a slash means all that is below."""


class ServiceSettings(Commands):
    """`slow`: routes whose answers may take `slow_limit_s` until they begin, such as a report; all
    others are answered sooner, or by another web machine."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")
    source: str
    install: tuple[Argv, ...] = ()
    health: str = Field(default="/health", pattern=r"^/")
    slow: tuple[Route, ...] = Field(default=(), max_length=50)
    slow_limit_s: int = Field(default=60, ge=1, le=3600)
    environment: Mapping[str, str] = {}
    canary: CanarySettings

    @property
    def role(self) -> str:
        """What its role, its database and its client certificate there are called."""
        return self.name.replace("-", "_")

    @property
    def commands(self) -> Commands:
        return Commands.model_validate(
            {name: getattr(self, name) for name in Commands.model_fields}
        )
