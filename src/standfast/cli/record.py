"""The site's own log, read as a customer reads it: at its address, with the key that is pinned."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from standfast.cli.app import App, own_pins
from standfast.core.errors import CannotVerify
from standfast.evidence.pins import Pins
from standfast.evidence.read import Record, read_log
from standfast.evidence.transport import HttpsTransport, Transport
from standfast.evidence.verify import Verification
from standfast.proofs.drills.ground import Published


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLog:
    app: App
    vkey: str
    pins: Pins

    def transport(self) -> Transport:
        return HttpsTransport(log_url(self.app), self.app.site.folders.home / "ca.pem")

    def record(self) -> Record:
        return read_log(self.transport(), self.vkey)

    def published(self) -> Published:
        """With the policy that `up` has pinned, for who compares copies."""
        policy = self.pins.policy(origin(self.app))
        if policy is None:
            raise CannotVerify("whose cosignatures count is not known here", remedy="standfast up")
        return Published(log=self.vkey, policy=policy.text, leaves=self.record().leaves)

    def verification(self) -> Verification:
        return self.pins.compared(self.record(), now=self.app.clock.now())


def log_of(app: App) -> SiteLog:
    app.keys.files()  # with them comes the site's authority, as it is now
    pins = own_pins()
    vkey = pins.key(origin(app))
    if vkey is None:
        raise CannotVerify(
            f"the key of the log {origin(app)} is not pinned here", remedy="Run `standfast up`."
        )
    return SiteLog(app=app, vkey=vkey, pins=pins)


def log_url(app: App) -> str:
    return f"{app.site.url}trust/log"


def origin(app: App) -> str:
    """The log's name: its address without the scheme (C2SP tlog-checkpoint), as it was when the
    site first came up. A log keeps its name even when the site is given another address."""
    known = app.site.folders.home / "origin"
    if known.is_file():
        return known.read_text().strip()
    host = f"{app.site.name}.localhost" if app.site.made_here else urlsplit(app.site.url).hostname
    return f"{host}/trust/log"
