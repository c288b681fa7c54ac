"""Whatever a server sends: each reader of the room refuses it in the room's own words, or it is
exactly what the room itself would have written. Examples are drawn by a fixed seed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standfast.core.errors import CannotVerify
from standfast.evidence import merkle
from standfast.evidence.checkpoint import SIZE_LIMIT, Checkpoint
from standfast.evidence.draft import Draft
from standfast.evidence.edge import EMPTY, grow
from standfast.evidence.entries import Entry
from standfast.evidence.envelope import claimed, leaf, opened, seal
from standfast.evidence.explanation import explanations
from standfast.evidence.inspection import Fetched, inspect
from standfast.evidence.note import Verifier, good_name, open_note, parse_vkey, sign
from standfast.evidence.proof import EntryProof, prove
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.statement import (
    Answers,
    Availability,
    Proof,
    Slot,
    Statement,
    TextNotice,
    canonical,
)
from standfast.evidence.tiles import (
    ENTRY_LIMIT_BYTES,
    bundles,
    hash_tiles,
    read_entries,
    read_hashes,
    written_entries,
    written_hashes,
)
from standfast.promises.judge import judge
from standfast.promises.model import Grade

few = settings(
    max_examples=150,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""All of them together in less than ten seconds, also on a computer that does other work."""

SIGNER = Ed25519Signer.from_seed("log.example.test/log", bytes(32))
KEY = Verifier.of(SIGNER.name, SIGNER.public_key)
FIRST, LAST = datetime(2000, 1, 1), datetime(2999, 12, 31)

letters = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
hashes = st.binary(min_size=32, max_size=32)
sizes = st.integers(0, SIZE_LIMIT - 1)
origins = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1)
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC)).map(
    lambda each: each.replace(microsecond=each.microsecond // 1000 * 1000)
)
promises = letters.filter(lambda each: "/" not in each)
"""A subject is site and promise with a slash between them; the last one ends the site."""

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60)
figures = st.dictionaries(letters, numbers, max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | letters,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(letters, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def proofs(draw: st.DrawFn) -> Proof:
    began, objective, measured = draw(moments), draw(figures), draw(figures)
    stand_ins = draw(st.lists(letters, max_size=2))
    return Proof(
        slot=draw(st.integers(0, 2**53)),
        promise=draw(promises),
        drill=draw(letters),
        outcome=judge(objective, measured),
        grade=Grade.REHEARSED if stand_ins else Grade.REAL,
        stand_ins=tuple(stand_ins),
        objective=objective,
        measured=measured,
        started_at=began,
        ended_at=min(
            began + timedelta(seconds=draw(st.integers(0, 9999))), LAST.replace(tzinfo=UTC)
        ),
        run=draw(letters),
        story=tuple(draw(st.lists(letters, max_size=2))),
        seen=draw(st.dictionaries(letters, values, max_size=3)),
    )


texts = st.builds(TextNotice, text=letters, at=moments)
slots = st.builds(
    lambda promise, drill, objective, start: Slot(
        promise=promise,
        drill=drill,
        statement="It holds.",
        objective=objective,
        default_objective=objective,
        proof="It is tried.",
        starts_at=start,
        until=start + timedelta(hours=1),
        calibrated_within_s=604_800,
        period_s=86_400,
    ),
    promises,
    st.none() | letters,
    figures,
    st.datetimes(FIRST, LAST - timedelta(days=1), timezones=st.just(UTC)),
)


@st.composite
def looks(draw: st.DrawFn) -> Availability:
    """One address, and an outage of any length within."""
    every_s, made = draw(st.integers(1, 60)), draw(st.integers(1, 400))
    start = draw(st.datetimes(FIRST, LAST - timedelta(days=1), timezones=st.just(UTC)))
    until = start + timedelta(seconds=every_s * made)
    answered = draw(st.integers(0, made))
    failed = timedelta(seconds=draw(st.integers(0, every_s * made)))
    down = answered < made and draw(st.booleans())
    outages = ((until - failed, until),) if answered < made else ()
    return Availability(
        starts_at=start,
        until=until,
        every_s=every_s,
        looks=made,
        answered=answered,
        addresses=(Answers(address=draw(letters), answered=answered),),
        outages=outages,
        down=down,
    )


statements = st.builds(
    lambda site, predicate: Statement(site=site, predicate=predicate),
    letters,
    proofs() | slots | texts | looks(),
)


@st.composite
def mutated(draw: st.DrawFn, good: bytes) -> bytes:
    """A few bits flipped, or bytes changed, inserted, left out, doubled or moved."""
    found = good
    for _ in range(draw(st.integers(1, 4))):
        at, end = sorted(draw(st.tuples(*[st.integers(0, len(found))] * 2)))
        match draw(st.integers(0, 5)):
            case 5:
                flipped = bytes(each ^ 1 << draw(st.integers(0, 7)) for each in found[at : at + 1])
                found = found[:at] + flipped + found[at + 1 :]
            case 0:
                found = found[:at] + draw(st.binary(min_size=1, max_size=4)) + found[at + 1 :]
            case 1:
                found = found[:at] + draw(st.binary(max_size=8)) + found[at:]
            case 2:
                found = found[:at] + found[end:]
            case 3:
                found = found[:end] + found[at:end] + found[end:]
            case _:
                found = found[end:] + found[at:end] + found[:at]
    return found


def some_log(count: int) -> tuple[list[bytes], list[bytes], bytes]:
    """Entries, their hashes, and the signed checkpoint."""
    entries = [b"entry %d" % number for number in range(count)]
    leaves = [merkle.leaf_hash(each) for each in entries]
    text = Checkpoint(origin=KEY.name, size=count, root=merkle.root(leaves)).to_text()
    return entries, leaves, sign(text, [SIGNER])


ENTRIES, LEAVES, NOTE = some_log(300)
CHECKPOINT = Checkpoint(origin=KEY.name, size=300, root=merkle.root(LEAVES))
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
EMPTY_PROOF = Statement(
    site="example",
    predicate=Proof(
        slot=0,
        promise="p",
        drill="d",
        outcome=judge({}, {}),
        grade=Grade.REAL,
        stand_ins=(),
        objective={},
        measured={},
        started_at=MARCH,
        ended_at=MARCH,
        run="r",
        story=(),
        seen={},
    ),
)
NOTICE = TextNotice(text="a notice", at=MARCH)
ENVELOPE = leaf("example", NOTICE, SIGNER)
PAYLOAD = Statement(site="example", predicate=NOTICE).payload()
PROOF = prove(ENTRIES[299], 299, LEAVES, NOTE).to_bytes()
DRAFT = Draft(machine="monitor-1", base=CHECKPOINT, then=CHECKPOINT).to_text().encode()


def noted(data: bytes) -> bytes:
    text, names = open_note(data, [KEY])
    assert names == (KEY.name,)
    return data if sign(text, [SIGNER]) == NOTE else b"another text was believed"


def checkpoint(data: bytes) -> bytes:
    text = data.decode(errors="replace")
    return data if Checkpoint.from_text(text).to_text() == text else b"another text was believed"


def vkey(data: bytes) -> bytes:
    found = data.decode(errors="replace")
    return data if parse_vkey(found).vkey == found.strip() else b""


def statement(data: bytes) -> bytes:
    return Statement.from_payload(data).payload()


def envelope(data: bytes) -> bytes:
    found = claimed(data, KEY).statement.payload()
    return seal(found, SIGNER) if claimed(data, KEY).by_log else data


def opened_envelope(data: bytes) -> bytes:
    return seal(opened(data, [KEY]).statement.payload(), SIGNER)


def entry_proof(data: bytes) -> bytes:
    return EntryProof.from_bytes(data).to_bytes()


def checked_proof(data: bytes) -> bytes:
    found = EntryProof.from_bytes(data)
    assert found.checked(KEY) == CHECKPOINT
    assert found.entry == ENTRIES[found.index]
    return data


def tile(data: bytes) -> bytes:
    return written_hashes(read_hashes(data))


def bundle(data: bytes) -> bytes:
    return written_entries(read_entries(data))


def draft(data: bytes) -> bytes:
    Draft.from_text(data.decode(errors="replace"))
    return data


READERS: dict[str, tuple[Callable[[bytes], bytes], bytes]] = {
    "note": (noted, NOTE),
    "checkpoint": (checkpoint, CHECKPOINT.to_text().encode()),
    "key": (vkey, KEY.vkey.encode()),
    "statement": (statement, PAYLOAD),
    "envelope, its key unknown": (envelope, ENVELOPE),
    "envelope": (opened_envelope, ENVELOPE),
    "proof": (entry_proof, PROOF),
    "proof with its key": (checked_proof, PROOF),
    "tile": (tile, written_hashes(LEAVES[:5])),
    "bundle": (bundle, written_entries(ENTRIES[:5])),
    "draft": (draft, DRAFT),
}


def refused_or_the_same(reader: Callable[[bytes], bytes], data: bytes) -> None:
    try:
        again = reader(data)
    except CannotVerify:
        return
    assert again == data


@pytest.mark.parametrize("name", READERS)
def test_what_the_room_writes_is_read(name: str) -> None:
    reader, good = READERS[name]
    assert reader(good) == good


@pytest.mark.parametrize("name", READERS)
def test_a_changed_file_is_refused_or_is_one_that_we_would_write(name: str) -> None:
    reader, good = READERS[name]

    @few
    @given(mutated(good))
    def changed(data: bytes) -> None:
        refused_or_the_same(reader, data)

    changed()


@pytest.mark.parametrize("name", READERS)
def test_any_bytes_are_refused_or_are_what_we_would_write(name: str) -> None:
    reader, _ = READERS[name]

    @few
    @given(
        st.binary(max_size=300)
        | st.text(max_size=100).map(lambda text: text.encode(errors="replace"))
    )
    def arbitrary(data: bytes) -> None:
        refused_or_the_same(reader, data)

    arbitrary()


@few
@given(statements, st.data())
def test_json_that_is_nearly_a_statement_is_refused_or_the_same(
    said: Statement, data: st.DataObject
) -> None:
    """Valid JSON with one value replaced: what a careless or clever writer would send."""
    document = json.loads(said.payload())
    place = document["predicate"] if data.draw(st.booleans()) else document
    place[data.draw(st.sampled_from(sorted(place)) | letters)] = data.draw(values)
    refused_or_the_same(statement, canonical(document))


@pytest.mark.parametrize(
    "value",
    ["[" * 5000 + "]" * 5000, "1e999", "1" * 5000, "NaN", '"\\ud800"', '{"a":1,"a":2}', "-0.0"],
)
def test_json_that_parsers_disagree_about_is_refused(value: str) -> None:
    payload = EMPTY_PROOF.payload().replace(b'"seen":{}', b'"seen":{"x":%s}' % value.encode())
    assert payload != EMPTY_PROOF.payload()
    with pytest.raises(CannotVerify):
        statement(payload)


@few
@given(statements)
def test_every_statement_survives_being_signed_logged_and_read(said: Statement) -> None:
    assert Statement.from_payload(said.payload()) == said
    assert opened(seal(said.payload(), SIGNER), [KEY]).statement == said


@few
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n")))
def test_every_text_survives_being_signed_and_opened(text: str) -> None:
    assert open_note(sign(f"{text}\n", [SIGNER]), [KEY]) == (f"{text}\n", (KEY.name,))


@few
@given(origins.filter(good_name), sizes, hashes)
def test_every_checkpoint_survives_being_written_and_read(
    origin: str, size: int, root: bytes
) -> None:
    found = Checkpoint(origin=origin, size=size, root=root)
    assert Checkpoint.from_text(found.to_text()) == found


@few
@given(origins.filter(good_name), st.binary(min_size=32, max_size=32))
def test_every_key_survives_being_written_and_read(name: str, seed: bytes) -> None:
    key = Verifier.of(name, Ed25519Signer.from_seed("x", seed).public_key)
    assert parse_vkey(key.vkey) == key


@few
@given(st.lists(st.binary(max_size=600) | st.just(bytes(ENTRY_LIMIT_BYTES)), max_size=5))
def test_all_entries_survive_being_bundled(entries: list[bytes]) -> None:
    assert read_entries(written_entries(entries)) == tuple(entries)


@few
@given(st.integers(1, 700), st.data())
def test_every_entry_is_proven_and_every_other_place_refused(
    size: int, data: st.DataObject
) -> None:
    leaves = [merkle.leaf_hash(b"%d" % number) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    claimed_index, claimed_size = data.draw(st.tuples(sizes, sizes) | st.just((index, size)))
    shown = merkle.included(
        leaf=leaves[index],
        index=claimed_index,
        size=claimed_size,
        proof=merkle.inclusion_proof(leaves, index),
        root=merkle.root(leaves),
    )
    if (claimed_index, claimed_size) == (index, size):
        assert shown
    elif claimed_index >= claimed_size:
        assert not shown


@few
@given(st.integers(1, 700), st.data())
def test_growing_in_steps_gives_the_tree_that_growing_at_once_gives(
    size: int, data: st.DataObject
) -> None:
    leaves = [merkle.leaf_hash(b"%d" % number) for number in range(size)]
    first = data.draw(st.integers(1, size))
    begun = grow(EMPTY, leaves[:first])
    assert begun.edge.root() == merkle.root(leaves[:first])
    assert grow(begun.edge, leaves[first:]).edge == grow(EMPTY, leaves).edge
    proof = merkle.consistency_proof(leaves, first)
    assert merkle.consistent(
        old_size=first,
        old_root=begun.edge.root(),
        size=size,
        root=merkle.root(leaves),
        proof=proof,
    )


@few
@given(st.data())
def test_whatever_a_server_sends_for_tiles_and_bundles_no_false_entry_is_believed(
    data: st.DataObject,
) -> None:
    """Each file is the right one, an altered one, or missing."""
    tiles = dict(grow(EMPTY, LEAVES).tiles)
    good = {each: tuple(ENTRIES[each.first : each.first + each.width]) for each in bundles(300)} | {
        each: tiles[each] for each in hash_tiles(300)
    }

    def sent(content: tuple[bytes, ...]) -> tuple[bytes, ...] | None:
        match data.draw(st.integers(0, 3)):
            case 0:
                return None
            case 1:
                at = data.draw(st.integers(0, len(content) - 1))
                return (*content[:at], data.draw(hashes), *content[at + 1 :])
            case 2:
                return content[data.draw(st.integers(0, len(content))) :]
            case _:
                return content

    found = inspect(
        CHECKPOINT,
        Fetched(
            bundles={each: sent(good[each]) for each in bundles(300)},
            tiles={each: sent(good[each]) for each in hash_tiles(300)},
        ),
    )
    if found.leaves is None:
        assert found.complaints
        return
    assert found.leaves == tuple(LEAVES)
    for number, entry in enumerate(found.entries):
        assert entry in (None, ENTRIES[number])
    assert found.complaints or found.entries == tuple(ENTRIES)


@few
@given(st.lists(letters | st.just("The broken proof in entry 0 is explained: x"), max_size=4))
def test_no_text_explains_what_is_not_broken(said: list[str]) -> None:
    entries = [
        Entry(
            index=index,
            signer="",
            statement=Statement(site="s", predicate=TextNotice(text=text, at=MARCH)),
        )
        for index, text in enumerate(said)
    ]
    assert explanations(entries) == {}
