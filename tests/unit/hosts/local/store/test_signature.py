"""Who asks: Signature Version 4, held to the example of S3's own manual."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from standfast.mechanisms.hosts.local.store.refusals import Code, RefusedRequest
from standfast.mechanisms.hosts.local.store.request import Request
from standfast.mechanisms.hosts.local.store.signature import must_be_whole, signer

from .signed import signed

NOW = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
SECRETS = {"first-key": "of-the-store"}


def listing(now: datetime = NOW, secret: str = "of-the-store", id: str = "first-key") -> Request:
    query = {"list-type": "2", "prefix": "shop/data/", "delimiter": "/"}
    return signed("GET", "/standfast/", id=id, secret=secret, now=now, query=query)


def refused(request: Request, now: datetime = NOW) -> Code:
    with pytest.raises(RefusedRequest) as error:
        signer(request, SECRETS, now)
    return error.value.code


def test_the_example_of_the_manual_is_understood() -> None:
    """API reference, "Signature Calculations for the Authorization Header", "GET Object"."""
    example = Request(
        method="GET",
        target="/test.txt",
        headers={
            "host": "examplebucket.s3.amazonaws.com",
            "range": "bytes=0-9",
            "x-amz-content-sha256": (
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            ),
            "x-amz-date": "20130524T000000Z",
            "authorization": (
                "AWS4-HMAC-SHA256 Credential=example-key/20130524/us-east-1/s3/"
                "aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature="
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
            ),
        },
    )
    secrets = {"example-key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
    now = datetime(2013, 5, 24, tzinfo=UTC)
    assert signer(example, secrets, now) == "example-key"


def test_whoever_has_the_secret_is_known() -> None:
    assert signer(listing(), SECRETS, NOW) == "first-key"


def test_another_secret_or_key_is_refused() -> None:
    assert refused(listing(secret="guessed")) is Code.BAD_SIGNATURE
    assert refused(listing(id="nobody")) is Code.UNKNOWN_KEY


@pytest.mark.parametrize(
    "change",
    [
        {"method": "DELETE"},
        {"target": "/standfast/?delimiter=%2F&list-type=2&prefix=other%2F"},
        {"target": "/other/?delimiter=%2F&list-type=2&prefix=shop%2Fdata%2F"},
    ],
)
def test_what_was_altered_on_the_way_is_refused(change: dict[str, str]) -> None:
    assert refused(replace(listing(), **change)) is Code.BAD_SIGNATURE  # type: ignore[arg-type]


def test_an_altered_header_that_was_signed_is_refused() -> None:
    request = listing()
    headers = {**request.headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    assert refused(replace(request, headers=headers)) is Code.BAD_SIGNATURE


@pytest.mark.parametrize("apart", [timedelta(minutes=16), -timedelta(minutes=16)])
def test_a_request_of_another_time_is_worth_nothing(apart: timedelta) -> None:
    assert refused(listing(), NOW + apart) is Code.TOO_SKEWED


@pytest.mark.parametrize("said", ["", "Basic Zmlyc3Q6a2V5", "AWS4-HMAC-SHA256 Credential=x"])
def test_what_is_not_signed_is_refused(said: str) -> None:
    request = listing()
    assert (
        refused(replace(request, headers={**request.headers, "authorization": said}))
        is Code.ACCESS_DENIED
    )


def test_a_time_that_was_not_signed_counts_for_nothing() -> None:
    request = listing()
    said = request.headers["authorization"].replace(";x-amz-date", "")
    assert (
        refused(replace(request, headers={**request.headers, "authorization": said}))
        is Code.ACCESS_DENIED
    )


def test_the_body_has_to_be_the_one_that_was_signed() -> None:
    request = signed("PUT", "/b/k", id="i", secret="s", now=NOW, body=b"pack")
    must_be_whole(request, b"pack")
    with pytest.raises(RefusedRequest, match="not the one that was signed"):
        must_be_whole(request, b"pock")


def test_a_body_that_is_signed_in_chunks_is_not_taken_for_one() -> None:
    request = signed(
        "PUT",
        "/b/k",
        id="i",
        secret="s",
        now=NOW,
        extra={"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
    )
    with pytest.raises(RefusedRequest) as error:
        must_be_whole(request, b"pack")
    assert error.value.code is Code.NOT_IMPLEMENTED
