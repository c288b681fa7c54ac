"""A customer who knows nothing of the site but its name, an account, and whom its certificates are
signed by: finds it, and signs in.

    python3 -m standfast.proofs.drills.returning

Asked by JSON on stdin: `name`, `port`, `ca_file`, `account`, `password`, `canary` (requests of the
service's contract). Prints JSON: `addresses`, to which the name led, and `at`, when it was in.
"""

import json
import socket
import sys

from standfast.core.clock import SystemClock
from standfast.core.errors import StandfastError, Unreachable
from standfast.core.units import stamp
from standfast.proofs.drills.connection import Target
from standfast.proofs.drills.customer import Customer
from standfast.proofs.drills.load import context


def addresses(name: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(f"{name} leads nowhere: {error.strerror}") from error
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def main() -> int:
    asked, clock = json.load(sys.stdin), SystemClock()
    try:
        found = addresses(asked["name"])
        Customer(
            target=Target(
                addresses=found,
                port=asked["port"],
                host=asked["name"],
                context=context(asked["ca_file"]),
            ),
            clock=clock,
            canary=asked["canary"],
            account=asked["account"],
            password=asked["password"],
            run="returning",
        ).sign_in()
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code
    print(json.dumps({"addresses": found, "at": stamp(clock.now())}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
