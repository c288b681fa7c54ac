"""What runs behind the walls of a rehearsal: the site comes back, a customer signs in, and all of
it ends with this process, whose children cannot outlive it.

One JSON object a line on stdout: `{"tell": [who, what]}` meanwhile, and in the end
`{"ended": {...}}`, or `{"problem": words}`.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click

from standfast.cli.account import CANARY, enter_account
from standfast.cli.app import App, open_app
from standfast.cli.at_vantage import AtVantage
from standfast.cli.comeback import Comeback, Wanted
from standfast.cli.progress import Progress
from standfast.core.command import Runner, SystemRunner
from standfast.core.errors import CannotVerify, StandfastError
from standfast.mechanisms.hosts.local.names import inside
from standfast.mechanisms.keys.envelope import form
from standfast.mechanisms.keys.envelope.contents import Content
from standfast.mechanisms.recovery.lose_site.asked import Asked
from standfast.mechanisms.recovery.lose_site.rehearsed import mounts, still_there
from standfast.proofs.drills.customer import canary

RETURNING = "standfast.proofs.drills.returning"
SIGN_IN_LIMIT_S = 60.0


class Spoken(Progress):
    """Progress that another process shows."""

    def tell(self, who: str, what: str) -> None:
        with self.lock:
            print(json.dumps({"tell": [who, what]}), flush=True)

    def say(self, words: str = "") -> None:
        """What is told step by step is enough."""


@click.command(hidden=True)
def rehearse() -> int:
    """Bring a site back beside itself, as a drill asks for it on stdin."""
    asked = Asked.from_json(sys.stdin.buffer.read())
    try:
        ended = rehearsed(asked, SystemRunner())
    except StandfastError as error:
        print(json.dumps({"problem": error.problem}), flush=True)
        return error.exit_code
    print(json.dumps({"ended": ended}), flush=True)
    return 0


def rehearsed(asked: Asked, runner: Runner) -> Mapping[str, Any]:
    go_behind(asked, runner)
    app = replace(open_app(asked.file), rehearsed=True)
    sealed = form.read(asked.envelope.read_bytes(), str(asked.envelope))
    content = Content.from_json(sealed.opened(asked.passphrase))
    answer = Comeback(app=app, content=content, progress=Spoken()).carried_out(Wanted())
    enter_account(app, CANARY, asked.password)
    return {
        "answer": answer,
        "signed_in": signed_in(app, asked),
        "name": app.site.names[0],
        "gone": list(map(str, asked.gone)),
    }


def go_behind(asked: Asked, runner: Runner) -> None:
    """From here on nothing of the lost site can be opened, and that is seen to."""
    there = [each for each in asked.walls.named if each.exists()]
    for command in mounts(asked.walls, there):
        runner.run(command)
    left = still_there(asked.gone)
    if left:
        raise CannotVerify(f"{left[0]} is of the site that is taken for lost, and can be seen")


def signed_in(app: App, asked: Asked) -> Mapping[str, Any]:
    """Where customers are, by the name alone."""
    contract = app.site.service.canary.model_dump(mode="json", by_alias=True, exclude={"account"})
    question = {
        "name": app.site.names[0],
        "port": 443,
        "ca_file": str(asked.ca_file),
        "account": CANARY,
        "password": asked.password,
        "canary": dict(canary(contract)),
    }
    vantage = AtVantage(runner=app.runner, inside=inside(app.site.local_names.vantage))
    said = vantage.look(RETURNING, json.dumps(question).encode(), limit_s=SIGN_IN_LIMIT_S)
    answer: Mapping[str, Any] = json.loads(said)
    return answer
