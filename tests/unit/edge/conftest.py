"""Certificates as `up` makes them, and edges of one test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from edges.placing import certificates

from .loopback import Edge, edge


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("identity")
    certificates(folder, ("edge-1", "web-1", "web-2", "monitor-1"))
    return folder


@pytest.fixture
def start(identity: Path, tmp_path: Path) -> Iterator[Callable[..., Edge]]:
    """Start an edge: `start(limits=…, slow=…)`."""
    with ExitStack() as stack:

        def one(**asked: Any) -> Edge:
            return stack.enter_context(edge(identity, tmp_path, **asked))

        yield one
