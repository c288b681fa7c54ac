"""What is answered to which request. Standard library only."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import PurePosixPath
from urllib.parse import unquote

from standfast.mechanisms.hosts.local.store import listing
from standfast.mechanisms.hosts.local.store.listing import PAGE, Asked
from standfast.mechanisms.hosts.local.store.objects import Object, Objects
from standfast.mechanisms.hosts.local.store.permission import (
    Holder,
    everybody_reads,
    may_delete,
    may_overwrite,
    may_write,
)
from standfast.mechanisms.hosts.local.store.refusals import Code, RefusedRequest
from standfast.mechanisms.hosts.local.store.request import Reply, Request
from standfast.mechanisms.hosts.local.store.signature import must_be_whole, signer
from standfast.mechanisms.hosts.media import content_type

BODY_LIMIT = 64 * 1024**2
"""restic's packs have 16 MiB, and its largest files a few more."""

UNKNOWN = frozenset({"uploads", "uploadId", "versions", "versionId", "delete", "tagging", "acl"})
"""In a query: what this store cannot do, and must not take for something else."""

RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A key's name and its secret, as S3 calls them."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`folder`: below which the one repository lies that is kept here."""

    name: str
    folder: str
    region: str
    keys: Mapping[Holder, Pair]
    objects: Objects

    def admitted(self, request: Request, now: datetime) -> Holder | None:
        """Before its body is read; None for whoever needs no key. Raises `RefusedRequest`."""
        if self._needs_no_key(request):
            return None
        secrets = {each.id: each.secret for each in self.keys.values()}
        found = signer(request, secrets, now)
        if request.bucket != self.name:
            raise RefusedRequest(Code.NO_BUCKET, f"there is no bucket {request.bucket}")
        if UNKNOWN & request.query.keys():
            raise RefusedRequest(Code.NOT_IMPLEMENTED, "this store does not know that")
        return next(holder for holder, each in self.keys.items() if each.id == found)

    def _needs_no_key(self, request: Request) -> bool:
        return (
            "authorization" not in request.headers
            and request.bucket == self.name
            and not UNKNOWN & request.query.keys()
            and everybody_reads(request.method, request.key, self.folder)
        )

    def answer(self, request: Request, holder: Holder | None, body: bytes) -> Reply:
        if holder is not None:
            must_be_whole(request, body)
        match request.method, bool(request.key):
            case "GET", False:
                return self._about(request)
            case "HEAD", False:
                return Reply(status=200)
            case "GET", True:
                return self._read(request)
            case "HEAD", True:
                found = self.objects.find(request.key)
                return Reply(status=200, headers=described(found), length=found.bytes)
            case "PUT", True:
                return self._write(request, body)
            case "DELETE", True:
                return self._delete(request, holder)
            case _:
                raise RefusedRequest(Code.NOT_IMPLEMENTED, "this store does not know that")

    def _about(self, request: Request) -> Reply:
        if "location" in request.query:
            return xml(listing.location(self.region))
        if request.query.get("list-type") != "2":
            raise RefusedRequest(Code.NOT_IMPLEMENTED, "only ListObjectsV2 is known here")
        asked = self._asked(request.query)
        return xml(listing.listing(asked, self.objects.all(asked.prefix)))

    def _asked(self, query: Mapping[str, str]) -> Asked:
        page = query.get("max-keys", str(PAGE))
        if not re.fullmatch(r"\d{1,9}", page):
            raise RefusedRequest(Code.INVALID, "max-keys has to be a number")
        return Asked(
            bucket=self.name,
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            after=unquote(query.get("continuation-token", "")) or query.get("start-after", ""),
            page=min(max(1, int(page)), PAGE),
        )

    def _read(self, request: Request) -> Reply:
        content = self.objects.read(request.key)
        headers = described(self.objects.find(request.key))
        asked = request.headers.get("range")
        if asked is None:
            return Reply(status=200, body=content, headers=headers)
        first, last = span(asked, len(content))
        told = {**headers, "Content-Range": f"bytes {first}-{last}/{len(content)}"}
        return Reply(status=206, body=content[first : last + 1], headers=told)

    def _write(self, request: Request, body: bytes) -> Reply:
        if not may_write(request.key, self.folder):
            raise RefusedRequest(Code.ACCESS_DENIED, f"nothing is written beside {self.folder}/")
        if "x-amz-copy-source" in request.headers:
            raise RefusedRequest(Code.NOT_IMPLEMENTED, "this store does not copy")
        said = request.headers.get("content-md5")
        digest = hashlib.md5(body, usedforsecurity=False).digest()
        if said is not None and said != b64encode(digest).decode():
            raise RefusedRequest(Code.BAD_DIGEST, "the body is not the one that was sent")
        anew = may_overwrite(request.key, self.folder)
        written = self.objects.write(request.key, body, anew=anew)
        return Reply(status=200, headers={"ETag": written.etag})

    def _delete(self, request: Request, holder: Holder | None) -> Reply:
        if not may_delete(holder, request.key, self.folder):
            raise RefusedRequest(Code.ACCESS_DENIED, f"the {holder} key does not delete this")
        self.objects.delete(request.key)
        return Reply(status=204)


def xml(body: bytes) -> Reply:
    return Reply(status=200, body=body, headers={"Content-Type": "application/xml"})


def refused(request: Request, error: RefusedRequest) -> Reply:
    return Reply(
        status=error.code.status,
        body=listing.refusal(error, request.path),
        headers={"Content-Type": "application/xml"},
    )


def described(found: Object) -> Mapping[str, str]:
    modified = datetime.fromtimestamp(found.modified_ns / 1e9, UTC)
    return {
        "Content-Type": content_type(PurePosixPath(found.key)),
        "ETag": found.etag,
        "Last-Modified": format_datetime(modified, usegmt=True),
        "Accept-Ranges": "bytes",
    }


def span(asked: str, length: int) -> tuple[int, int]:
    """First and last byte (RFC 9110, section 14.1.2), of the one form that is asked for here."""
    found = RANGE.fullmatch(asked)
    if found is None:
        raise RefusedRequest(Code.NOT_IMPLEMENTED, f"the range {asked}")
    first, last = int(found[1]), min(int(found[2] or length - 1), length - 1)
    if first > last:
        raise RefusedRequest(Code.INVALID_RANGE, f"{asked} of {length} bytes")
    return first, last
