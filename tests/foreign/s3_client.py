"""AWS's own client, run by the venv that has it (test_s3.py).

    python s3_client.py accounts URL BUCKET USER=POLICY-FILE…
    python s3_client.py work URL BUCKET FOLDER REGION CA-FILE
    python s3_client.py look URL BUCKET FOLDER

`accounts` makes the bucket and users with these policies, and prints each one's key. `work` puts an
object below FOLDER, reads, lists and deletes it with the key of the environment, and prints what
came of each. `look` prints what lies below FOLDER, with what kind of file each object says to be.
"""

import json
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def accounts(url: str, bucket: str, *users: str) -> dict[str, list[str]]:
    said: dict[str, Any] = {
        "endpoint_url": url,
        "region_name": "us-east-1",
        "aws_access_key_id": "anybody",
        "aws_secret_access_key": "at-all",
    }
    boto3.client("s3", **said).create_bucket(Bucket=bucket)
    people, keys = boto3.client("iam", **said), {}
    for user in users:
        name, _, policy = user.partition("=")
        document = Path(policy).read_text()
        people.create_user(UserName=name)
        people.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        made = people.create_access_key(UserName=name)["AccessKey"]
        keys[name] = [made["AccessKeyId"], made["SecretAccessKey"]]
    return keys


def work(url: str, bucket: str, folder: str, region: str, authority: str) -> dict[str, Any]:
    settings = Config(
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        retries={"max_attempts": 1},
    )
    client = boto3.client(
        "s3", endpoint_url=url, region_name=region, verify=authority, config=settings
    )
    key, lock = f"{folder}/data/ab/abcd", f"{folder}/locks/ef"
    for each in (key, lock):
        client.put_object(Bucket=bucket, Key=each, Body=b"0123456789")
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=f"{folder}/", PaginationConfig={"PageSize": 1}
    )
    part = client.get_object(Bucket=bucket, Key=key, Range="bytes=2-4")
    return {
        "read": client.get_object(Bucket=bucket, Key=key)["Body"].read().decode(),
        "part": part["Body"].read().decode(),
        "length": client.head_object(Bucket=bucket, Key=key)["ContentLength"],
        "listed": [each["Key"] for page in pages for each in page["Contents"]],
        "overwrite": refused(lambda: client.put_object(Bucket=bucket, Key=key, Body=b"other")),
        "delete": refused(lambda: client.delete_object(Bucket=bucket, Key=key)),
        "unlock": refused(lambda: client.delete_object(Bucket=bucket, Key=lock)),
        "missing": refused(lambda: client.get_object(Bucket=bucket, Key=f"{folder}/none")),
    }


def look(url: str, bucket: str, folder: str) -> dict[str, list[str]]:
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
    found = client.list_objects_v2(Bucket=bucket, Prefix=f"{folder}/").get("Contents", [])
    heads = {each["Key"]: client.head_object(Bucket=bucket, Key=each["Key"]) for each in found}
    return {key: [each["ContentType"], each["CacheControl"]] for key, each in heads.items()}


def refused(ask: Any) -> str:
    """The code of the refusal; empty for what was done."""
    try:
        ask()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


if __name__ == "__main__":
    print(
        json.dumps({"accounts": accounts, "work": work, "look": look}[sys.argv[1]](*sys.argv[2:]))
    )
