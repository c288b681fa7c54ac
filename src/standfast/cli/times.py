"""Moments as people type them."""

from datetime import UTC, datetime

from standfast.core.errors import ConfigError


def typed(option: str, text: str) -> datetime:
    """A day or a moment; without an offset it is UTC. Raises `ConfigError`, naming the option."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{option}: {text} is no time", remedy="Write it as 2026-12-01T06:00."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
