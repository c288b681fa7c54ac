"""What runs on a machine during a rollout. Standard library only; one command, one JSON answer.

python3 -m standfast.mechanisms.rollout.on_machine VERB, where VERB is
    inspect NAME…             keys (made here) and facts
    inventory PORT…           what is there of the bundle on stdin; touches nothing
    adopt DAY PORT…           keep aside what the bundle on stdin replaces
    apply SECONDS UNIT…       the bundle on stdin; an unconfirmed firewall reverts after SECONDS;
                              these units waited, and it is their turn
    place                     of the bundle on stdin all that starts nothing
    confirm                   the firewall that `apply` has loaded
    restart UNIT              whose turn it is
    withdraw                  take away what was installed
"""

import errno
import fcntl
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from standfast.core.command import SystemRunner
from standfast.core.errors import StandfastError
from standfast.mechanisms.hosts import adopt, apply, foreign, withdraw
from standfast.mechanisms.hosts.bundle import Bundle, User
from standfast.mechanisms.hosts.firewall import guard
from standfast.mechanisms.hosts.inventory import inventory
from standfast.mechanisms.hosts.names import SERVICE_HOME, SERVICE_USER
from standfast.mechanisms.keys import identity
from standfast.mechanisms.keys import on_machine as operators

LOCK = Path("/run/standfast-apply.lock")


def inspect(names: list[str]) -> dict[str, object]:
    runner = SystemRunner()
    if "service" in names:  # its group reads the key
        service = User(name=SERVICE_USER, home=SERVICE_HOME)
        apply.make_users((service,), runner, apply.Report())
    made = identity.ensure(names, runner)
    return {
        **made,
        "debian": debian(Path("/etc/os-release").read_text()),
        "mark": operators.mark(),
        "looked_in": operators.looked_in(runner),
    }


def debian(release: str) -> int:
    """`VERSION_ID="12"` of os-release(5); 0 where it is not Debian."""
    found = re.search(r'^VERSION_ID="?(\d+)', release, re.MULTILINE)
    return int(found[1]) if found and re.search(r"^ID=debian$", release, re.MULTILINE) else 0


def inventory_here(words: list[str]) -> str:
    return json.dumps(inventory(given(), tuple(map(int, words)), SystemRunner()))


def adopt_here(words: list[str]) -> str:
    day, *ports = words
    bundle, runner = given(), SystemRunner()
    found = foreign.find(bundle, apply.noted(apply.INSTALLED), tuple(map(int, ports)), runner)
    return json.dumps(adopt.adopt(list(found), day, runner))


def apply_here(words: list[str]) -> str:
    seconds, *turn = words
    bundle = given()
    with alone():
        report = apply.apply(
            bundle, SystemRunner(), turn=tuple(turn), revert_after_s=float(seconds)
        )
    return report.to_json()


def place_here(_: list[str]) -> str:
    bundle = given()
    with alone():
        return apply.place(bundle, SystemRunner()).to_json()


def confirm_here(_: list[str]) -> str:
    guard.confirm(guard.Places(), SystemRunner())
    return "{}"


def withdraw_here(_: list[str]) -> str:
    with alone():
        return withdraw.withdraw(SystemRunner()).to_json()


VERBS: Mapping[str, Callable[[list[str]], str]] = MappingProxyType(
    {
        "inspect": lambda words: json.dumps(inspect(words)),
        "inventory": inventory_here,
        "adopt": adopt_here,
        "apply": apply_here,
        "place": place_here,
        "confirm": confirm_here,
        "restart": lambda words: apply.restart_in_turn(words[0], SystemRunner()).to_json(),
        "withdraw": withdraw_here,
    }
)


def given() -> Bundle:
    return Bundle.from_json(sys.stdin.buffer.read())


@contextmanager
def alone() -> Iterator[None]:
    """One changes a machine at a time; the kernel lets go when the process is gone."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    verb, *words = sys.argv[1:]
    try:
        print(VERBS[verb](words))
    except StandfastError as error:
        print(f"{error.problem}\n{error.remedy}".strip(), file=sys.stderr)
        return error.exit_code
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"no space is left on this machine's disk: {error.filename}", file=sys.stderr)
        return StandfastError.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
