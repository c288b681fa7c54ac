"""Histories made by hand: a write every 100 ms, and whatever a test adds or leaves out."""

import json
from typing import Any

HEADER = {"format": "standfast-history/1", "site": "test", "seed": 1, "settings": "fast"}
EVERY_S = 0.1


class Tale:
    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = [HEADER, {"type": "load", "t": 0.0, "wall": 1.0}]
        self.ids = 0
        self.missing: set[int] = set()

    def say(self, type_: str, **values: Any) -> "Tale":
        self.lines.append({"type": type_, **values})
        return self

    def write(
        self,
        since: float,
        until: float | None,
        outcome: str = "ok",
        *,
        via: str = "listener",
        server: str = "a",
        timeline: int = 1,
        stored: bool | None = None,
    ) -> int:
        """Its id. `stored`: whether reads find it; what was acknowledged is there, else."""
        self.ids += 1
        self.say("invoke", id=self.ids, client=0, via=via, t=since)
        if until is not None:
            said = {"server": server, "timeline": timeline} if outcome == "ok" else {"why": "…"}
            self.say(outcome, id=self.ids, t=until, **said)
        there = outcome == "ok" and until is not None if stored is None else stored
        if not there:
            self.missing.add(self.ids)
        return self.ids

    def writes(self, since: float, until: float, *, server: str = "a", timeline: int = 1) -> "Tale":
        for turn in range(round((until - since) / EVERY_S)):
            t = round(since + turn * EVERY_S, 6)
            self.write(t, round(t + 0.01, 6), server=server, timeline=timeline)
        return self

    def read(self, t: float, *, low: int = 1, timeline: int = 1, name: str = "r") -> "Tale":
        present = [[id_, id_] for id_ in range(low, self.ids + 1) if id_ not in self.missing]
        asked = [[low, self.ids]]
        return self.say(
            "read", id=name, since=t, t=t + 0.1, asked=asked, present=present, timeline=timeline
        )

    def fault(self, id_: int, t: float, kind: str = "power-cut", machine: str = "db-1") -> "Tale":
        return self.say("fault", id=id_, kind=kind, machine=machine, t=t)

    def mended(self, id_: int, t: float) -> "Tale":
        return self.say("mended", id=id_, t=t)

    def copies(self, count: int, t: float) -> "Tale":
        return self.say("copies", count=count, t=t)

    def text(self) -> str:
        return "".join(json.dumps(line) + "\n" for line in self.lines)


def failover() -> Tale:
    """Writes until 10 s, power cut of the primary, two seconds of silence, mended at 15 s, two
    copies at 18 s. The rows are not looked up yet."""
    tale = Tale().copies(2, 0.0).writes(0, 10).fault(1, 9.95).copies(1, 10.5)
    tale.writes(12, 20, server="b", timeline=2)
    return tale.mended(1, 15.0).copies(2, 18.0)
