"""Positions in PostgreSQL's write-ahead log, as it writes them. Pure.

A position (`0/5000028`) is 64 bits in two halves; a segment's file has the timeline and the number
of the segment in its name (PostgreSQL's manual, 30.6, "WAL Internals").
"""

import re

SEGMENT = re.compile(r"[0-9A-F]{24}")


def position(text: str) -> int:
    high, low = text.split("/")
    return (int(high, 16) << 32) | int(low, 16)


def is_segment(name: str) -> bool:
    return SEGMENT.fullmatch(name) is not None


def covers(newest: str, wanted: str) -> bool:
    """Whether an archive whose newest segment is this one holds the wanted one. Names of one
    size of segment sort as the log goes on, over timelines too."""
    return newest >= wanted
