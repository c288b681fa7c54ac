"""One request and one answer per connection: a line of JSON there, a line of JSON back.

→ {"verb": "plant", "with": {"fault": "blind-edge", "lease_s": 60}}
← {"answer": {…}}    or    {"problem": "what is wrong", "remedy": "what to try"}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from standfast.core.clock import Clock
from standfast.core.errors import Refused, Unreachable

REQUEST_LIMIT = 4096
"""Bytes. The longest request there is names a fault and a number."""

ANSWER_LIMIT = 65536
"""Bytes. The longest answer names the units of one machine: some kilobytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    verb: str
    values: Mapping[str, Any]


class Stream(Protocol):
    def settimeout(self, value: float | None, /) -> None: ...

    def recv(self, size: int, /) -> bytes: ...


def read_line(stream: Stream, *, limit: int, patience_s: float, clock: Clock) -> bytes:
    """What comes up to the end of the line, or until `limit` bytes, or until nothing more comes:
    what is no whole line is found by whoever parses it. Late as a whole is a `TimeoutError`,
    however steadily it drips."""
    end = clock.monotonic() + patience_s
    line = b""
    while not line.endswith(b"\n") and len(line) < limit:
        left_s = end - clock.monotonic()
        if left_s <= 0:
            raise TimeoutError(f"no whole line within {patience_s:g} s")
        stream.settimeout(left_s)
        piece = stream.recv(limit - len(line))
        if not piece:
            break
        line += piece
    return line


def format_request(verb: str, values: Mapping[str, Any]) -> bytes:
    return line_of({"verb": verb, "with": dict(values)})


def parse_request(line: bytes) -> Request:
    document = parse(line)
    match document:
        case {"verb": str(verb), "with": dict(values)} if len(document) == 2:
            return Request(verb=verb, values=values)
    raise Refused(
        f"this is no request: not one line of JSON of at most {REQUEST_LIMIT} bytes with a verb",
        remedy='Send {"verb": …, "with": {…}} and the end of the line.',
    )


def format_answer(answer: Mapping[str, Any]) -> bytes:
    return line_of({"answer": dict(answer)})


def format_problem(problem: str, remedy: str) -> bytes:
    return line_of({"problem": problem, "remedy": remedy})


def parse_reply(line: bytes, machine: str) -> dict[str, Any]:
    """The answer. A refusal of the machine's is `Refused` here too, in its own words."""
    match parse(line):
        case {"answer": dict(answer)}:
            return answer
        case {"problem": str(problem), "remedy": str(remedy)}:
            raise Refused(f"{machine}: {problem}", remedy=remedy)
    raise Unreachable(
        f"the agent of {machine} broke off before its answer was whole",
        remedy=f"standfast logs {machine} --unit standfast-agent.service",
    )


def parse(line: bytes) -> Any:
    """What a whole line says; None for anything else."""
    if not line.endswith(b"\n"):
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def line_of(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document).encode() + b"\n"
