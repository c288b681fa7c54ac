"""Have edges' certificates issued by ACME once they answer, and learn who vouches for them."""

from standfast.cli.app import App
from standfast.cli.progress import Progress
from standfast.mechanisms.edge.acme import SERVICE
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.hosts.names import ISSUED_CHAIN
from standfast.mechanisms.keys.certificates import account, read

ISSUED_WITHIN_S = 420.0
"""A server looks from several places, and may let a client wait."""


def have_issued(app: App, progress: Progress, names: tuple[str, ...]) -> None:
    """One edge after the other; a server that is away stops nothing, because the timer tries again
    and `certificate-verifiable` is red meanwhile."""
    if not names:
        return
    for edge in app.site.having(Role.EDGE):
        progress.tell(edge.name, f"its certificate for {', '.join(names)}")
        chain = issued(app.connection(edge.name))
        if chain:
            learn(app, progress, chain)
        else:
            progress.say(
                f"{edge.name} has no certificate for {', '.join(names)} yet; why not: "
                f"standfast logs {edge.name} --unit {SERVICE}"
            )


def issued(edge: Connection) -> bytes:
    """The chain; empty where there is none."""
    edge.run(("systemctl", "start", SERVICE), check=False, timeout_s=ISSUED_WITHIN_S)
    return edge.run(("cat", ISSUED_CHAIN), check=False).stdout


def learn(app: App, progress: Progress, chain: bytes) -> None:
    settings, vault = app.site.certificates, app.keys.vault
    named = settings.authority.encode() if settings else b""
    trusted = (*read.authorities(named), *read.system())
    if not account.note_anchor(vault, chain, trusted):
        progress.say("nobody whom this computer trusts vouches for what was issued")
    app.keys.save()
