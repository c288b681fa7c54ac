"""Which certificate this edge has from an ACME server: what it shows to everybody."""

from collections.abc import Mapping
from pathlib import Path

from standfast.mechanisms.hosts.names import ISSUED_CHAIN


def read(path: Path = Path(ISSUED_CHAIN)) -> Mapping[str, str]:
    """`chain`: PEM, empty where there is none yet."""
    return {"chain": path.read_text() if path.is_file() else ""}
