"""Which certificates edges have from an ACME server, asked of them now and then.

They change without an operator, and the log must name them. An edge that does not answer is taken
to show what the log says already: what was not heard is no news.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from standfast.core.clock import Clock
from standfast.core.errors import StandfastError
from standfast.evidence.statement import AnyPredicate, CertificatesNotice, ShownCertificate
from standfast.mechanisms.keys.certificates.shown import own, told

EVERY_S = 60.0
PATIENCE_S = 3.0

Asking = Callable[[Mapping[str, str]], Mapping[str, Any]]
"""An edge's agent for what was issued. Raises `StandfastError`."""


@dataclass(slots=True, kw_only=True)
class Issued:
    """`names` are issued for; `edges` are {name, address, public}. Asked from a second thread,
    because one that is off keeps whoever asks it waiting."""

    names: tuple[str, ...]
    edges: Sequence[Mapping[str, str]]
    ask: Asking
    clock: Clock
    heard: dict[str, ShownCertificate | None] = field(default_factory=dict)
    due_at: float = 0.0
    asking: Future[None] | None = None
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def look(self) -> None:
        """Begin to ask, if it is time; return at once."""
        now = self.clock.monotonic()
        if not self.names or now < self.due_at or (self.asking and not self.asking.done()):
            return
        self.due_at = now + EVERY_S
        self.asking = self.pool.submit(self._ask_all)

    def _ask_all(self) -> None:
        for edge in self.edges:
            with suppress(StandfastError):  # the log goes on saying what it said
                self.heard[edge["public"]] = shown(self.ask(edge), self.names, edge["public"])

    def certificates(self, said: Iterable[AnyPredicate]) -> tuple[ShownCertificate, ...]:
        """`said`: what the log says."""
        known = dict(self.heard)
        before = last(said, self.names)
        found = (
            known[edge["public"]] if edge["public"] in known else before.get(edge["public"])
            for edge in self.edges
        )
        return tuple(each for each in found if each is not None)


def shown(
    answer: Mapping[str, Any], names: tuple[str, ...], public: str
) -> ShownCertificate | None:
    found = own(str(answer.get("chain", "")).encode())
    return told(found[0], names, (public,)) if found else None


def last(said: Iterable[AnyPredicate], names: tuple[str, ...]) -> dict[str, ShownCertificate]:
    """By address, what the newest notice says of these names."""
    newest: tuple[ShownCertificate, ...] = ()
    for each in said:
        if isinstance(each, CertificatesNotice):
            newest = each.certificates
    return {
        each.addresses[0]: each
        for each in newest
        if each.names == names and len(each.addresses) == 1
    }
