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
from standfast.mechanisms.backup.offsite.store import Kind, Store

READ_AND_ADD = ("s3:GetObject", "s3:PutObject")
LIST = ("s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads")
UPLOADS = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
DELETE = ("s3:DeleteObject",)


def first_key(store: Store) -> str:
    """It adds, reads, and deletes restic's locks alone."""
    return document(
        *common(store),
        statement("DeleteLocks", DELETE, objects(store, "/locks/*")),
    )


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
    rule = {
        "ID": "standfast-old-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": f"{prefix(store)}/"},
        "NoncurrentVersionExpiration": {"NoncurrentDays": days},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    return json.dumps({"Rules": [rule]}, indent=2)


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
