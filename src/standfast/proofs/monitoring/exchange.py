"""What one monitor tells another when it is asked: how long a machine has been silent.

`GET /silence/db-1` → `{"silent_s": 1.4}`, or null. Mutual TLS says who asks and who answers. Each
answer is to a question of now, about attempts of the last second (`silence.py`).
"""

import http.client
import json
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

PATH = "/silence/"
TIMEOUT_S = 0.6
REQUEST_TIMEOUT_S = 5
ANSWER_LIMIT_BYTES = 256

Silent = Callable[[str], float | None]


def ask(
    others: Mapping[str, str], machine: str, *, port: int, context: ssl.SSLContext, enough: int
) -> dict[str, float]:
    """`others`: monitors, name to address. Those that say that it is silent, and for how long. Once
    `enough` of them do, nobody waits for the rest: one may have died with the machine."""

    def one(address: str) -> float | None:
        connection = http.client.HTTPSConnection(address, port, timeout=TIMEOUT_S, context=context)
        try:
            connection.request("GET", f"{PATH}{machine}")
            said = connection.getresponse().read(ANSWER_LIMIT_BYTES)
            found = json.loads(said)["silent_s"]
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            return None
        finally:
            connection.close()
        return float(found) if isinstance(found, int | float) else None

    if not others:
        return {}
    pool = ThreadPoolExecutor(len(others))
    asked = {pool.submit(one, address): name for name, address in others.items()}
    told: dict[str, float] = {}
    with suppress(TimeoutError):
        for each in as_completed(asked, timeout=TIMEOUT_S):
            silent = each.result()
            if silent is not None:
                told[asked[each]] = silent
            if len(told) >= enough:
                break
    pool.shutdown(wait=False)  # one that drips must not hold up the others
    return told


class Handler(BaseHTTPRequestHandler):
    """`peer` reads a name from a connection's certificate; `may_ask` are the other monitors."""

    timeout = REQUEST_TIMEOUT_S

    def __init__(
        self,
        *words: Any,
        peer: Callable[[Any], str],
        may_ask: frozenset[str],
        silent: Silent,
    ) -> None:
        self.peer, self.may_ask, self.silent = peer, may_ask, silent
        super().__init__(*words)

    def do_GET(self) -> None:
        if self.peer(self.connection) not in self.may_ask:
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        if not self.path.startswith(PATH):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        silent = self.silent(self.path.removeprefix(PATH))
        body = json.dumps({"silent_s": silent}).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Nothing is worth a line here."""
