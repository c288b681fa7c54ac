"""A customer at the site's public address: signs in, saves, and looks whether it is there.

Speaks the canary contract of the service, so a tour works with any service that has one.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from standfast.core.clock import Clock
from standfast.core.errors import Unreachable
from standfast.proofs.drills.answer import Answer, Garbled
from standfast.proofs.drills.connection import Target
from standfast.proofs.drills.mix import Contract, filled
from standfast.proofs.drills.visitor import Asking, Visitor

ANSWER_WITHIN_S = 5.0
"""A person who waits longer presses the button again, and so does this one."""

TRY_AGAIN_S = 0.25
GIVE_UP_S = 90.0
"""Three times what a database takes to come back when its machine has died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """`run` marks all that this customer saves, so that it can be found again."""

    target: Target
    clock: Clock
    canary: Mapping[str, Contract]
    account: str
    password: str = field(repr=False)
    run: str
    cookies: dict[str, str] = field(default_factory=dict)

    def sign_in(self) -> None:
        self._accepted("the sign-in", filled(self.canary["sign_in"], self._known()))

    def save(self, identifier: str, sentence: str) -> float:
        """Press the button until it is accepted, as a person would; the same id each time, so it
        is saved once. Return how long that took. Raises `Unreachable` when it never was."""
        known = self._known(id=identifier, sentence=sentence)
        asking = filled(self.canary["write"], known, key=identifier)
        began = self.clock.monotonic()
        while True:
            try:
                self._accepted("saving", asking)
            except Unreachable:
                if self.clock.monotonic() - began > GIVE_UP_S:
                    raise
                self.clock.sleep(TRY_AGAIN_S)
            else:
                return self.clock.monotonic() - began

    def count(self, identifier: str) -> int:
        """How often the service has what was saved under that id."""
        find = self.canary["find"]
        answer = self._accepted("the list", filled(find, self._known()))
        listed = json.loads(answer.body)[find["ids_at"]]
        return sum(str(each[find["id_field"]]) == identifier for each in listed)

    def _known(self, **more: str) -> Mapping[str, str]:
        return {"account": self.account, "password": self.password, "run": self.run, **more}

    def _accepted(self, what: str, asking: Asking) -> Answer:
        try:
            answer = asyncio.run(self._asked(asking))
        except (OSError, Garbled) as error:
            raise Unreachable(f"{what} was not answered: {type(error).__name__}") from error
        if not answer.accepted:
            raise Unreachable(f"{what} was answered with status {answer.status}")
        return answer

    async def _asked(self, asking: Asking) -> Answer:
        visitor = Visitor(target=self.target, cookies=self.cookies)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await visitor.ask(asking)
        finally:
            visitor.leave()


def canary(contract: Mapping[str, Any]) -> Mapping[str, Contract]:
    """The requests of `[service.canary]` by name."""
    return {name: contract[name] for name in ("sign_in", "write", "find")}
