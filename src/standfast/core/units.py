"""Numbers and times as people read them."""

from datetime import UTC, datetime, timedelta

SIZES = ("bytes", "kB", "MB", "GB", "TB")


def size(count: float) -> str:
    """`1536000` reads `1.5 MB`."""
    for name in SIZES:
        if abs(count) < 1000 or name == SIZES[-1]:
            return f"{count:.0f} {name}" if name == "bytes" else f"{count:.1f} {name}"
        count /= 1000
    raise AssertionError("the last size ends the loop")


def duration(span: timedelta | float) -> str:
    """`timedelta(hours=26)` reads `26 h`, `0.25` reads `0.25 s`."""
    seconds = span.total_seconds() if isinstance(span, timedelta) else span
    for name, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as evidence and `--json` write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_stamp(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment
