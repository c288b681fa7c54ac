"""A second opinion on a drill: another client, written apart, that shares no code with the first.

    python3 second_client.py < orders

It saves and reads through the public address, in threads, a new connection for every request, so
that it knows nothing of kept connections; afterwards it asks the service which of its ids it has.
Nothing is sent twice. It imports the standard library alone and nothing of this project.

The orders, one JSON document per line:
1. `{"connect": [address, port], "name": who the certificate must name, "ca": path, "canary": the
   table `[service.canary]`, "account": …, "password": …, "every_s": pause of one thread,
   "threads": n, "seconds": at most}`
2. `"stop"`, or the end of the input: stop asking. A line `{"stopped": run}` answers.
3. `{"rows": [id, …]}`, what somebody saw in the database itself, or the end of the input.

The answer, on stdout: `{"run", "requests", "writes", "failed", "doubled", "missing", "silence_s",
"lost_s", "trouble"}`. `failed`: no answer, or not a 2xx. `doubled`: ids there more than once, by
either count. `missing`: acknowledged ids that one of the counts has not. `silence_s`: the longest
time between two acknowledged writes. `lost_s`: from the first acknowledged id that is missing to
the last one acknowledged before that silence; 0 if none is missing. `trouble`: the kinds of
failure, counted.
"""

import collections
import functools
import http.client
import itertools
import json
import socket
import ssl
import sys
import threading
import time
import urllib.parse
import uuid
from typing import Any

PATIENCE_S = 15
TRIES_TO_LIST = 20


class SecondClient:
    def __init__(self, orders: dict[str, Any]) -> None:
        self.orders = orders
        self.canary = orders["canary"]
        self.run = f"second-{uuid.uuid4()}"
        self.trust = ssl.create_default_context(cafile=orders["ca"])
        self.enough = threading.Event()
        self.lock = threading.Lock()
        self.acknowledged: dict[str, bool] = {}
        self.moments: list[float] = []
        self.moment_of: dict[str, float] = {}
        self.reads = 0
        self.trouble: collections.Counter[str] = collections.Counter()
        self.cookie = self.sign_in()

    def send(self, what: dict[str, Any], **values: str) -> tuple[int, bytes, str]:
        """Status, body, and cookies set. One connection, one request, one answer."""
        plain = socket.create_connection(tuple(self.orders["connect"]), timeout=PATIENCE_S)
        connection = http.client.HTTPSConnection(self.orders["name"], timeout=PATIENCE_S)
        try:
            connection.sock = self.trust.wrap_socket(plain, server_hostname=self.orders["name"])
            body = what.get("json")
            connection.request(
                what["method"],
                put_in(what["path"], values, as_path=True),
                body=None if body is None else put_in(json.dumps(body), values, as_path=False),
                headers=self.headers(with_body=body is not None),
            )
            answer = connection.getresponse()
            cookies = [line.split(";")[0] for line in answer.headers.get_all("Set-Cookie", [])]
            return answer.status, answer.read(), "; ".join(cookies)
        finally:
            connection.close()
            plain.close()

    def headers(self, *, with_body: bool) -> dict[str, str]:
        headers = {"Connection": "close"}
        if getattr(self, "cookie", ""):
            headers["Cookie"] = self.cookie
        if with_body:
            headers["Content-Type"] = "application/json"
        return headers

    def sign_in(self) -> str:
        secret = {"account": self.orders["account"], "password": self.orders["password"]}
        status, _, cookies = self.send(self.canary["sign_in"], **secret)
        if not 200 <= status < 300:
            sys.exit(f"second client: signing in was answered with {status}")
        return cookies

    def keep_on(self, until: float) -> None:
        """One after the other begins, whether or not those before have ended: a service that lets
        them wait must not hold up the next one, or its silence would look longer than it was."""
        turn, begun = 0, []
        while not self.enough.wait(self.orders["every_s"]) and time.monotonic() < until:
            turn += 1
            read = self.canary["read"][turn // 2 % len(self.canary["read"])]
            action = self.save if turn % 2 else functools.partial(self.look, read)
            begun.append(threading.Thread(target=action))
            begun[-1].start()
        for thread in begun:
            thread.join()

    def save(self) -> None:
        mine = str(uuid.uuid4())
        good = self.went_well(self.canary["write"], id=mine)
        with self.lock:
            self.acknowledged[mine] = good
            if good:
                self.moment_of[mine] = time.monotonic()
                self.moments.append(self.moment_of[mine])

    def look(self, at: dict[str, Any]) -> None:
        self.went_well(at)
        with self.lock:
            self.reads += 1

    def went_well(self, what: dict[str, Any], **values: str) -> bool:
        try:
            status = self.send(what, run=self.run, sentence=f"opinion {self.run}", **values)[0]
            wrong = "" if 200 <= status < 300 else str(status)
        except (OSError, http.client.HTTPException) as error:
            wrong = type(error).__name__
        if wrong:
            with self.lock:
                self.trouble[f"{what['method']} {what['path']}: {wrong}"] += 1
        return not wrong

    def listed(self) -> list[str]:
        """What the service says that it holds of this run. Asking again changes nothing."""
        find = self.canary["find"]
        for _ in range(TRIES_TO_LIST):
            try:
                status, body, _ = self.send(find, run=self.run)
                if status == 200:
                    entries = json.loads(body)[find.get("ids_at", "entries")]
                    return [str(entry[find.get("id_field", "id")]) for entry in entries]
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(1)
        sys.exit("second client: the service did not say what it holds")

    def verdict(self, counts: list[list[str]]) -> dict[str, Any]:
        times = [collections.Counter(each.lower() for each in ids) for ids in counts]
        missing = [
            key
            for key, good in self.acknowledged.items()
            if good and any(key not in each for each in times)
        ]
        gaps = itertools.pairwise(sorted(self.moments))
        last, first = max(gaps, key=lambda gap: gap[1] - gap[0], default=(0.0, 0.0))
        oldest = min((self.moment_of[each] for each in missing), default=last)
        return {
            "run": self.run,
            "requests": len(self.acknowledged) + self.reads,
            "writes": len(self.acknowledged),
            "failed": sum(self.trouble.values()),
            "doubled": len({key for each in times for key, count in each.items() if count > 1}),
            "missing": len(missing),
            "silence_s": first - last,
            "lost_s": max(0.0, last - oldest),
            "trouble": dict(self.trouble),
        }


def put_in(text: str, values: dict[str, str], *, as_path: bool) -> str:
    for key, value in values.items():
        safe = urllib.parse.quote(value, safe="") if as_path else json.dumps(value)[1:-1]
        text = text.replace("{" + key + "}", safe)
    return text


def main() -> None:
    orders = json.loads(sys.stdin.readline())
    client = SecondClient(orders)
    until = time.monotonic() + orders["seconds"]
    keeping_on = threading.Thread(target=client.keep_on, args=(until,))
    keeping_on.start()
    sys.stdin.readline()
    client.enough.set()
    keeping_on.join()
    print(json.dumps({"stopped": client.run}), flush=True)
    given = json.loads(sys.stdin.readline() or "{}")
    counts = [client.listed()]
    if "rows" in given:
        counts.append([str(each) for each in given["rows"]])
    print(json.dumps(client.verdict(counts)), flush=True)


if __name__ == "__main__":
    main()
