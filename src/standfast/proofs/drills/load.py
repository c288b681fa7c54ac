"""The load of a drill: signed-in visitors who read and save, at a steady rate, whatever happens.

A process of its own, in the vantage: the plan as JSON on stdin (the password too, so it is in no
process list), events as JSON lines on stdout; `events.py` holds their shapes. The schedule is
open: a request is due when it is due, whether or not earlier ones were answered, and its time is
counted from then, so a stalled service cannot slow its own measurement down. No request is ever
repeated. Standard library only: it starts within a moment wherever there is a Python.

In this order: sign in, try every kind of request once, keep the schedule, wait for the last
answers, ask the service what it has stored.
"""

import asyncio
import json
import os
import ssl
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from standfast.core.errors import Unreachable
from standfast.proofs.drills.answer import Answer, Garbled
from standfast.proofs.drills.connection import Target
from standfast.proofs.drills.mix import Contract, Mix, Wanted, filled, place
from standfast.proofs.drills.visitor import Visitor

REQUEST_TIMEOUT_S = 20.0
"""Longer than a person waits. What is answered later has failed."""

IN_FLIGHT_LIMIT = 400
"""More at once would only be a queue on our side; what is due beyond it counts as failed."""

FIND_PAUSE_S = 2.0
"""Asking what is stored changes nothing, so it may be repeated until the site is well again."""

WAITING_S = 0.5
"""What was due in the last moment may be under way in a service that is well."""

SIGN_IN_LIMIT_S = 120.0
"""For all visitors together: password hashes are slow by intention."""

ROWS_PER_EVENT = 1000
"""A line of this length (some 100 kB) is read in one go at the other end."""

NO_ANSWER = (OSError, Garbled)
"""`TimeoutError` and `ssl.SSLError` are among the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `course.plan_of` makes. `pinned`: each visitor keeps to one address, so that what fails
    there is not made good elsewhere. `mended_s`: the schedule ends early once something has failed,
    and then nothing did for so long; 0 where it does not. The four before are the canary contract
    of the service."""

    addresses: Sequence[str]
    port: int
    host: str
    ca_file: str
    account: str
    password: str = field(repr=False)
    run: str
    ids: str
    rate_per_s: int
    duration_s: float
    sessions: int
    find_tries: int
    pinned: bool
    write_share: float
    sign_in: Contract
    read: Sequence[Contract]
    write: Contract
    find: Contract
    mended_s: float = 0.0

    @property
    def total(self) -> int:
        return round(self.rate_per_s * self.duration_s)

    def known(self) -> Mapping[str, str]:
        return {
            "account": self.account,
            "password": self.password,
            "run": self.run,
            "sentence": f"proof {self.run}",
        }

    def mix(self) -> Mix:
        return Mix(
            read=self.read,
            write=self.write,
            ids=self.ids,
            write_share=self.write_share,
            known=self.known(),
        )


@dataclass(slots=True, kw_only=True)
class Load:
    plan: Plan
    target: Target
    visitors: list[Visitor] = field(default_factory=list)
    rows: list[tuple[str, str, int, float, float, str]] = field(default_factory=list)
    asked: int = 0
    failed: int = 0
    began: float | None = None
    failed_at: float = 0.0
    returning: set[int] = field(default_factory=set)

    async def run(self) -> None:
        ticking = asyncio.create_task(self.tick())
        ticking.add_done_callback(ended_with(asyncio.current_task()))
        try:
            async with asyncio.timeout(SIGN_IN_LIMIT_S):
                await self.prepare()
            await self.keep_asking()
            self.report()
            stored, problem = await self.stored()
        finally:
            ticking.cancel()
        for start in range(0, len(self.rows), ROWS_PER_EVENT):
            tell({"rows": self.rows[start : start + ROWS_PER_EVENT]})
        tell({"stored": stored, "problem": problem, "asked": self.asked})

    async def prepare(self) -> None:
        for number in range(self.plan.sessions):
            self.visitors.append(await self.signed_in(placed(self.target, number, self.plan)))
        mix = self.plan.mix()
        for number in range(len(self.plan.read)):
            await self.tried(mix.reading(number))
        await self.tried(mix.saving(self.plan.total))

    async def signed_in(self, target: Target) -> Visitor:
        visitor = Visitor(target=target)
        asking = filled(self.plan.sign_in, self.plan.known())
        must_be_accepted("the sign-in", await in_time(visitor.ask(asking)))
        return visitor

    async def tried(self, wanted: Wanted) -> None:
        answer = await in_time(self.visitors[0].ask(wanted.asking))
        must_be_accepted(f"{wanted.asking.method} {wanted.asking.path}", answer)

    async def keep_asking(self) -> None:
        mix, loop = self.plan.mix(), asyncio.get_running_loop()
        began = self.began = loop.time()
        async with asyncio.TaskGroup() as tasks:
            for number in range(self.plan.total):
                due = began + number / self.plan.rate_per_s
                await asyncio.sleep(max(0.0, due - loop.time()))
                if self.is_mended(loop.time()):
                    return
                self.asked += 1
                tasks.create_task(self.one(mix.wanted(number), number, due))

    def is_mended(self, now: float) -> bool:
        """Few wait for an answer: what hangs has neither failed nor gone well yet."""
        waiting = self.asked - len(self.rows)
        return (
            self.plan.mended_s > 0
            and self.failed > 0
            and now - self.failed_at >= self.plan.mended_s
            and waiting <= self.plan.rate_per_s * WAITING_S
        )

    async def one(self, wanted: Wanted, number: int, due: float) -> None:
        status, error = 0, "too many at once"
        who = number % len(self.visitors)
        if self.asked - len(self.rows) <= IN_FLIGHT_LIMIT:
            status, error = await outcome(self.visitors[who], wanted)
        took = asyncio.get_running_loop().time() - due
        sent = number / self.plan.rate_per_s
        self.rows.append((wanted.kind, wanted.id, status, round(sent, 3), round(took, 4), error))
        if error:
            self.failed += 1
            self.failed_at = asyncio.get_running_loop().time()
        if self.plan.mended_s > 0 and is_signed_out(status):
            await self.sign_in_again(who)

    async def sign_in_again(self, who: int) -> None:
        """What came back may be from before the sign-in. As a person would: once at a time, and
        what was refused is not sent again."""
        if who in self.returning:
            return
        self.returning.add(who)
        with suppress(*NO_ANSWER):
            await in_time(self.visitors[who].ask(filled(self.plan.sign_in, self.plan.known())))
        self.returning.discard(who)

    async def stored(self) -> tuple[list[str] | None, str]:
        """Every id of this run that the service holds, one for each stored row."""
        problem = ""
        for _ in range(self.plan.find_tries):
            try:
                return await self.found(), ""
            except (*NO_ANSWER, Unreachable, LookupError, TypeError, ValueError) as error:
                problem = f"what is stored could not be listed: {words(error)}"
            await asyncio.sleep(FIND_PAUSE_S)
        return None, problem

    async def found(self) -> list[str]:
        visitor, find = await self.signed_in(self.target), self.plan.find
        answer = await in_time(visitor.ask(filled(find, self.plan.known())))
        visitor.leave()
        must_be_accepted("the list", answer)
        listed = json.loads(answer.body)[find["ids_at"]]
        return [str(each[find["id_field"]]) for each in listed]

    async def tick(self) -> None:
        """One line a second, from the first moment to the last: silence means that we hang."""
        while True:
            self.report()
            await asyncio.sleep(1.0)

    def report(self) -> None:
        now = asyncio.get_running_loop().time()
        at = 0.0 if self.began is None else now - self.began
        tell({"asked": self.asked, "failed": self.failed, "at_s": round(at, 3)})


def placed(target: Target, visitor: int, plan: Plan) -> Target:
    if not plan.pinned:
        return rotated(target, visitor)
    at = place(visitor, sessions=plan.sessions, places=len(target.addresses))
    return replace(target, addresses=(target.addresses[at],))


def rotated(target: Target, turns: int) -> Target:
    """Names of several addresses are answered in turns, so not everybody begins with the first."""
    at = turns % len(target.addresses)
    return replace(target, addresses=(*target.addresses[at:], *target.addresses[:at]))


def ended_with(task: "asyncio.Task[None] | None") -> Callable[["asyncio.Task[None]"], None]:
    """Nobody listens any more: a load without its drill is only a nuisance."""

    def end(ticking: "asyncio.Task[None]") -> None:
        if task is not None and not ticking.cancelled() and ticking.exception():
            task.cancel()

    return end


async def outcome(visitor: Visitor, wanted: Wanted) -> tuple[int, str]:
    """Status, and in a word what was wrong: empty when the request was accepted."""
    try:
        answer = await in_time(visitor.ask(wanted.asking))
    except NO_ANSWER as error:
        return 0, words(error)
    return answer.status, "" if answer.accepted else f"status {answer.status}"


async def in_time(answer: Awaitable[Answer]) -> Answer:
    async with asyncio.timeout(REQUEST_TIMEOUT_S):
        return await answer


def must_be_accepted(what: str, answer: Answer) -> None:
    if not answer.accepted:
        raise Unreachable(f"{what} was answered with status {answer.status}")


def is_signed_out(status: int) -> bool:
    """Refused, or sent to the page where one signs in (RFC 9110, section 15.5.2 to 15.5.4)."""
    return status in (401, 403) or 300 <= status < 400


def words(error: BaseException) -> str:
    """The kind of the error and no more of it: a message may repeat what was sent."""
    return str(error) if isinstance(error, Garbled | Unreachable) else type(error).__name__


def context(ca_file: str) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=ca_file)
    made.set_alpn_protocols(["http/1.1"])
    return made


def tell(event: Mapping[str, Any]) -> None:
    print(json.dumps(event, separators=(",", ":")), flush=True)


def main() -> int:
    try:
        plan = Plan(**json.load(sys.stdin))
        target = Target(
            addresses=plan.addresses,
            port=plan.port,
            host=plan.host,
            context=context(plan.ca_file),
        )
        asyncio.run(Load(plan=plan, target=target).run())
    except (BrokenPipeError, asyncio.CancelledError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (*NO_ANSWER, Unreachable, TypeError, ValueError) as error:
        tell({"cannot": words(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
