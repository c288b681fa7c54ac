"""The page in a container of Azure Blob Storage. Standard library only.

After Microsoft's reference of the Blob service: "Put Blob", "Get Blob", "Delete Blob". A SAS is a
query that opens, so no address is ever said.
"""

import re
from collections.abc import Iterable, Mapping
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
from standfast.mechanisms.backup.offsite.page.web import Answer, Web, refused
from standfast.mechanisms.backup.offsite.store import Store
from standfast.mechanisms.hosts.media import content_type

VERSION = "2021-08-06"
SAS = re.compile(r"[A-Za-z0-9%&=:._~+/,-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Azure:
    """By a SAS, which is a query, or by the account's key. `root` is the page's folder, as a path
    with the container."""

    web: Web
    account: str
    root: str
    sas: str = field(repr=False, default="")
    key: str = field(repr=False, default="")
    clock: Clock

    def read(self, name: str) -> bytes | None:
        answer = self._ask("GET", name)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK:
            raise refused("GET", name, answer)
        return answer.body

    def send(self, items: Iterable[Item]) -> None:
        for each in items:
            answer = self._ask("PUT", each.name, described(each), each.content)
            if answer.status != HTTPStatus.CREATED:
                raise refused("PUT", each.name, answer)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            answer = self._ask("DELETE", name)
            if answer.status not in (HTTPStatus.ACCEPTED, HTTPStatus.NOT_FOUND):
                raise refused("DELETE", name, answer)

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


def described(item: Item) -> dict[str, str]:
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
