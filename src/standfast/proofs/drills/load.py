"""The load of a drill: signed-in visitors who read and save, at a steady rate, whatever happens.

A process of its own, in the vantage: the plan as JSON on stdin (the password too, so it is in no
process list), events as JSON lines on stdout. The schedule is open: a request is due when it is
due, whether or not earlier ones were answered, and its time is counted from then; a stalled
service cannot slow its own measurement down. Standard library only.

Events: `{"signed_in": n}` · `{"asked": n, "failed": n}` each second · at the end `{"requests":
[[kind, id, status, sent_s, took_s], …], "stored": [id, …]}`, status 0 where there was no answer.
"""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from standfast.proofs.drills.http import Client, Target

REQUEST_TIMEOUT_S = 20.0
IN_FLIGHT_LIMIT = 400
"""More at once is no answer at all, only a queue on our side; the rest counts as failed."""


@dataclass(slots=True, kw_only=True)
class Load:
    plan: Mapping[str, Any]
    clients: "asyncio.Queue[Client]" = field(default_factory=asyncio.Queue)
    requests: list[tuple[str, str, int, float, float]] = field(default_factory=list)
    in_flight: int = 0

    async def run(self) -> None:
        for _ in range(self.plan["sessions"]):
            self.clients.put_nowait(await self.sign_in())
        tell({"signed_in": self.plan["sessions"]})
        begin = time.monotonic()
        await self.keep_asking(begin)
        stored = await self.find()
        tell({"requests": self.requests, "stored": stored})

    async def keep_asking(self, begin: float) -> None:
        rate, total = self.plan["rate_per_s"], self.plan["rate_per_s"] * self.plan["duration_s"]
        tasks: set[asyncio.Task[None]] = set()
        for number in range(int(total)):
            due = begin + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            task = asyncio.create_task(self.one(number, due, begin))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            if number % rate == rate - 1:
                self.report()
        await asyncio.gather(*tasks)
        self.report()

    def report(self) -> None:
        failed = sum(1 for each in self.requests if not succeeded(each[2]))
        tell({"asked": len(self.requests), "failed": failed})

    async def one(self, number: int, due: float, begin: float) -> None:
        kind, identity, request = self.choose(number)
        status = 0
        if self.in_flight < IN_FLIGHT_LIMIT:
            self.in_flight += 1
            status = await self.asked(request)
            self.in_flight -= 1
        self.requests.append((kind, identity, status, due - begin, time.monotonic() - due))

    async def asked(self, request: Mapping[str, Any]) -> int:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                client = await self.clients.get()
                try:
                    answer = await client.ask(
                        request["method"], request["path"], request.get("json")
                    )
                finally:
                    self.clients.put_nowait(client)
                return answer.status
        except (OSError, asyncio.IncompleteReadError, ValueError, IndexError):
            return 0

    def choose(self, number: int) -> tuple[str, str, Mapping[str, Any]]:
        """Writes are spread evenly through the schedule; each carries an id of its own."""
        share = self.plan["write_share"]
        if int((number + 1) * share) > int(number * share):
            identity = self.plan["ids"].format(number=number)
            return "write", identity, self.filled(self.plan["write"], id=identity)
        reads = self.plan["read"]
        return "read", "", self.filled(reads[number % len(reads)])

    async def sign_in(self) -> Client:
        target = Target(
            address=self.plan["address"],
            port=self.plan["port"],
            host=self.plan["host"],
            context=context(self.plan["ca_file"]),
        )
        client = Client(target=target)
        request = self.filled(self.plan["sign_in"])
        answer = await client.ask(request["method"], request["path"], request.get("json"))
        if not succeeded(answer.status):
            raise SystemExit(f"the sign-in was answered with status {answer.status}")
        return client

    async def find(self) -> list[str]:
        client = await self.sign_in()
        request = self.filled(self.plan["find"])
        answer = await client.ask(request["method"], request["path"])
        document = json.loads(answer.body)
        field_name = self.plan["find"]["id_field"]
        return [str(each[field_name]) for each in document[self.plan["find"]["ids_at"]]]

    def filled(self, request: Mapping[str, Any], **more: str) -> Mapping[str, Any]:
        known = {
            "account": self.plan["account"],
            "password": self.plan["password"],
            "run": self.plan["run"],
            "sentence": f"proof {self.plan['run']}",
            **more,
        }
        filled: Mapping[str, Any] = fill(request, known)
        return filled


def fill(value: Any, known: Mapping[str, str]) -> Any:
    """Put `{name}`s into every string of a request."""
    if isinstance(value, str):
        for name, text in known.items():
            value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, dict):
        return {key: fill(each, known) for key, each in value.items()}
    return value


def succeeded(status: int) -> bool:
    return 200 <= status < 400


def context(ca_file: str) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=ca_file)
    made.set_alpn_protocols(["http/1.1"])
    return made


def tell(event: Mapping[str, Any]) -> None:
    print(json.dumps(event), flush=True)


if __name__ == "__main__":
    asyncio.run(Load(plan=json.load(sys.stdin)).run())
