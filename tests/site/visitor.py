"""Somebody who uses the service while machines change, and what was answered."""

import ssl
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

from .conftest import Site

EVERY_S = 0.1

MOVING = "503, the database does not answer"
"""What the example says while the primary moves: please try again."""


class Visitor(threading.Thread):
    """Asks again and again, each time with the CA file that readers are given now.

    `with Visitor(site) as visitor:` asks for as long as the block lasts.
    """

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site
        self.seen: list[tuple[float, str]] = []
        self.wrong: list[str] = []
        self.ended = threading.Event()

    def __enter__(self) -> "Visitor":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()

    def run(self) -> None:
        while not self.ended.wait(EVERY_S):
            answer = self.asked()
            self.seen.append((time.monotonic(), answer))
            if answer != "200":
                self.wrong.append(f"{datetime.now(UTC):%H:%M:%S.%f} {answer}")

    def asked(self) -> str:
        try:
            context = ssl.create_default_context(cafile=str(self.site.home / "ca.pem"))
            url = f"https://127.0.0.1:{self.site.port}/health"
            with urllib.request.urlopen(url, context=context, timeout=5) as answer:
                return str(answer.status)
        except urllib.error.HTTPError as error:
            return f"{error.code}, {error.read().decode().strip()}"
        except OSError as error:
            return repr(error)

    @property
    def answers(self) -> Counter[str]:
        return Counter(answer for _, answer in self.seen)

    def longest_without_s(self) -> float:
        """Seconds between two good answers with none between them."""
        good = [at for at, answer in self.seen if answer == "200"]
        return max((after - before for before, after in pairwise(good)), default=float("inf"))
