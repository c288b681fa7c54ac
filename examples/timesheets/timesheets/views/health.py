"""May this machine be given requests? Only if it reaches the database, and answers at once."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from threading import Lock

from django.db import Error, close_old_connections, connection
from django.http import HttpResponse

PATH = "/health"
PATIENCE_S = 1.0
"""Shorter than a proxy waits for a check, so that the answer is 503 and not silence."""


def ask() -> bool:
    close_old_connections()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except Error:
        return False
    finally:
        close_old_connections()


class Probe:
    """Asks in a thread of its own, one question at a time, and waits for no longer than patience.

    A database host that is frozen answers neither yes nor no: the question then stays open and
    every check in the meantime is told no, without taking another thread.
    """

    def __init__(self, ask: Callable[[], bool], *, patience_s: float) -> None:
        self._ask = ask
        self._patience_s = patience_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="health")
        self._lock = Lock()
        self._open: Future[bool] | None = None

    def answers(self) -> bool:
        with self._lock:
            if self._open is None or self._open.done():
                self._open = self._thread.submit(self._ask)
            question = self._open
        try:
            return question.result(timeout=self._patience_s)
        except TooSlow:
            return False


class HealthMiddleware:
    """Before all others: a check carries no cookie and whatever host name its sender likes."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.probe = Probe(ask, patience_s=PATIENCE_S)

    def __call__(self, request):
        if request.path != PATH:
            return self.get_response(request)
        well = self.probe.answers()
        return HttpResponse(
            "ok\n" if well else "the database does not answer\n",
            status=200 if well else 503,
            content_type="text/plain; charset=utf-8",
            headers={"Cache-Control": "no-store"},
        )
