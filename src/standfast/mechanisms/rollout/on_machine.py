"""What runs on a machine during a rollout. Standard library only; one command, one JSON answer.

python3 -m standfast.mechanisms.rollout.on_machine inspect NAME…   keys (made here) and facts
python3 -m standfast.mechanisms.rollout.on_machine apply UNIT…     the bundle on stdin; these units
                                                                   waited, and it is their turn
python3 -m standfast.mechanisms.rollout.on_machine restart UNIT    whose turn it is
"""

import json
import re
import sys
from pathlib import Path

from standfast.core.command import SystemRunner
from standfast.core.errors import StandfastError
from standfast.mechanisms.hosts import apply
from standfast.mechanisms.hosts.bundle import Bundle, User
from standfast.mechanisms.hosts.names import SERVICE_HOME, SERVICE_USER
from standfast.mechanisms.keys import identity
from standfast.mechanisms.keys import on_machine as operators


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


def main() -> int:
    verb, *words = sys.argv[1:]
    try:
        if verb == "inspect":
            print(json.dumps(inspect(words)))
        elif verb == "restart":
            print(apply.restart_in_turn(words[0], SystemRunner()).to_json())
        else:
            wanted = Bundle.from_json(sys.stdin.buffer.read())
            report = apply.apply(wanted, SystemRunner(), turn=tuple(words))
            print(report.to_json())
    except StandfastError as error:
        print(f"{error.problem}\n{error.remedy}".strip(), file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
