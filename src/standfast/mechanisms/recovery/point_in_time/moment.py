"""The moment to which a person wants to go back, as it is typed. Pure."""

from datetime import UTC, datetime

from standfast.core.errors import ConfigError

LATEST = "latest"
HOW = (
    'Write it as `backup list` does, in UTC, as in "2026-11-29 14:05:00"; with another zone, as in '
    f"2026-11-29T15:05:00+01:00; or {LATEST}, for all that is kept."
)
SHORTEST = len("2026-11-29 14:05")


def parse(text: str, now: datetime) -> datetime | None:
    """None for the latest. Without a zone it is UTC; a day alone is no moment."""
    if text == LATEST:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or len(text.strip()) < SHORTEST:
        raise ConfigError(f"“{text}” is no moment", remedy=HOW)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if moment > now:
        raise ConfigError(
            f"{moment:%Y-%m-%d %H:%M:%S} UTC is not yet; it is {now:%Y-%m-%d %H:%M:%S} UTC",
            remedy=HOW,
        )
    return moment
