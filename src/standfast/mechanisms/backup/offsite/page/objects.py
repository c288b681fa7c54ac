"""The page in a store of objects, whichever says what: each is put, got and deleted by one request.
Standard library only."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import ClassVar

from standfast.mechanisms.backup.offsite.page.elsewhere import Item
from standfast.mechanisms.backup.offsite.page.web import Answer, refused


class Objects(ABC):
    """`sent` is what the store answers to an object that it has taken, `removed` to one that it has
    deleted."""

    __slots__ = ()
    sent: ClassVar[HTTPStatus]
    removed: ClassVar[frozenset[HTTPStatus]]

    @abstractmethod
    def _ask(
        self, method: str, name: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Signed as the store wants it."""

    @abstractmethod
    def _described(self, item: Item) -> Mapping[str, str]:
        """By headers: what it is, and how long it may be kept."""

    def read(self, name: str) -> bytes | None:
        answer = self._ask("GET", name)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK:
            raise refused("GET", name, answer)
        return answer.body

    def send(self, items: Iterable[Item]) -> None:
        for each in items:
            answer = self._ask("PUT", each.name, self._described(each), each.content)
            if answer.status != self.sent:
                raise refused("PUT", each.name, answer)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            answer = self._ask("DELETE", name)
            if answer.status not in self.removed and answer.status != HTTPStatus.NOT_FOUND:
                raise refused("DELETE", name, answer)
