"""Which files a page and its log have, and that no list names one outside."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.core.errors import CannotVerify
from standfast.evidence.timestamp import shelf
from standfast.mechanisms.backup.offsite.page import names
from standfast.pages.trust import render


def index(*listed: object) -> bytes:
    return json.dumps({"version": 1, "timestamps": list(listed)}).encode()


def test_the_files_of_the_page_are_those_that_are_made() -> None:
    always = {names.PAGE, names.MACHINE_FORM, *names.BESIDE}
    assert always == {"index.html", "trust.json", "feed.atom", "seal.svg"}
    assert set(names.SOMETIMES) == render.SOMETIMES
    assert f"{names.LOG}{shelf.INDEX}" == names.STAMPS_INDEX


def test_a_log_has_its_bundles_and_its_hashes() -> None:
    assert list(names.tiles(300)) == [
        "log/tile/entries/000",
        "log/tile/entries/001.p/44",
        "log/tile/0/000",
        "log/tile/0/001.p/44",
        "log/tile/1/000.p/1",
    ]
    assert [each for each in names.tiles(300) if names.is_partial(each)] == [
        "log/tile/entries/001.p/44",
        "log/tile/0/001.p/44",
        "log/tile/1/000.p/1",
    ]


def test_tiles_and_stamps_never_change_and_what_names_them_does() -> None:
    lasting = ("log/tile/0/000", "log/timestamps/3-time.tsr", "log/timestamps/3-time.checkpoint")
    assert all(map(names.never_changes, lasting))
    changing = (names.CHECKPOINT, names.STAMPS_INDEX, "log/timestamps/time.pem", names.PAGE)
    assert not any(map(names.never_changes, changing))


def test_each_time_stamp_has_three_files() -> None:
    assert names.stamps(index({"authority": "time", "size": 3, "at": "x"})) == (
        "log/timestamps/3-time.checkpoint",
        "log/timestamps/3-time.tsr",
        "log/timestamps/time.pem",
    )


@pytest.mark.parametrize(
    "listed",
    [
        {"authority": "../../etc", "size": 3},
        {"authority": "a/b", "size": 3},
        {"authority": "", "size": 3},
        {"authority": "time", "size": True},
        {"authority": "time", "size": -1},
        {"authority": "time"},
        "time",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(listed: object) -> None:
    with pytest.raises(CannotVerify, match="cannot be read"):
        names.stamps(index(listed))


@given(st.binary(max_size=200))
def test_any_bytes_are_an_index_or_refused(data: bytes) -> None:
    try:
        found = names.stamps(data)
    except CannotVerify:
        return
    assert all(each.startswith(names.STAMPS) and ".." not in each for each in found)
