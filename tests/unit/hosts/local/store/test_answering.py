"""What is answered to whom: two keys, nothing overwritten, S3's lists and refusals."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from standfast.mechanisms.hosts.local.store.answering import Bucket, Pair, refused
from standfast.mechanisms.hosts.local.store.objects import Objects
from standfast.mechanisms.hosts.local.store.permission import Holder
from standfast.mechanisms.hosts.local.store.refusals import Code, RefusedRequest
from standfast.mechanisms.hosts.local.store.request import Reply, Request

from .signed import REGION, signed

NOW = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
KEYS = {
    Holder.FIRST: Pair(id="first-key", secret="one"),
    Holder.SECOND: Pair(id="second-key", secret="two"),
}
PACK = "shop/data/ab/abcd"
LOCK = "shop/locks/ef01"


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    return Bucket(
        name="standfast",
        folder="shop",
        region=REGION,
        keys=KEYS,
        objects=Objects(folder=tmp_path),
    )


def ask(
    bucket: Bucket,
    method: str,
    key: str = "",
    *,
    by: Holder = Holder.FIRST,
    body: bytes = b"",
    query: dict[str, str] | None = None,
    extra: dict[str, str] | None = None,
) -> Reply:
    request = signed(
        method,
        f"/standfast/{key}",
        id=KEYS[by].id,
        secret=KEYS[by].secret,
        now=NOW,
        query=query,
        body=body,
        extra=extra,
    )
    return bucket.answer(request, bucket.admitted(request, NOW), body)


def code(bucket: Bucket, method: str, key: str = "", **more: object) -> Code:
    with pytest.raises(RefusedRequest) as error:
        ask(bucket, method, key, **more)  # type: ignore[arg-type]
    return error.value.code


def keys(reply: Reply) -> list[str]:
    return re.findall(r"<(?:Key|CommonPrefixes><Prefix)>([^<]*)<", reply.body.decode())


def test_what_is_put_there_is_read_again_whole_and_in_parts(bucket: Bucket) -> None:
    assert ask(bucket, "PUT", PACK, body=b"0123456789").status == 200
    assert ask(bucket, "GET", PACK).body == b"0123456789"
    part = ask(bucket, "GET", PACK, extra={"range": "bytes=2-4"})
    assert (part.status, part.body) == (206, b"234")
    assert part.headers["Content-Range"] == "bytes 2-4/10"
    assert ask(bucket, "GET", PACK, extra={"range": "bytes=7-"}).body == b"789"
    head = ask(bucket, "HEAD", PACK)
    assert dict(head.lines())["Content-Length"] == "10"
    assert head.body == b""


def test_what_is_not_there_is_said_as_s3_says_it(bucket: Bucket) -> None:
    assert code(bucket, "GET", PACK) is Code.NO_KEY
    assert code(bucket, "HEAD", PACK) is Code.NO_KEY
    assert ask(bucket, "DELETE", LOCK).status == 204
    ask(bucket, "PUT", PACK, body=b"pack")
    assert code(bucket, "GET", "shop/data/ab") is Code.NO_KEY
    assert code(bucket, "GET", PACK, extra={"range": "bytes=9-"}) is Code.INVALID_RANGE


def test_the_first_key_adds_and_neither_overwrites_nor_deletes(bucket: Bucket) -> None:
    ask(bucket, "PUT", PACK, body=b"pack")
    assert code(bucket, "PUT", PACK, body=b"ransom") is Code.ACCESS_DENIED
    assert code(bucket, "DELETE", PACK) is Code.ACCESS_DENIED
    assert ask(bucket, "PUT", PACK, body=b"pack").status == 200, "the same again is no change"
    assert ask(bucket, "GET", PACK).body == b"pack"


def test_the_first_key_takes_its_locks_away(bucket: Bucket) -> None:
    ask(bucket, "PUT", LOCK, body=b"lock")
    assert ask(bucket, "DELETE", LOCK).status == 204
    assert code(bucket, "GET", LOCK) is Code.NO_KEY


def test_the_second_key_deletes_and_overwrites_nothing_either(bucket: Bucket) -> None:
    ask(bucket, "PUT", PACK, body=b"pack")
    assert code(bucket, "PUT", PACK, by=Holder.SECOND, body=b"other") is Code.ACCESS_DENIED
    ask(bucket, "DELETE", PACK, by=Holder.SECOND)
    assert code(bucket, "GET", PACK) is Code.NO_KEY


PAGE = "shop/trust/index.html"
TILE = "shop/trust/log/tile/0/000.p/3"


def test_the_trust_page_is_written_anew_and_its_tiles_never(bucket: Bucket) -> None:
    for body in (b"a longer page", b"page"):
        assert ask(bucket, "PUT", PAGE, body=body).status == 200
        assert ask(bucket, "GET", PAGE).body == body
    assert bucket.objects._used_bytes == len(b"page")
    ask(bucket, "PUT", TILE, body=b"tile")
    assert code(bucket, "PUT", TILE, body=b"other") is Code.ACCESS_DENIED
    assert ask(bucket, "DELETE", TILE).status == 204
    assert code(bucket, "GET", TILE) is Code.NO_KEY


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_everybody_reads_the_page_without_a_key_and_nothing_else(
    bucket: Bucket, method: str
) -> None:
    def unsigned(target: str, method: str = method) -> Reply:
        request = Request(method=method, target=f"/{target}", headers={"host": "x"})
        return bucket.answer(request, bucket.admitted(request, NOW), b"")

    for key in (PAGE, PACK, LOCK):
        ask(bucket, "PUT", key, body=b"x")
    assert unsigned(f"standfast/{PAGE}").headers["Content-Type"] == "text/html; charset=utf-8"
    others = (PACK, LOCK, "", "shop/trusty/x", "shop/trust", "shop/config")
    for target in (*(f"standfast/{key}" for key in others), f"other/{PAGE}"):
        with pytest.raises(RefusedRequest) as error:
            unsigned(target)
        assert error.value.code is Code.ACCESS_DENIED
    for target, asks in ((PAGE, "PUT"), (PAGE, "DELETE"), (f"{PAGE}?versions", method)):
        with pytest.raises(RefusedRequest):
            unsigned(f"standfast/{target}", asks)


@pytest.mark.parametrize("path", ["shop/trust/../data/ab/abcd", "shop/trust/%2e%2e/data/ab/abcd"])
def test_no_way_leads_out_of_the_page(bucket: Bucket, path: str) -> None:
    ask(bucket, "PUT", PACK, body=b"x")
    request = Request(method="GET", target=f"/standfast/{path}", headers={})
    with pytest.raises(RefusedRequest) as error:
        bucket.answer(request, bucket.admitted(request, NOW), b"")
    assert error.value.code is Code.INVALID


@pytest.mark.parametrize("holder", Holder)
def test_beside_the_sites_folder_nothing_is_written_or_deleted(
    bucket: Bucket, holder: Holder
) -> None:
    for key in ("elsewhere/data", "shopping/locks/x", "config"):
        assert code(bucket, "PUT", key, by=holder, body=b"x") is Code.ACCESS_DENIED
        assert code(bucket, "DELETE", key, by=holder) is Code.ACCESS_DENIED


@pytest.mark.parametrize("key", ["shop/../../etc/passwd", "shop//data", "shop/.hidden", "shop/a b"])
def test_no_key_leads_out_of_the_folder(bucket: Bucket, key: str) -> None:
    assert code(bucket, "PUT", key, body=b"x") is Code.INVALID
    assert code(bucket, "GET", key) is Code.INVALID


def test_lists_have_what_lies_below_a_prefix_in_order(bucket: Bucket) -> None:
    for key in (PACK, LOCK, "shop/config", "shop/data/cd/cdef"):
        ask(bucket, "PUT", key, body=b"x")
    everything = {"list-type": "2", "prefix": "shop/"}
    assert keys(ask(bucket, "GET", query=everything)) == [
        "shop/config",
        PACK,
        "shop/data/cd/cdef",
        LOCK,
    ]
    gathered = ask(bucket, "GET", query={**everything, "delimiter": "/"})
    assert keys(gathered) == ["shop/config", "shop/data/", "shop/locks/"]
    ElementTree.fromstring(gathered.body)
    assert keys(ask(bucket, "GET", query={"list-type": "2", "prefix": "shop/keys/"})) == []


@pytest.mark.parametrize("delimiter", ["", "/"])
def test_a_long_list_comes_in_pages_without_gap_or_repetition(
    bucket: Bucket, delimiter: str
) -> None:
    for number in range(7):
        ask(bucket, "PUT", f"shop/{number}/x", body=b"x")
    query = {"list-type": "2", "prefix": "shop/", "delimiter": delimiter, "max-keys": "3"}
    found, token = [], ""
    for _ in range(3):
        page = ask(bucket, "GET", query={**query, "continuation-token": token})
        found += keys(page)
        told = re.search(r"<NextContinuationToken>([^<]*)<", page.body.decode())
        token = told[1] if told else ""
    assert found == [f"shop/{number}/{'' if delimiter else 'x'}" for number in range(7)]
    assert not token


def test_a_full_store_says_so_and_has_room_again(bucket: Bucket, tmp_path: Path) -> None:
    small = replace(bucket, objects=Objects(folder=tmp_path, quota_bytes=10))
    ask(small, "PUT", PACK, body=b"0123456")
    assert code(small, "PUT", LOCK, body=b"0123456") is Code.FULL
    ask(small, "DELETE", PACK, by=Holder.SECOND)
    assert ask(small, "PUT", LOCK, body=b"0123456").status == 200
    again = replace(bucket, objects=Objects(folder=tmp_path, quota_bytes=10))
    assert code(again, "PUT", PACK, body=b"0123456") is Code.FULL, "counted anew at the start"


@pytest.mark.parametrize(
    ("method", "key", "query"),
    [
        ("PUT", PACK, {"partNumber": "1", "uploadId": "x"}),
        ("POST", PACK, {"uploads": ""}),
        ("POST", "", {"delete": ""}),
        ("GET", "", {"versions": ""}),
        ("GET", "", {}),
        ("PUT", "", {}),
        ("POST", PACK, {}),
    ],
)
def test_what_it_does_not_know_it_refuses(
    bucket: Bucket, method: str, key: str, query: dict[str, str]
) -> None:
    assert code(bucket, method, key, query=query) is Code.NOT_IMPLEMENTED


def test_another_bucket_is_not_there(bucket: Bucket) -> None:
    request = signed("HEAD", "/other/", id="first-key", secret="one", now=NOW)
    with pytest.raises(RefusedRequest) as error:
        bucket.admitted(request, NOW)
    assert error.value.code is Code.NO_BUCKET
    said = refused(request, error.value)
    assert (said.status, b"<Code>NoSuchBucket</Code>" in said.body) == (404, True)


def test_a_body_that_is_not_the_one_that_was_digested_is_refused(bucket: Bucket) -> None:
    assert (
        code(bucket, "PUT", PACK, body=b"x", extra={"content-md5": "1B2M2Y8AsgTpgAmY7PhCfg=="})
        is Code.BAD_DIGEST
    )
    assert code(bucket, "GET", PACK) is Code.NO_KEY


def test_where_it_is_it_says(bucket: Bucket) -> None:
    said = ask(bucket, "GET", query={"location": ""})
    assert REGION in said.body.decode()
