"""What each of the two keys may do at an S3 store: policies to paste at the provider. Pure.

The grammar is AWS's ("IAM JSON policy elements", version 2012-10-17), which others read too.

The first key cannot delete, but S3 lets whoever may write an object write it anew, and no policy
tells the two apart for a client that does not ask. So the bucket has to keep versions, better under
object lock, and the first key gets no right on versions at all: what it overwrites is still there.
"""

import json
from collections.abc import Mapping
from typing import Any

from standfast.core.errors import ConfigError
from standfast.mechanisms.backup.offsite.page.names import FOLDER as PAGE
from standfast.mechanisms.backup.offsite.store import Kind, Store

READ_AND_ADD = ("s3:GetObject", "s3:PutObject")
LIST = ("s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads")
UPLOADS = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
DELETE = ("s3:DeleteObject",)

PAGE_DAYS = 1
"""An old version of the page is of use to nobody, and every five minutes leaves one. Of two rules
S3 follows the one that ends sooner ("Examples of S3 Lifecycle configurations")."""


def first_key(store: Store) -> str:
    """It adds, reads, and deletes restic's locks alone, and what of the page is out of date."""
    return document(
        *common(store),
        statement("DeleteLocks", DELETE, objects(store, "/locks/*")),
        statement("DeleteOldPage", DELETE, objects(store, f"/{PAGE}/*")),
    )


def public_page(store: Store) -> str:
    """The bucket's own policy: everybody reads the trust page that lies there, and nothing beside
    it. Nobody lists it."""
    read = statement("ReadPage", ("s3:GetObject",), objects(store, f"/{PAGE}/*"))
    return document({**read, "Principal": "*"})


def second_key(store: Store) -> str:
    """It also takes away what retention lets go. Not versions: an old one goes by the bucket's own
    lifecycle, so this key alone cannot destroy a snapshot before that either."""
    return document(
        *common(store),
        statement("Retention", DELETE, objects(store, "/*")),
    )


def lifecycle(store: Store, *, days: int) -> str:
    """What was overwritten or taken away stays for so many days, then goes. The rule wants a bucket
    that keeps versions (S3's "PutBucketLifecycleConfiguration")."""
    rules = (
        rule(store, "standfast-old-versions", "", days),
        rule(store, "standfast-old-pages", f"{PAGE}/", PAGE_DAYS),
    )
    return json.dumps({"Rules": rules}, indent=2)


def rule(store: Store, name: str, below: str, days: int) -> Mapping[str, Any]:
    return {
        "ID": name,
        "Status": "Enabled",
        "Filter": {"Prefix": f"{prefix(store)}/{below}"},
        "NoncurrentVersionExpiration": {"NoncurrentDays": days},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }


def common(store: Store) -> tuple[Mapping[str, Any], ...]:
    bucket = f"arn:aws:s3:::{parts(store)['bucket']}"
    return (
        statement("Find", LIST, bucket),
        statement("ReadAndAdd", (*READ_AND_ADD, *UPLOADS), objects(store, "/*")),
    )


def statement(name: str, actions: tuple[str, ...], resource: str) -> Mapping[str, Any]:
    return {"Sid": name, "Effect": "Allow", "Action": list(actions), "Resource": [resource]}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=2)


def objects(store: Store, pattern: str) -> str:
    return f"arn:aws:s3:::{parts(store)['bucket']}/{prefix(store)}{pattern}"


def prefix(store: Store) -> str:
    return parts(store)["folder"].strip("/")


def parts(store: Store) -> Mapping[str, str]:
    if store.kind is not Kind.S3:
        raise ConfigError(
            f"a store of the kind {store.kind} has no policies of S3",
            remedy="The room's README says what keeps snapshots from being deleted there.",
        )
    return store.parts
