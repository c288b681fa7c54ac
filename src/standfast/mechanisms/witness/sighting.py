"""What a witness saw of the site's front, as any visitor sees it. Pure.

It is one visitor's word, from one place at one time: a line that is down there looks like a site
that is. It goes into no log but the witness's own.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from standfast.core.units import stamp

WEB = (80, 443)
DOWN = "down"
DISTRUST = "not believed"
OPEN = "open ports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What answered of all that was asked: ports that are open, that refused, and UDP."""

    open: tuple[int, ...]
    refused: tuple[int, ...]
    udp: tuple[int, ...]

    def strange(self, port: int) -> tuple[int, ...]:
        """All that no web front needs which is visited at `port`."""
        return (*(each for each in self.open if each not in (*WEB, port)), *self.refused, *self.udp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Of one address of a host. `doubt`: why its certificate is not believed; `fingerprint`: its
    SHA-256 in hexadecimal; `status`: of the answer to `GET /`; `problem`: why nothing could be
    seen. `ports` is None where they were not asked."""

    at: datetime
    host: str
    address: str
    port: int
    protocol: str = ""
    cipher: str = ""
    fingerprint: str = ""
    doubt: str = ""
    status: int | None = None
    seconds: float = 0.0
    problem: str = ""
    ports: Ports | None = None

    @property
    def trouble(self) -> str:
        """The worst that was seen; empty if nothing."""
        if self.doubt:
            return DISTRUST
        if self.ports is not None and self.ports.strange(self.port):
            return OPEN
        return "" if self.answered else DOWN

    @property
    def answered(self) -> bool:
        """A visitor was served, or told that he asks for something else."""
        return not self.problem and self.status is not None and self.status < 500

    @property
    def words(self) -> str:
        where = f"{self.host} ({self.address or 'no address'})"
        match self.trouble:
            case "not believed":
                return f"NOT BELIEVED: {where} shows a certificate {self.fingerprint}: {self.doubt}"
            case "open ports":
                assert self.ports is not None
                strange = ", ".join(map(str, self.ports.strange(self.port)[:12]))
                return f"OPEN PORTS: {where} answers, beside the web, at {strange}"
            case "down":
                why = self.problem or f"it answers {self.status or 'nothing'}"
                return f"DOWN: {where}: {why}"
            case _:
                return f"saw {where}: {self.status} after {self.seconds:.2f} s, {self.protocol}"

    def document(self) -> Mapping[str, Any]:
        return {**asdict(self), "at": stamp(self.at), "trouble": self.trouble or None}

    def evidence(self) -> Mapping[str, Any]:
        return self.document()
