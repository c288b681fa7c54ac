"""The real agent and the real client, over sockets of this computer."""

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import Refused, Unreachable
from standfast.daemons.agent import CONNECTIONS_LIMIT, handed_over
from standfast.mechanisms.hosts.agent.client import Agents
from standfast.mechanisms.hosts.agent.protocol import REQUEST_LIMIT
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Reach
from standfast.mechanisms.hosts.tls import Identity, client_context

from .conftest import Office, agent

GREET = b'{"verb": "greet", "with": {"name": "Ada"}}\n'


class SshThatForwards:
    """Every command of ssh's succeeds."""

    def run(self, command: Command, *, check: bool = True) -> Result:
        return Result(status=0, stdout=b"", stderr=b"")


def agents(folder: Path, identity: Identity) -> Agents:
    machine = Machine(
        name="web-1",
        roles=frozenset(),
        address=IPv4Address("10.77.0.12"),
        reach=Reach(host="10.77.0.12"),
    )
    reached = Connection(machine=machine, runner=SshThatForwards(), sockets=folder)
    return Agents(connections={"web-1": reached}, identity=identity)


def said(port: int, caller: Identity | ssl.SSLContext, line: bytes) -> dict[str, Any]:
    """What the agent answers to these very bytes."""
    context = client_context(caller) if isinstance(caller, Identity) else caller
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="web-1") as secured,
    ):
        secured.sendall(line)
        answer: dict[str, Any] = json.loads(b"".join(iter(lambda: secured.recv(4096), b"")))
    return answer


def test_the_operator_is_answered(
    tmp_path: Path, office: Office, listen: Callable[[Path], None]
) -> None:
    listen(tmp_path / "web-1.7443")
    asked = agents(tmp_path, office.identity("operator"))
    assert asked.ask("web-1", "greet", name="Ada") == {"hello": "Ada"}
    assert asked.ask("web-1", "greet", name="Bo") == {"hello": "Bo"}


@pytest.mark.parametrize(
    ("name", "verb", "words"),
    [
        ("operator", "refuse", "web-1: not today"),
        ("operator", "hidden", "operator may not ask web-1 for hidden"),
        ("operator", "no-such-verb", "operator may not ask web-1 for no-such-verb"),
        ("web-2", "greet", "web-1 takes no requests from web-2"),
    ],
)
def test_a_refusal_says_who_may_not_what(
    tmp_path: Path,
    office: Office,
    listen: Callable[[Path], None],
    name: str,
    verb: str,
    words: str,
) -> None:
    listen(tmp_path / "web-1.7443")
    with pytest.raises(Refused, match=words):
        agents(tmp_path, office.identity(name)).ask("web-1", verb)


def test_an_identity_of_another_authority_is_refused_by_either_side(
    tmp_path: Path, office: Office, foreign_office: Office, listen: Callable[[Path], None]
) -> None:
    listen(tmp_path / "web-1.7443")
    ours, theirs = office.identity("operator"), foreign_office.identity("operator")
    with pytest.raises(Refused, match="is not web-1"):
        agents(tmp_path, theirs).ask("web-1", "greet", name="Ada")
    trusting = Identity(cert=theirs.cert, key=theirs.key, ca=ours.ca)
    with pytest.raises(Refused, match="does not accept this identity"):
        agents(tmp_path, trusting).ask("web-1", "greet", name="Ada")


def test_a_machine_that_answers_in_the_place_of_another_is_not_believed(
    tmp_path: Path, office: Office, listen: Callable[[Path], None]
) -> None:
    listen(tmp_path / "web-2.7443")
    one = agents(tmp_path, office.identity("operator"))
    reached = one.connections["web-1"]
    machine = Machine(
        name="web-2", roles=frozenset(), address=IPv4Address("10.77.0.13"), reach=Reach(host="")
    )
    other = Connection(machine=machine, runner=reached.runner, sockets=tmp_path)
    with pytest.raises(Refused, match="is not web-2"):
        Agents(connections={"web-2": other}, identity=one.identity).ask("web-2", "greet", name="A")


def test_an_agent_that_is_not_there_or_breaks_off_is_unreachable(
    tmp_path: Path, office: Office, listen: Callable[[Path], None]
) -> None:
    asked = agents(tmp_path, office.identity("operator"))
    with pytest.raises(Unreachable):
        asked.ask("web-1", "greet", name="Ada")
    listen(tmp_path / "web-1.7443")
    with pytest.raises(Unreachable, match="broke off"):
        asked.ask("web-1", "stumble")
    assert asked.ask("web-1", "greet", name="Ada") == {"hello": "Ada"}


def test_a_caller_without_a_certificate_gets_no_word(port: int, office: Office) -> None:
    context = ssl.create_default_context(cafile=str(office.identity("operator").ca))
    with pytest.raises(ssl.SSLError, match="certificate required"):
        said(port, context, GREET)


def test_the_newest_tls_without_aes_is_refused(port: int, office: Office) -> None:
    """Python cannot offer it, so the `openssl` program does."""
    us = office.identity("operator")
    done = subprocess.run(
        [
            *("openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{port}"),
            *("-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256", "-tls1_3", "-CAfile", str(us.ca)),
            *("-cert", str(us.cert), "-key", str(us.key)),
        ],
        input=GREET,
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert b"not encrypted by AES-GCM" in done.stdout


def test_a_line_that_is_too_long_is_refused_however_long_it_is(port: int, office: Office) -> None:
    operator = office.identity("operator")
    for size in (REQUEST_LIMIT, 10 * REQUEST_LIMIT):
        answer = said(port, operator, GREET.replace(b"Ada", b"a" * size))
        assert "at most 4096 bytes" in answer["problem"]


def test_garbage_is_refused_and_the_next_caller_answered(port: int, office: Office) -> None:
    operator = office.identity("operator")
    assert "no request" in said(port, operator, b"GET / HTTP/1.1\r\n\r\n")["problem"]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(b"not TLS at all\n")
    assert said(port, operator, GREET) == {"answer": {"hello": "Ada"}}


def test_silent_callers_hold_nobody_up_for_longer_than_the_agents_patience(
    port: int, office: Office
) -> None:
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(3 * CONNECTIONS_LIMIT)]
    began = time.monotonic()
    assert said(port, office.identity("operator"), GREET) == {"answer": {"hello": "Ada"}}
    assert time.monotonic() - began < 8
    for each in crowd:
        each.close()


def test_a_caller_who_says_nothing_after_the_handshake_is_told(port: int, office: Office) -> None:
    assert "no whole request" in said(port, office.identity("operator"), b"")["problem"]


def test_an_idle_agent_ends_and_who_calls_then_is_answered_by_the_next(office: Office) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    agent(office, idle_s=0.05).serve(listener)
    answers: list[dict[str, Any]] = []
    caller = threading.Thread(
        target=lambda: answers.append(said(port, office.identity("operator"), GREET))
    )
    caller.start()
    time.sleep(0.1)
    agent(office, idle_s=0.5).serve(listener)
    caller.join(timeout=10)
    assert answers == [{"answer": {"hello": "Ada"}}]
    listener.close()


def test_a_resident_agent_stays(office: Office) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    resident = agent(office, resident=True, idle_s=0.05)
    thread = threading.Thread(target=resident.serve, args=(listener,), daemon=True)
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive()
    port = listener.getsockname()[1]
    assert said(port, office.identity("operator"), GREET) == {"answer": {"hello": "Ada"}}


@pytest.mark.parametrize(
    "given", [{}, {"LISTEN_PID": "7", "LISTEN_FDS": "1"}, {"LISTEN_PID": "8", "LISTEN_FDS": "2"}]
)
def test_it_starts_only_with_the_socket_that_was_meant_for_it(given: dict[str, str]) -> None:
    with pytest.raises(Refused, match="no socket"):
        handed_over(given, 8)
