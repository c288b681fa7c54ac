"""What `up` does so that several operators can share a site."""

from collections.abc import Mapping
from typing import Any

from standfast.cli.app import App
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.keys import lineage
from standfast.mechanisms.keys.on_machine import ASKED, without_ours
from standfast.mechanisms.keys.plan import KeysAsk
from standfast.mechanisms.keys.vault import Vault


def keep_keys(app: App) -> None:
    """The SSH keys of machines that are made here are sealed before the first machine has one."""
    app.here.make_keys()
    app.keys.gather()
    app.keys.save()


def must_be_newest(app: App, inspected: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse an older copy of the secrets, unless it is meant."""
    if not app.older_secrets:
        seen = {name: str(facts["mark"]) for name, facts in inspected.items()}
        lineage.must_be_newest(app.keys.vault.contents.lineage, seen, str(app.site.sealed.sealed))


def looked_in(connection: Connection) -> str:
    """As the machine itself says it later, asked before any program of ours is there."""
    return without_ours(connection.run(ASKED, check=False).text)


def keys_ask(vault: Vault, inspected: Mapping[str, Mapping[str, Any]]) -> KeysAsk:
    return KeysAsk(
        operators=vault.operators,
        mark=vault.mark,
        looked_in={name: str(facts["looked_in"]) for name, facts in inspected.items()},
    )
