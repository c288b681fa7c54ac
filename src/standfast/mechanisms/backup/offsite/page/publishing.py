"""One turn of publishing: look, decide, send, remember. Standard library only.

Killed after any step, what lies in the store is whole: the checkpoint there commits to nothing that
is not there before it. What was sent and is not remembered is sent again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from standfast.core.clock import Clock
from standfast.core.errors import CannotVerify, StandfastError, Unreachable
from standfast.evidence.transport import Transport
from standfast.mechanisms.backup.offsite.page import names, turn
from standfast.mechanisms.backup.offsite.page.elsewhere import Elsewhere, Item
from standfast.mechanisms.backup.offsite.page.sent import Sent, believed, remember, remembered
from standfast.mechanisms.backup.offsite.page.shown import Shown, made_at, shown, tile


@dataclass(slots=True, kw_only=True)
class Publisher:
    """`where` names the store in the memory that `file` is; `monitors` by name."""

    position: int
    where: str
    elsewhere: Elsewhere
    monitors: Mapping[str, Transport]
    file: Path
    clock: Clock

    def turn(self) -> str:
        """What is worth a line in the journal; mostly nothing. Raises `StandfastError`."""
        now, stored = self.clock.now(), self._stored()
        if not turn.is_due(self.position, turn.age(stored, now)):
            return ""
        monitor, found = self._newest()
        if not turn.is_newer(found, stored, now):
            return ""
        before = remembered(self.file)
        sent = believed(before, self.where, self.elsewhere.read(names.CHECKPOINT))
        sent = self._send(found, monitor, sent)
        remember(self.file, replace(sent, trouble=""))
        return "the page is in the store off site again" if before.trouble else ""

    def _stored(self) -> datetime | None:
        """When the page that lies there was made; None for what is none."""
        content = self.elsewhere.read(names.MACHINE_FORM)
        if content is not None:
            with suppress(CannotVerify):
                return made_at(content)
        return None

    def _newest(self) -> tuple[Transport, Shown]:
        found: dict[str, Shown] = {}
        problems: list[str] = []
        for name, monitor in self.monitors.items():
            try:
                found[name] = shown(monitor, self.clock)
            except StandfastError as error:
                problems.append(f"{name}: {error.problem}")
        best = turn.newest(found.values())
        if best is None:
            raise Unreachable(f"no monitor shows its page: {'; '.join(problems)}")
        return next((self.monitors[name], each) for name, each in found.items() if each is best)

    def _send(self, found: Shown, monitor: Transport, sent: Sent) -> Sent:
        wanted = names.tiles(found.size)

        def fetched(name: str) -> bytes:
            return tile(monitor, name, wanted[name]) if name in wanted else monitor.fetch(name)

        due = (*turn.tiles_to_send(found, sent), *turn.stamps_to_send(found, sent))
        for group in turn.grouped(due):
            sent = self._sent(items_of(group, fetched), sent)
        sent = self._sent(turn.in_order(found.files), sent)
        going, then = turn.outlived(found, sent)
        remember(self.file, then)
        with suppress(StandfastError):  # An older policy of the key's may not let it.
            self.elsewhere.remove(sorted(going))
        return then

    def _sent(self, items: Iterable[Item], sent: Sent) -> Sent:
        new = tuple(each for each in items if not sent.has(each))
        self.elsewhere.send(new)
        return sent.after(new)


def items_of(group: Iterable[str], fetched: Callable[[str], bytes]) -> Iterator[Item]:
    return (Item(name=name, content=fetched(name)) for name in group)
