"""Whether a machine answers at all: a connection to one of its ports, and no more.

A kernel accepts it, however busy the programs behind it are: a computer under load is not called
dead. Who has no program at that port refuses, which is no answer either.
"""

import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

TIMEOUT_S = 0.25
"""Longer than the way there and back between data centres of one continent."""


def answers(address: str, ports: Iterable[int], *, timeout_s: float = TIMEOUT_S) -> bool:
    """Whether any of them accepts. All are tried at once."""
    tried = tuple(ports)
    with ThreadPoolExecutor(len(tried)) as pool:
        return any(pool.map(lambda port: accepts(address, port, timeout_s), tried))


def accepts(address: str, port: int, timeout_s: float) -> bool:
    try:
        socket.create_connection((address, port), timeout=timeout_s).close()
    except OSError:
        return False
    return True
