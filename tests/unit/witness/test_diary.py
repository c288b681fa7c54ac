"""The diary holds what was seen, and shows when a line was changed or taken out."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.evidence.cosignature import cosigner
from standfast.evidence.signing import Ed25519Signer
from standfast.mechanisms.witness.diary import COMPLAINTS_LIMIT, Diary, Told, envelope, opened

from .conftest import ANN, NOON
from .test_sighting import GOOD

BOB = Ed25519Signer.from_seed("bob.example/witness", b"b" * 32)


def filled(folder: Path, count: int = 4) -> Diary:
    diary = Diary(folder=folder, signer=ANN)
    for number in range(count):
        seen = replace(
            GOOD, at=NOON + timedelta(days=10 * number), status=503 if number == 1 else 200
        )
        diary.add(seen)
    return diary


def test_what_was_added_is_told_over_the_end_of_a_month(tmp_path: Path) -> None:
    diary = filled(tmp_path)
    assert [each.name for each in diary.files] == ["sightings-2026-03.jsonl"]
    diary.add(replace(GOOD, at=NOON + timedelta(days=31)))
    assert [each.name for each in diary.files][1:] == ["sightings-2026-04.jsonl"]
    assert diary.told() == Told(
        first="2026-03-01T12:00:00.000Z",
        last="2026-04-01T12:00:00.000Z",
        sightings=5,
        answered=4,
        good=4,
    )
    assert Diary(folder=tmp_path / "none", signer=ANN).told() == Told()


def test_each_line_carries_the_key_that_the_witness_has_said(tmp_path: Path) -> None:
    (line, *_) = filled(tmp_path).files[0].read_bytes().splitlines()
    (signature,) = json.loads(line)["signatures"]
    assert signature["keyid"] == cosigner(ANN).id
    assert opened(line, ANN)["sighting"]["host"] == "shop.example"
    with pytest.raises(ValueError, match="this witness has not signed it"):
        opened(line, BOB)


def test_a_line_that_is_changed_dropped_moved_or_put_in_is_found(tmp_path: Path) -> None:
    diary = filled(tmp_path)
    (path,) = diary.files
    lines = path.read_bytes().splitlines()
    forged = envelope(b'{"sighting":{"at":"x","trouble":null},"answered":true,"previous":""}', BOB)
    for other, complaints in (
        ([lines[0], lines[2], lines[3]], ["sightings-2026-03.jsonl, line 2: a line before"]),
        (lines[1:], ["sightings-2026-03.jsonl, line 1: a line before it is missing"]),
        ([lines[0], lines[2], lines[1], lines[3]], ["line 2", "line 3", "line 4"]),
        ([lines[0], forged, *lines[1:]], ["line 2: this witness has not", "line 3: a line before"]),
        ([lines[0][:-9], *lines[1:]], ["line 1", "line 2: a line before it is missing"]),
        ([b"", *lines], ["line 1"]),
    ):
        path.write_bytes(b"\n".join(other) + b"\n")
        found = diary.told().complaints
        assert len(found) == len(complaints)
        assert all(want in said for want, said in zip(complaints, found, strict=True))


def test_after_a_line_that_was_cut_off_it_goes_on(tmp_path: Path) -> None:
    diary = filled(tmp_path)
    (path,) = diary.files
    path.write_bytes(path.read_bytes()[:-40])
    diary.add(replace(GOOD, at=NOON + timedelta(days=30)))
    told = diary.told()
    assert told.sightings == 4
    (complaint,) = told.complaints
    assert complaint.startswith("sightings-2026-03.jsonl, line 4: ")


def test_no_more_complaints_than_anybody_reads(tmp_path: Path) -> None:
    (tmp_path / "sightings-2026-03.jsonl").write_bytes(b"garbage\n" * 100)
    assert len(Diary(folder=tmp_path, signer=ANN).told().complaints) == COMPLAINTS_LIMIT


@given(st.binary(max_size=200) | st.sampled_from([b"{}", b"[]", b'{"payload":1}', b"null"]))
def test_any_line_is_refused_in_words(line: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        opened(line, ANN)
