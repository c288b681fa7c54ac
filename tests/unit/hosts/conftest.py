"""Certificates from the site's own authority, and a real agent that answers on a socket."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from standfast.core.clock import SystemClock
from standfast.core.errors import Refused
from standfast.daemons.agent import Agent
from standfast.mechanisms.hosts.agent.permission import AgentSettings
from standfast.mechanisms.hosts.agent.verbs import Verb
from standfast.mechanisms.hosts.tls import Identity, server_context
from standfast.mechanisms.keys.authority import (
    Authority,
    Subject,
    common_name,
    make,
    private_pem,
)

NOW = datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Issues identities, each in a folder of its own."""

    folder: Path
    authority: Authority

    @classmethod
    def open(cls, folder: Path) -> "Office":
        folder.mkdir()
        return cls(folder=folder, authority=make("test", NOW))

    def identity(self, name: str) -> Identity:
        made = Identity.in_folder(self.folder / name)
        if made.cert.exists():
            return made
        made.cert.parent.mkdir()
        key = ec.generate_private_key(ec.SECP256R1())
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(common_name("what a machine calls itself"))
            .sign(key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )
        made.key.write_bytes(private_pem(key))
        made.cert.write_bytes(self.authority.issue(request, Subject(name=name), now=NOW))
        made.ca.write_bytes(self.authority.pem)
        return made


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office.open(tmp_path_factory.mktemp("office") / "ours")


@pytest.fixture(scope="session")
def foreign_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office.open(tmp_path_factory.mktemp("office") / "foreign")


def refuse() -> dict[str, object]:
    raise Refused("not today", remedy="Try tomorrow.")


def stumble() -> dict[str, object]:
    raise KeyError("a mistake of our own")


VERBS = {
    "greet": Verb(does=lambda name: {"hello": name}, takes=frozenset({"name"})),
    "refuse": Verb(does=refuse),
    "stumble": Verb(does=stumble),
    "hidden": Verb(does=lambda: {}),
}


def agent(office: Office, *, resident: bool = False, idle_s: float = 0.1) -> Agent:
    return Agent(
        settings=AgentSettings(
            machine="web-1",
            verbs={"operator": frozenset({"greet", "refuse", "stumble"})},
            resident=resident,
            idle_s=idle_s,
        ),
        verbs=VERBS,
        context=server_context(office.identity("web-1")),
        clock=SystemClock(),
        patience_s=0.5,
    )


@contextmanager
def answering(server: Agent, listener: socket.socket) -> Iterator[None]:
    """As systemd does it: start the agent again whenever it has ended for want of callers."""
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            server.serve(listener)

    thread = threading.Thread(target=serve)
    thread.start()
    with listener:
        try:
            yield
        finally:
            over.set()
            thread.join()


@pytest.fixture
def port(office: Office) -> Iterator[int]:
    """Where a real agent answers, on the loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    with answering(agent(office), listener):
        yield int(listener.getsockname()[1])


@pytest.fixture
def listen(office: Office) -> Iterator[Callable[[Path], None]]:
    """Let a real agent answer at a path, as if SSH had forwarded it there."""
    with ExitStack() as stack:

        def start(path: Path) -> None:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            listener.listen()
            stack.enter_context(answering(agent(office), listener))

        yield start
