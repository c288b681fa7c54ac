"""What kind of file the page's and the log's are, and for how long whoever has one may keep it.
Standard library only."""

from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType

TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".html": "text/html; charset=utf-8",
        ".json": "application/json",
        ".svg": "image/svg+xml",
        ".txt": "text/plain; charset=utf-8",
        ".atom": "application/atom+xml",
        ".tsr": "application/timestamp-reply",
        ".pem": "application/x-pem-file",
    }
)
IMMUTABLE = "public, max-age=31536000, immutable"
SHORT = "public, max-age=5"


def content_type(path: PurePath) -> str:
    if path.name.endswith("checkpoint"):
        return "text/plain; charset=utf-8"
    return TYPES.get(path.suffix, "application/octet-stream")
