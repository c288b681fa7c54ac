"""Time as people write it, and back. `90` minutes read `1:30`. Pure."""

import re
from decimal import Decimal

CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")
DECIMAL = re.compile(r"(\d{0,2}(?:[.,]\d{1,2})?)\s*h?")
MINUTES = re.compile(r"(\d{1,4})\s*m(?:in)?")
BOTH = re.compile(r"(\d{1,2})\s*h\s*([0-5]?\d)\s*(?:m|min)?")
TEXT_LENGTH = 20


def parse(text: str) -> int:
    """Minutes of `1:30`, `1.5`, `1,5`, `.5h`, `90m` or `1h 30m`; a bare number is hours."""
    text = text.strip().lower()
    if text and len(text) <= TEXT_LENGTH and text.isascii():
        if found := CLOCK.fullmatch(text) or BOTH.fullmatch(text):
            return int(found[1]) * 60 + int(found[2])
        if (found := DECIMAL.fullmatch(text)) and found[1]:
            return round(Decimal(found[1].replace(",", ".")) * 60)
        if found := MINUTES.fullmatch(text):
            return int(found[1])
    raise ValueError(f"{text[:TEXT_LENGTH]!r} is not a time")


def written(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"
