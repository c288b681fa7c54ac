"""A request as it came, and the answer to it. Standard library only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`target` is the path with its query, as it was sent; `headers` have small letters."""

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> Mapping[str, str]:
        return dict(self.pairs)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def bucket(self) -> str:
        """Path style: the first part of the path."""
        return self.path.lstrip("/").partition("/")[0]

    @property
    def key(self) -> str:
        """Empty for a request about the bucket."""
        return self.path.lstrip("/").partition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`length` is told where there is no body to measure, as to HEAD."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None

    def lines(self) -> Iterator[tuple[str, str]]:
        yield from self.headers.items()
        if self.status != 204:
            yield "Content-Length", str(len(self.body) if self.length is None else self.length)
