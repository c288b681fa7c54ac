"""The history as it is written: the load's lines and the campaign's own, in one file.

docs/failover-history.md says what each line means.
"""

import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from campaign.site import ROOT, Site

COPIES_EVERY_S = 0.3
READ_WITHIN_S = 90.0
END_WITHIN_S = 120.0
LOAD = ROOT / "bench" / "campaign" / "load.py"


class History:
    def __init__(self, path: Path, **header: Any) -> None:
        self.path = path
        self.file = path.open("x", encoding="utf-8")
        self.lock = threading.Lock()
        self.line({"format": "standfast-history/1", **header})

    def line(self, document: dict[str, Any]) -> None:
        self.raw(json.dumps(document, separators=(",", ":")) + "\n")

    def raw(self, text: str) -> None:
        with self.lock:
            if not self.file.closed:
                self.file.write(text)

    def say(self, type_: str, **values: Any) -> None:
        self.line({"type": type_, "t": round(time.monotonic(), 6), **values})

    def close(self) -> None:
        with self.lock:
            self.file.close()


class Load:
    """`load.py` on a web machine, over the operator's own way in."""

    def __init__(self, site: Site, history: History, *, rate: float) -> None:
        text = LOAD.read_text()
        direct = (
            word
            for each in site.having("database")
            for word in ("--direct", f"{each.name}={each.address}")
        )
        start = (
            'cd /; exec "$(ls -d /opt/standfast/venv-*/bin/python | head -n 1)" '
            f"-c 'import sys; exec(sys.stdin.read({len(text)}))' \"$@\""
        )
        self.process = subprocess.Popen(
            [
                *(str(ROOT / "bin" / "standfast"), "--file", str(site.file), "run"),
                *("--machine", "web-1", "--", "sh", "-c", start, "load"),
                *("--rate", f"{rate:g}", *direct),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.history = history
        self.seen: dict[str, dict[str, Any]] = {}
        self.changed = threading.Condition()
        self.acknowledged = 0
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()
        threading.Thread(target=self.copy, daemon=True).start()

    def copy(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.history.raw(line)
            if '"type":"ok"' in line[:14]:
                self.acknowledged += 1
                continue
            if '"type":"read"' in line[:16] or '"type":"end"' in line[:15]:
                said = json.loads(line)
                with self.changed:
                    self.seen[str(said.get("id", "end"))] = said
                    self.changed.notify_all()

    def order(self, **words: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def read(self, name: str) -> bool:
        """Whether what is stored could be looked up."""
        self.order(read=name)
        return self.wait(name, READ_WITHIN_S)

    def wait(self, name: str, within_s: float) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: name in self.seen, within_s)

    def end(self) -> None:
        self.order(stop=True)
        self.wait("end", END_WITHIN_S)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Copies:
    """Looks all the time whether there are two, and says each change."""

    def __init__(self, site: Site, history: History) -> None:
        self.site, self.history = site, history
        self.count = 0
        self.since = time.monotonic()
        self.looked = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self) -> None:
        while not self.over.wait(COPIES_EVERY_S):
            count = 1 if self.site.pair() is None else 2
            if count != self.count:
                self.count, self.since = count, time.monotonic()
                self.history.say("copies", count=count)
            self.looked += 1

    def wait(self, within_s: float, *, settled_s: float) -> bool:
        """Two, as looked at twice after now, and for `settled_s`; the last word on it is said."""
        end, looks = time.monotonic() + within_s, self.looked + 2
        while time.monotonic() < end:
            steady = time.monotonic() - self.since >= settled_s
            if self.looked >= looks and self.count == 2 and steady:
                self.history.say("copies", count=2)
                return True
            time.sleep(0.1)
        return False

    def end(self) -> None:
        self.over.set()
        self.thread.join()
