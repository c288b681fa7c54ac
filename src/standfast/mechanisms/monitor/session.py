"""This monitor's lease: what hangs on it is gone soon after the machine is."""

from dataclasses import dataclass

from standfast.core.clock import Clock
from standfast.mechanisms.monitor.store import Store

LEASE_S = 6
"""How long a writer that died keeps others from writing. Longer than a loaded computer lets a
process wait; a successor needs another second."""

RENEW_EVERY_S = LEASE_S / 3


@dataclass(slots=True, kw_only=True)
class Session:
    store: Store
    clock: Clock
    lease: int | None = None
    renewed: float = 0.0

    def renew(self) -> int:
        """The lease, alive; a new one if it had ended."""
        now = self.clock.monotonic()
        if self.lease is not None and now - self.renewed < RENEW_EVERY_S:
            return self.lease
        if self.lease is None or not self.store.keep_alive(self.lease):
            self.lease = None
            self.lease = self.store.grant(LEASE_S)
        self.renewed = now
        return self.lease

    def end(self) -> None:
        """Let others write at once."""
        lease, self.lease = self.lease, None
        if lease is not None:
            self.store.revoke(lease)
