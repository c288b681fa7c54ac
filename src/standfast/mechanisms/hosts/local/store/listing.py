"""S3's documents: lists, and words of refusal. Pure, standard library only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from standfast.mechanisms.hosts.local.store.objects import Object
from standfast.mechanisms.hosts.local.store.refusals import RefusedRequest

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
PAGE = 1000
"""S3's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Of ListObjectsV2. `after`: the key that the page before ended with; empty for the first."""

    bucket: str
    prefix: str
    delimiter: str
    after: str
    page: int = PAGE


def listing(asked: Asked, found: Iterable[Object]) -> bytes:
    """`found`: all below the prefix, in order. What the delimiter gathers counts once."""
    entries = [each for each in gathered(asked, found) if key_of(each) > asked.after]
    page, more = entries[: asked.page], len(entries) > asked.page
    return document(
        "ListBucketResult",
        element("Name", asked.bucket),
        element("Prefix", quote(asked.prefix, safe="/")),
        element("Delimiter", quote(asked.delimiter, safe="/")) if asked.delimiter else "",
        element("EncodingType", "url"),
        element("MaxKeys", asked.page),
        element("KeyCount", len(page)),
        element("IsTruncated", "true" if more else "false"),
        element("NextContinuationToken", quote(key_of(page[-1]), safe="/")) if more else "",
        *map(entry, page),
    )


def gathered(asked: Asked, found: Iterable[Object]) -> Sequence[Object | str]:
    """Objects, and in their place what several have in common up to the delimiter."""
    entries: dict[str, Object | str] = {}
    for each in found:
        rest = each.key[len(asked.prefix) :]
        if asked.delimiter and asked.delimiter in rest:
            common = asked.prefix + rest.partition(asked.delimiter)[0] + asked.delimiter
            entries.setdefault(common, common)
        else:
            entries[each.key] = each
    return tuple(entries[key] for key in sorted(entries))


def key_of(entry: Object | str) -> str:
    return entry if isinstance(entry, str) else entry.key


def entry(each: Object | str) -> str:
    if isinstance(each, str):
        return f"<CommonPrefixes>{element('Prefix', quote(each, safe='/'))}</CommonPrefixes>"
    modified = datetime.fromtimestamp(each.modified_ns / 1e9, UTC)
    return (
        f"<Contents>{element('Key', quote(each.key, safe='/'))}"
        f"{element('LastModified', f'{modified:%Y-%m-%dT%H:%M:%S.000Z}')}"
        f"{element('ETag', each.etag)}{element('Size', each.bytes)}"
        "<StorageClass>STANDARD</StorageClass></Contents>"
    )


def location(region: str) -> bytes:
    return document("LocationConstraint", escape(region))


def refusal(refused: RefusedRequest, resource: str) -> bytes:
    said = (
        element("Code", refused.code.word),
        element("Message", refused.words),
        element("Resource", resource),
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{"".join(said)}</Error>'.encode()


def document(name: str, *parts: str) -> bytes:
    inside = "".join(parts)
    opening = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{NAMESPACE}">'
    return f"{opening}{inside}</{name}>".encode()


def element(name: str, content: object) -> str:
    return f"<{name}>{escape(str(content))}</{name}>"
