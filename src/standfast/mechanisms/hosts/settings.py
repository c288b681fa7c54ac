"""The operator's keys about machines: `[[machines]]` and `[network]` of standfast.toml."""

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from standfast.mechanisms.hosts.machine import DEFAULT_ROLES, Role
from standfast.mechanisms.hosts.names import PRIMARY

RESERVED = frozenset({"operator", PRIMARY, "relay", "store", "vantage"})
"""Names that mean somebody else: a machine called `operator` would be obeyed as one."""


def not_reserved(name: str) -> str:
    if name in RESERVED:
        raise ValueError(
            f"must be another name: Standfast itself uses {', '.join(sorted(RESERVED))}"
        )
    return name


MachineName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,11}$"), AfterValidator(not_reserved)]
"""At most twelve letters: a network device's name carries it and has room for fifteen."""


Suite = Literal["bookworm", "trixie"]
"""Debian 12 and 13, as their package sources call them."""


class SshSettings(BaseModel):
    """What is left out, the operator's own ssh_config says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str | None = None
    user: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)


class PowerSettings(BaseModel):
    """Programs on the operator's computer, a provider's or a management controller's client."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cut: tuple[str, ...] = Field(min_length=1)
    restore: tuple[str, ...] = Field(min_length=1)


class MachineSettings(BaseModel):
    """Without `address` the machine is made on this computer, of `suite` or else of the site's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: MachineName
    roles: frozenset[Role] = Field(min_length=1)
    address: IPv4Address | None = None
    public: IPv4Address | None = None
    ssh: SshSettings = SshSettings()
    suite: Suite | None = None
    adopt: bool = False
    power: PowerSettings | None = None


class NetworkSettings(BaseModel):
    """`management_from`: who may reach SSH on machines that are listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    management_from: tuple[IPv4Network, ...] = ()


DEFAULT_MACHINES = tuple(
    MachineSettings(name=name, roles=frozenset({role})) for name, role in DEFAULT_ROLES.items()
)
