"""Which key may say what, as the log itself has laid down so far.

The log's key speaks for the log: slots and notices. Keys that a notice has enrolled speak for what
their machines measured: proofs, calibrations and how available the service was. Neither can do the
work of the other, so who keeps the log cannot invent a measurement, and who measures cannot move a
slot. A notice that is text alone, such as the operator's word about drills, may come from either.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from standfast.core.errors import CannotVerify
from standfast.evidence.envelope import Opened, opened
from standfast.evidence.note import Verifier, parse_vkey
from standfast.evidence.statement import EnrolledNotice, Kind, Statement, TextNotice

OF_THE_LOG = frozenset({Kind.SLOT, Kind.NOTICE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    log: Verifier
    enrolled: Mapping[str, Verifier] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[Verifier, ...]:
        return (self.log, *self.enrolled.values())

    def admit(self, leaf: bytes) -> Opened:
        """Open a leaf that is next in the log. Raises `CannotVerify` when it may not be there.

        The writer asks this before it appends, because a bad leaf would be there for ever.
        """
        return self.admitted(opened(leaf, self.keys))

    def admitted(self, found: Opened) -> Opened:
        """What one of `keys` has signed. Raises `CannotVerify` when it was not for that key to
        sign."""
        if isinstance(found.statement.predicate, TextNotice):
            return found
        by_log = found.signer is self.log
        if by_log is not (found.statement.kind in OF_THE_LOG):
            raise CannotVerify(f"{found.signer.name} may not sign a {found.statement.kind}")
        return found

    def after(self, statement: Statement) -> "Keyring":
        """The keys that count for the entry after this one."""
        if not isinstance(statement.predicate, EnrolledNotice):
            return self
        new = {each.name: parse_vkey(each.key) for each in statement.predicate.signers}
        return Keyring(log=self.log, enrolled={**self.enrolled, **new})
