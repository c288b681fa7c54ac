"""What an edge needs to have its own certificate issued by ACME (keys/certificates/acme)."""

import json
from dataclasses import dataclass, field

from standfast.core.templates import render
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Folder, Unit
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import (
    AGENT_PORT,
    ISSUED,
    ISSUED_CHAIN,
    PUBLIC_IDENTITY,
)

LIVE = f"{ISSUED}/live"
"""What HAProxy loads."""

ACCOUNT = "/etc/standfast/acme-account.pem"
SERVER_AUTHORITY = "/etc/standfast/acme-authority.pem"
SERVICE, TIMER = "standfast-certificate.service", "standfast-certificate.timer"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeAsk:
    """`account` is its key (PEM) and `thumbprint` that key's; `authority` (PEM) vouches for the
    server itself where machines do not know it, else empty."""

    directory: str
    contact: str
    names: tuple[str, ...]
    account: bytes = field(repr=False)
    thumbprint: str
    authority: bytes = b""


def plan(
    ask: AcmeAsk, machines: tuple[Machine, ...], *, source: str, python: str, unit: str
) -> Contribution:
    """`unit` shows the certificate. Monitors ask the agent which one it is, for the log."""
    monitors = tuple(str(each.address) for each in having(machines, Role.MONITOR))
    said = {
        "directory": ask.directory,
        "contact": ask.contact,
        "names": list(ask.names),
        "authority": SERVER_AUTHORITY if ask.authority else "",
        "account": ACCOUNT,
        "key": f"{PUBLIC_IDENTITY}/key.pem",
        "live": f"{LIVE}/acme.pem",
        "chain": ISSUED_CHAIN,
        "unit": unit,
    }
    settings = json.dumps(said, indent=2, sort_keys=True).encode() + b"\n"
    return Contribution(
        files=(
            File(path="/etc/standfast/acme.json", content=settings),
            File(path=ACCOUNT, content=ask.account, mode=0o600),
            *((File(path=SERVER_AUTHORITY, content=ask.authority),) if ask.authority else ()),
            *(
                File(
                    path=f"/etc/systemd/system/{name}",
                    content=render(
                        __package__, name, source=source, python=python, home=ISSUED
                    ).encode(),
                    restarts=(name,) if name == TIMER else (),
                )
                for name in (SERVICE, TIMER)
            ),
        ),
        units=(Unit(name=TIMER),),
        flows=(Flow(port=AGENT_PORT, sources=monitors, why="monitors ask what was issued"),),
        folders=(Folder(path=ISSUED), Folder(path=LIVE, mode=0o700)),
    )
