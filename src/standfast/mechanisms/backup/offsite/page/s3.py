"""The page in an S3 store, by path style, as restic is told to ask too. Standard library only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import PurePosixPath

from standfast.core.clock import Clock
from standfast.mechanisms.backup.offsite.page import sigv4
from standfast.mechanisms.backup.offsite.page.elsewhere import Item, lasting
from standfast.mechanisms.backup.offsite.page.names import FOLDER
from standfast.mechanisms.backup.offsite.page.objects import Objects
from standfast.mechanisms.backup.offsite.page.web import Answer, Web
from standfast.mechanisms.backup.offsite.store import Store
from standfast.mechanisms.hosts.media import content_type

USUAL_REGION = "us-east-1"
"""For which S3 signs where nothing else is said."""

OTHER_REGION = re.compile(rb"<Region>([a-z0-9-]{1,40})</Region>")
"""In a refusal of what was signed for another one (API reference, "Error responses")."""


@dataclass(slots=True, kw_only=True)
class S3(Objects):
    """`root` is the page's folder, as a path with the bucket."""

    sent = HTTPStatus.OK
    removed = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT})
    web: Web
    key: sigv4.Key
    root: str
    clock: Clock

    def _ask(
        self, method: str, name: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        answer = self._signed(method, name, headers or {}, body)
        other = OTHER_REGION.search(answer.body)
        if answer.status == HTTPStatus.BAD_REQUEST and other and self._moves_to(other[1].decode()):
            return self._signed(method, name, headers or {}, body)
        return answer

    def _described(self, item: Item) -> Mapping[str, str]:
        return {
            "content-type": content_type(PurePosixPath(item.name)),
            "cache-control": lasting(item.name),
        }

    def _moves_to(self, region: str) -> bool:
        moves = region != self.key.region
        self.key = replace(self.key, region=region)
        return moves

    def _signed(self, method: str, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path = f"{self.root}/{name}"
        sent = sigv4.signed(
            method,
            path,
            {"host": self.web.host, **headers},
            body,
            key=self.key,
            now=self.clock.now(),
        )
        return self.web.ask(method, sigv4.encoded(path, safe="/"), sent, body)


def opened(store: Store, words: Mapping[str, str], clock: Clock) -> S3:
    parts = store.parts
    return S3(
        web=Web(parts["server"], authority=store.authority),
        key=sigv4.Key(
            id=words["AWS_ACCESS_KEY_ID"],
            secret=words["AWS_SECRET_ACCESS_KEY"],
            region=store.region or USUAL_REGION,
        ),
        root=f"/{parts['bucket']}{parts['folder']}/{FOLDER}",
        clock=clock,
    )
