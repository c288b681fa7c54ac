"""The postmaster and the Patroni of the machine itself, as its daemons meet them. Standard library
only: the guard runs with the distribution's own Python.
"""

import json
import ssl
from collections.abc import Mapping
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any


def postmaster(data: Path, *, proc: Path) -> int | None:
    """The process that runs on these data: the first line of its postmaster.pid is a living process
    of that name. None where there is none."""
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
        runs = (proc / str(pid) / "comm").read_text().startswith("postgres")
    except (OSError, ValueError, IndexError):
        return None
    return pid if runs else None


def patroni(
    host: str,
    port: int,
    method: str,
    path: str,
    *,
    tls: ssl.SSLContext,
    timeout_s: float,
    body: Mapping[str, Any] | None = None,
) -> tuple[int, bytes]:
    """Status and body of what its REST API answers. `OSError` or `HTTPException` where it does
    not."""
    asked = HTTPSConnection(host, port, timeout=timeout_s, context=tls)
    try:
        asked.request(method, path, json.dumps(body) if body is not None else None)
        answer = asked.getresponse()
        return answer.status, answer.read()
    finally:
        asked.close()
