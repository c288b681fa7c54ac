"""The operator's keys about the edge: `[edge]` of standfast.toml.

Each is a limit, because an edge that waits for ever, or keeps everything, is brought down by one
customer. Units stand last in a name.
"""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Interface = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,15}$")]
"""Linux has room for fifteen letters (IFNAMSIZ)."""

AUTO, STAY, VRRP = "auto", "stay", "vrrp"


class EdgeSettings(BaseModel):
    """`addresses`: what becomes of the public address of an edge that is dark. It stays there, or
    another edge takes it by VRRP; `auto`: by VRRP where machines are made here.
    `public_interface`: the network device of listed edges that takes it; `private_interface`: the
    one that has the private address, over which edges tell each other that they are there.

    `first_byte_s`: how long a web server may take until its answer begins, or goes on, before a
    request that may be repeated is asked elsewhere; the slow routes of the service are exempt.
    `once_s`: the same for a request that may not be repeated, which then ends with an honest 504.

    `request_s`: within which a customer has to send a whole header, and a body that fits into a
    buffer; who sends slower is cut (408). `customer_idle_s`: how long a customer may be silent
    within a longer body or while reading an answer. `header_limit_kb` and `body_limit_mb`: more is
    refused (400, 413).

    `in_flight_per_server`: requests that one edge has under way at one web server; more wait here,
    where they can go to whichever is free first, `queue` of them at most and none for longer than
    `queue_s`: who would wait longer is told so at once (503). `connections`: of all customers
    together; more wait unanswered in the kernel, so it should never be reached.

    A source is an IPv4 address or an IPv6 network of 64 bits, which is what one customer has; an
    office behind one address is one source. What it may have at one edge: `connections_per_source`,
    `new_connections_per_source_per_s` and `requests_per_source_per_s`, both over ten seconds, so
    that a page with its fifty pictures is no flood. `trusted_sources` are not counted. `filter`:
    paths that climb, and programs that say that they look for weaknesses, are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    addresses: Literal["auto", "stay", "vrrp"] = "auto"
    public_interface: Interface = ""
    private_interface: Interface = ""
    first_byte_s: int = Field(default=2, ge=1, le=60)
    once_s: int = Field(default=10, ge=1, le=600)
    request_s: int = Field(default=10, ge=1, le=60)
    customer_idle_s: int = Field(default=30, ge=1, le=600)
    header_limit_kb: int = Field(default=15, ge=8, le=127)
    body_limit_mb: int = Field(default=50, ge=1, le=10000)
    in_flight_per_server: int = Field(default=200, ge=1, le=2000)
    queue: int = Field(default=400, ge=0, le=10000)
    queue_s: int = Field(default=5, ge=1, le=60)
    connections: int = Field(default=4000, ge=100, le=100000)
    connections_per_source: int = Field(default=300, ge=1, le=100000)
    new_connections_per_source_per_s: int = Field(default=30, ge=1, le=10000)
    requests_per_source_per_s: int = Field(default=100, ge=1, le=100000)
    trusted_sources: tuple[IPv4Network | IPv6Network, ...] = ()
    filter: bool = True

    def way(self, *, made_here: bool) -> str:
        """How addresses move: a word of `moving.way.WAYS`, or that they stay."""
        if self.addresses == AUTO:
            return VRRP if made_here else STAY
        return self.addresses
