"""The page in a container of Azure Blob Storage. Standard library only.

After Microsoft's reference of the Blob service: "Put Blob", "Get Blob", "Delete Blob". A SAS is a
query that opens, so no address is ever said.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import PurePosixPath

from standfast.core.clock import Clock
from standfast.core.errors import ConfigError
from standfast.mechanisms.backup.offsite.location import door
from standfast.mechanisms.backup.offsite.page import shared_key
from standfast.mechanisms.backup.offsite.page.elsewhere import Item, lasting
from standfast.mechanisms.backup.offsite.page.names import FOLDER
from standfast.mechanisms.backup.offsite.page.objects import Objects
from standfast.mechanisms.backup.offsite.page.web import Answer, Web
from standfast.mechanisms.backup.offsite.store import Store
from standfast.mechanisms.hosts.media import content_type

VERSION = "2021-08-06"
SAS = re.compile(r"[A-Za-z0-9%&=:._~+/,-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Azure(Objects):
    """By a SAS, which is a query, or by the account's key. `root` is the page's folder, as a path
    with the container."""

    sent = HTTPStatus.CREATED
    removed = frozenset({HTTPStatus.ACCEPTED})
    web: Web
    account: str
    root: str
    sas: str = field(repr=False, default="")
    key: str = field(repr=False, default="")
    clock: Clock

    def _ask(
        self, method: str, name: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        path = f"{self.root}/{name}"
        sent = {
            "x-ms-date": format_datetime(self.clock.now(), usegmt=True),
            "x-ms-version": VERSION,
            **(headers or {}),
        }
        if self.sas:
            return self.web.ask(method, f"{path}?{self.sas}", sent, body)
        text = shared_key.to_sign(method, self.account, path, sent)
        sent["Authorization"] = shared_key.authorization(self.account, self.key, text)
        return self.web.ask(method, path, sent, body)

    def _described(self, item: Item) -> Mapping[str, str]:
        return {
            "Content-Length": str(len(item.content)),
            "Content-Type": content_type(PurePosixPath(item.name)),
            "x-ms-blob-cache-control": lasting(item.name),
            "x-ms-blob-type": "BlockBlob",
        }


def opened(store: Store, words: Mapping[str, str], clock: Clock) -> Azure:
    parts = store.parts
    at = door(store)
    assert at is not None
    sas = words.get("AZURE_ACCOUNT_SAS", "").strip().removeprefix("?")
    if sas and not SAS.fullmatch(sas):
        raise ConfigError(
            "AZURE_ACCOUNT_SAS is no shared access signature", remedy="Copy its query anew."
        )
    return Azure(
        web=Web(f"https://{at[0]}", authority=store.authority),
        account=parts["account"],
        root=f"/{parts['container']}{parts['folder']}/{FOLDER}",
        sas=sas,
        key=words.get("AZURE_ACCOUNT_KEY", ""),
        clock=clock,
    )
