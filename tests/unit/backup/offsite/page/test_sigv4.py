"""Signature Version 4, held to the examples of S3's own manual."""

from datetime import UTC, datetime

import pytest

from standfast.mechanisms.backup.offsite.page.sigv4 import Key, signed

HOST = "examplebucket.s3.amazonaws.com"
NOW = datetime(2013, 5, 24, tzinfo=UTC)
SAMPLE = Key(
    id="example-key", secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region="us-east-1"
)


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "query", "signature"),
    [
        (
            "GET",
            "/test.txt",
            {"Range": "bytes=0-9"},
            b"",
            {},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test$file.text",
            {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            b"Welcome to Amazon S3.",
            {},
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET",
            "/",
            {},
            b"",
            {"lifecycle": ""},
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET",
            "/",
            {},
            b"",
            {"max-keys": "2", "prefix": "J"},
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
    ids=["get-object", "put-object", "bucket-lifecycle", "list-objects"],
)
def test_the_examples_of_the_manual_are_signed_as_there(
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, str],
    signature: str,
) -> None:
    """API reference, "Signature Calculations for the Authorization Header: Transferring Payload in
    a Single Chunk", examples."""
    sent = signed(method, path, {"Host": HOST, **headers}, body, key=SAMPLE, now=NOW, query=query)
    assert sent["authorization"].endswith(f"Signature={signature}")
    assert "Credential=example-key/20130524/us-east-1/s3/aws4_request" in sent["authorization"]


def test_another_body_name_or_time_is_another_signature() -> None:
    def one(path: str = "/a", body: bytes = b"x", now: datetime = NOW) -> str:
        return signed("PUT", path, {"host": HOST}, body, key=SAMPLE, now=now)["authorization"]

    others = (one("/b"), one(body=b"y"), one(now=NOW.replace(hour=1)))
    assert len({one(), *others}) == 4


def test_the_secret_is_in_nothing_that_is_sent_or_shown() -> None:
    sent = signed("PUT", "/a", {"host": HOST}, b"x", key=SAMPLE, now=NOW)
    assert SAMPLE.secret not in f"{sent} {SAMPLE!r}"
