"""Certificates as `up` makes them, and edges of one test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from standfast.mechanisms.keys.authority import Subject, make, private_pem

from .loopback import Edge, edge


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One key for all, which is enough to be told apart by name."""
    folder, now = tmp_path_factory.mktemp("identity"), datetime.now(UTC)
    authority, key = make("loopback", now), ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, hashes.SHA256())
    (folder / "ca.pem").write_bytes(authority.pem)
    (folder / "key.pem").write_bytes(private_pem(key))
    for name in ("edge-1", "web-1", "web-2", "monitor-1"):
        pem = authority.issue(request.public_bytes(Encoding.PEM), Subject(name=name), now=now)
        (folder / f"{name}.pem").write_bytes(pem)
        (folder / f"{name}.pem.key").write_bytes(private_pem(key))
    return folder


@pytest.fixture
def start(identity: Path, tmp_path: Path) -> Iterator[Callable[..., Edge]]:
    """Start an edge: `start(limits=…, slow=…)`."""
    with ExitStack() as stack:

        def one(**asked: Any) -> Edge:
            return stack.enter_context(edge(identity, tmp_path, **asked))

        yield one
