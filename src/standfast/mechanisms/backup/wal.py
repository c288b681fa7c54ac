"""Positions in PostgreSQL's write-ahead log, as it writes them. Pure.

A position (`0/5000028`) is 64 bits in two halves; a segment's file has the timeline and the number
of the segment in its name (PostgreSQL's manual, 30.6, "WAL Internals"). Segments have 16 MiB, as
PostgreSQL makes them if nobody asks for others, and nobody does here.
"""

import re

SEGMENT = re.compile(r"[0-9A-F]{24}")
SEGMENT_BYTES = 16 * 1024 * 1024
IN_A_FILE = 2**32 // SEGMENT_BYTES
"""How many segments share the middle third of a name."""


def position(text: str) -> int:
    high, low = text.split("/")
    return (int(high, 16) << 32) | int(low, 16)


def is_segment(name: str) -> bool:
    return SEGMENT.fullmatch(name) is not None


def covers(newest: str, wanted: str) -> bool:
    """Whether an archive whose newest segment is this one holds the wanted one. Names of one
    size of segment sort as the log goes on, over timelines too."""
    return newest >= wanted


def timeline(segment: str) -> int:
    return int(segment[:8], 16)


def number(segment: str) -> int:
    """Of the segment in the log, over all timelines."""
    return int(segment[8:16], 16) * IN_A_FILE + int(segment[16:], 16)


def begin(number: int) -> str:
    """The position at which that segment begins."""
    at = number * SEGMENT_BYTES
    return f"{at >> 32:X}/{at & 0xFFFFFFFF:X}"


def name(timeline: int, number: int) -> str:
    return f"{timeline:08X}{number // IN_A_FILE:08X}{number % IN_A_FILE:08X}"
