import pytest

from standfast.core.errors import CannotVerify, Unreachable
from standfast.evidence import bundle, merkle
from standfast.evidence.checkers import PAYS_FROM
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.edge import EMPTY, grow
from standfast.evidence.envelope import leaf
from standfast.evidence.note import Verifier, sign, vkey
from standfast.evidence.read import READ_LIMIT, read_log
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.tiles import (
    bundles,
    read_entries,
    written_entries,
    written_hashes,
)
from standfast.evidence.transport import FolderTransport, Missing

ORIGIN = "evidence.example.test/log"


class Served:
    """A log's files in memory, to be spoilt at will."""

    def __init__(self, files):
        self.files = dict(files)
        self.asked = []

    def fetch(self, path):
        self.asked.append(path)
        if path not in self.files:
            raise Missing(f"the log has no {path}")
        return self.files[path]


@pytest.fixture
def long(told):
    """300 entries: one full bundle, one partial, three tiles of hashes."""
    told.enrol()
    slot = told.slot(0, 24)
    while len(told.predicates) < 300:
        told.prove(slot, len(told.predicates) / 100)
    return told


@pytest.fixture
def served(long, tmp_path, open_log):
    open_log(tmp_path).append(long.leaves())
    return Served(
        {
            str(each.relative_to(tmp_path)): each.read_bytes()
            for each in tmp_path.rglob("*")
            if each.is_file()
        }
    )


def rewritten(files, entries):
    """What somebody serves who has everything but the log's key: all new except the checkpoint."""
    growth = grow(EMPTY, [merkle.leaf_hash(each) for each in entries])
    tiles = {tile.path: written_hashes(hashes) for tile, hashes in growth.tiles}
    packed = {
        tile.path: written_entries(entries[tile.first : tile.first + tile.width])
        for tile in bundles(len(entries))
    }
    return {"checkpoint": files["checkpoint"], **tiles, **packed}


def indexes(record):
    return [each.index for each in record.entries]


def spoil_bundle(served, path, change):
    served.files[path] = written_entries(change(list(read_entries(served.files[path]))))


def test_an_untouched_log_is_read_whole_and_without_complaint(served, long):
    record = read_log(served, long.vkey)
    assert record.complaints == ()
    assert indexes(record) == list(range(300))
    assert record.leaves == tuple(merkle.leaf_hash(each) for each in long.leaves())
    assert {each.signer for each in record.entries} == {ORIGIN, "monitor-1"}
    assert [each.statement.predicate for each in record.entries] == long.predicates


@pytest.mark.parametrize("index", [0, 1, 7, 255, 256, 299])
def test_one_altered_entry_is_named_and_the_others_stay(served, long, index):
    path = "tile/entries/000" if index < 256 else "tile/entries/001.p/44"

    def alter(entries):
        at = index % 256
        entries[at] = entries[at].replace(b"A", b"B", 1)
        return entries

    spoil_bundle(served, path, alter)
    record = read_log(served, long.vkey)
    assert record.complaints[0] == f"entry {index} has been altered or dropped"
    assert index not in indexes(record)
    if index:
        assert len(record.complaints) == 1
        assert len(record.entries) == 299


@pytest.mark.parametrize("index", [1, 255, 256, 299])
def test_one_dropped_entry_is_named_and_the_others_stay(served, long, index):
    path = "tile/entries/000" if index < 256 else "tile/entries/001.p/44"
    spoil_bundle(served, path, lambda each: each[: index % 256] + each[index % 256 + 1 :])
    record = read_log(served, long.vkey)
    assert record.complaints == (f"entry {index} has been altered or dropped",)
    assert indexes(record) == [n for n in range(300) if n != index]


def test_two_entries_that_changed_places_are_both_named(served, long):
    def swap(entries):
        entries[3], entries[200] = entries[200], entries[3]
        return entries

    spoil_bundle(served, "tile/entries/000", swap)
    record = read_log(served, long.vkey)
    assert record.complaints == ("entry 3 is not in its place", "entry 200 is not in its place")


def test_an_entry_that_was_covered_with_a_copy_of_another_is_named(served, long):
    def cover(entries):
        return [*entries[:9], entries[8], *entries[10:]]

    spoil_bundle(served, "tile/entries/000", cover)
    record = read_log(served, long.vkey)
    assert record.complaints == ("entry 9 has been altered or dropped",)
    assert indexes(record) == [n for n in range(300) if n != 9]


def test_an_entry_slipped_in_is_noticed(served, long):
    extra = long.leaves()[5]
    spoil_bundle(served, "tile/entries/001.p/44", lambda each: [extra, *each])
    record = read_log(served, long.vkey)
    assert record.complaints == ("45 entries lie where 44 were signed, from 256 on",)
    assert indexes(record) == list(range(300))


@pytest.mark.parametrize("spoilt", [None, b"", b"\x00", b"\x00\x05abc"])
def test_a_bundle_that_is_missing_or_cut_off_is_named_by_its_entries(served, long, spoilt):
    if spoilt is None:
        del served.files["tile/entries/001.p/44"]
    else:
        served.files["tile/entries/001.p/44"] = spoilt
    record = read_log(served, long.vkey)
    named = "entries 256 to 299 are missing or cannot be read"
    assert record.complaints[0] in (named, "entry 256 has been altered or dropped")
    assert indexes(record) == list(range(256))


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"])
def test_a_spoilt_tile_is_named_and_the_entries_speak_for_themselves(served, long, path):
    for spoilt in (None, b"", b"x", bytes(len(served.files[path]))):
        files = {**served.files, path: spoilt}
        if spoilt is None:
            del files[path]
        record = read_log(Served(files), long.vkey)
        assert record.complaints == (f"{path} is missing or not what it must be",)
        assert indexes(record) == list(range(300))


def test_with_tiles_rewritten_to_match_an_altered_entry_nothing_is_believed(served, long):
    leaves = long.leaves()
    leaves[9] = leaves[9].replace(b"A", b"B", 1)
    record = read_log(Served(rewritten(served.files, leaves)), long.vkey)
    assert record.complaints[0] == ("the entries do not give the root signed for 300 of them")
    assert any(each.startswith("entry 9 does not count") for each in record.complaints)
    assert (record.entries, record.leaves) == ((), ())


def test_with_everything_rewritten_to_leave_an_entry_out_nothing_is_believed(served, long):
    leaves = long.leaves()
    for other in ([*leaves[:9], *leaves[10:]], [*leaves[:9], leaves[10], leaves[9], *leaves[11:]]):
        record = read_log(Served(rewritten(served.files, other)), long.vkey)
        assert record.complaints
        assert record.entries == ()


def test_every_flipped_byte_of_every_file_is_noticed(kept, open_log, tmp_path):
    open_log(tmp_path).append(kept.leaves())
    names = ["checkpoint", "tile/0/000.p/4", "tile/entries/000.p/4"]
    good = {name: (tmp_path / name).read_bytes() for name in names}
    for name in names:
        for at in range(0, len(good[name]), 3):
            spoilt = bytearray(good[name])
            spoilt[at] ^= 1
            try:
                record = read_log(Served({**good, name: bytes(spoilt)}), kept.vkey)
            except CannotVerify:
                assert name == "checkpoint"
                continue
            assert record.complaints, f"byte {at} of {name}"


def test_an_entry_of_an_unknown_signer_is_named_and_left_out(kept, open_log, tmp_path):
    stranger = Ed25519Signer.from_seed("monitor-9", bytes([9] * 32))
    good = kept.leaves()
    kept.machine = stranger
    open_log(tmp_path).append([*good, kept.leaves()[2], b"not even an envelope"])
    record = read_log(Served(_files(tmp_path)), kept.vkey)
    assert indexes(record) == [0, 1, 2, 3]
    assert [each.partition(":")[0] for each in record.complaints] == [
        "entry 4 does not count",
        "entry 5 does not count",
    ]


def test_a_long_list_of_complaints_ends_with_their_number(open_log, tmp_path, told):
    open_log(tmp_path).append([b"junk %d" % n for n in range(50)])
    record = read_log(Served(_files(tmp_path)), told.vkey)
    assert len(record.complaints) == 21
    assert record.complaints[-1] == "and 30 more of this sort"


def test_a_partial_tile_that_was_removed_is_read_from_the_full_one(told, open_log, tmp_path):
    """A reader who took the checkpoint just before the tile filled up."""
    told.enrol()
    slot = told.slot(0, 24)
    for n in range(298):
        told.prove(slot, n / 100)
    leaves = told.leaves()
    log = open_log(tmp_path)
    old = log.append(leaves[:200])
    log.append(leaves[200:])
    files = _files(tmp_path)
    assert "tile/0/000.p/200" not in files
    record = read_log(Served({**files, "checkpoint": old}), told.vkey)
    assert record.complaints == ()
    assert indexes(record) == list(range(200))


def test_a_reader_asks_only_for_what_the_checkpoint_commits_to(served, long):
    read_log(served, long.vkey)
    assert served.asked == [
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    ]


def test_without_a_checkpoint_of_this_key_there_is_nothing_to_read(served, long, told):
    other = vkey(Ed25519Signer.from_seed(ORIGIN, bytes([5] * 32)))
    with pytest.raises(CannotVerify, match="no known key"):
        read_log(served, other)
    with pytest.raises(Missing):
        read_log(Served({}), long.vkey)


@pytest.mark.parametrize(
    ("origin", "size", "problem"),
    [("elsewhere", 1, "is of elsewhere"), (ORIGIN, READ_LIMIT + 1, "longer than can be read")],
)
def test_a_checkpoint_of_another_log_or_of_an_absurd_size_is_refused(told, origin, size, problem):
    text = Checkpoint(origin=origin, size=size, root=bytes(32)).to_text()
    with pytest.raises(CannotVerify, match=problem):
        read_log(Served({"checkpoint": sign(text, [told.log_signer])}), told.vkey)


def test_an_empty_log_has_no_entries_and_no_complaint(told):
    empty = Checkpoint(origin=ORIGIN, size=0, root=merkle.root([])).to_text()
    record = read_log(Served({"checkpoint": sign(empty, [told.log_signer])}), told.vkey)
    assert (record.entries, record.complaints) == ((), ())


def test_a_server_that_does_not_answer_is_not_the_same_as_a_missing_file(served, long):
    class Silent(Served):
        def fetch(self, path):
            if path.startswith("tile/0"):
                raise Unreachable("nobody answered")
            return super().fetch(path)

    with pytest.raises(Unreachable):
        read_log(Silent(served.files), long.vkey)


def test_entries_of_two_sites_in_one_log_are_complained_about(kept, open_log, tmp_path):
    foreign = leaf("elsewhere", kept.predicates[2], kept.machine)
    open_log(tmp_path).append([*kept.leaves(), foreign])
    record = read_log(Served(_files(tmp_path)), kept.vkey)
    assert record.complaints == ("entry 4 is about another site, elsewhere",)


def test_a_log_of_many_batches_is_read_whole(told, tmp_path, open_log):
    told.enrol()
    slot = told.slot(0, 24)
    told.prove(slot, 1)
    first = told.leaves()
    log = open_log(tmp_path)
    log.append(first[:2])
    for _ in range(4):
        log.append([first[2]] * 500)
    record = read_log(Served(_files(tmp_path)), told.vkey)
    assert (len(record.entries), record.complaints) == (2_002, ())


def test_one_false_signature_in_a_long_log_is_named_and_the_others_stay(told, tmp_path, open_log):
    """So many that other processes check them; one is by a key that signs under another's name."""
    told.enrol()
    slot = told.slot(0, 24)
    told.prove(slot, 1)
    first = told.leaves()
    real = Verifier.of("monitor-1", told.machine.public_key).id
    told.machine = Ed25519Signer.from_seed("monitor-1", bytes([9] * 32))
    false = Verifier.of("monitor-1", told.machine.public_key).id
    impostor = told.leaves()[2].replace(false.encode(), real.encode())
    leaves = [*first[:2], *[first[2]] * (PAYS_FROM + 500)]
    leaves[1_999] = impostor
    log = open_log(tmp_path)
    for at in range(0, len(leaves), 500):
        log.append(leaves[at : at + 500])
    record = read_log(Served(_files(tmp_path)), told.vkey)
    assert record.complaints == (
        "entry 1999 does not count: the signature of monitor-1 under it is false",
    )
    assert indexes(record) == [n for n in range(len(leaves)) if n != 1_999]


def test_a_key_that_is_enrolled_in_the_midst_of_a_long_log_counts_from_there(
    told, tmp_path, open_log
):
    told.enrol()
    slot = told.slot(0, 24)
    told.prove(slot, 1)
    first = told.leaves()
    told.machine = Ed25519Signer.from_seed("monitor-2", bytes([7] * 32))
    told.enrol()
    late = told.leaves()
    leaves = [*first[:2], *[first[2]] * 1_000, late[2], late[3], *[late[2]] * 1_500]
    log = open_log(tmp_path)
    for at in range(0, len(leaves), 500):
        log.append(leaves[at : at + 500])
    record = read_log(Served(_files(tmp_path)), told.vkey)
    assert len(record.complaints) == 1
    assert record.complaints[0].startswith("entry 1002 does not count: it is signed by 'monitor-2")
    assert len(record.entries) == len(leaves) - 1


def test_a_file_that_is_as_it_was_is_not_opened_and_one_that_is_not_is(
    long, served, grown, monkeypatch
):
    """By the hash of the whole file, which a reader keeps who reads again."""
    before = read_log(served, long.vkey, before=grown, again=True)
    assert len(before.files) == 2
    opened = []
    monkeypatch.setattr(bundle, "read_entries", lambda data: opened.append(1) or read_entries(data))
    assert read_log(served, long.vkey, before=before, again=True) == before
    assert opened == []
    alter_an_entry(served)
    assert read_log(served, long.vkey, before=before, again=True).complaints == (
        "entry 9 has been altered or dropped",
    )
    assert opened


def _files(folder):
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


def drop_the_enrolment(served):
    spoil_bundle(served, "tile/entries/000", lambda entries: [b"", *entries[1:]])


def alter_an_entry(served):
    spoil_bundle(served, "tile/entries/000", lambda entries: [*entries[:9], b"x", *entries[10:]])


def lose_a_bundle(served):
    del served.files["tile/entries/000"]


def lose_everything_but_the_checkpoint(served):
    served.files = {"checkpoint": served.files["checkpoint"]}


def leave_it(served):
    pass


@pytest.fixture
def grown(long, served, tmp_path, open_log):
    """What was read of the first 300 entries; then the log grows by ten."""
    before = read_log(served, long.vkey)
    for _ in range(10):
        long.prove(1, 3)
    open_log(tmp_path).append(long.leaves()[300:])
    served.files = {
        str(each.relative_to(tmp_path)): each.read_bytes()
        for each in tmp_path.rglob("*")
        if each.is_file()
    }
    return before


def test_what_was_read_before_is_not_opened_again(long, served, grown):
    again = read_log(served, long.vkey, before=grown)
    assert again == read_log(served, long.vkey)
    assert len(again.entries) == 310
    assert all(old is new for old, new in zip(grown.entries, again.entries, strict=False))


@pytest.mark.parametrize(
    "spoil",
    [
        leave_it,
        drop_the_enrolment,
        alter_an_entry,
        lose_a_bundle,
        lose_everything_but_the_checkpoint,
    ],
)
def test_having_read_it_before_changes_nothing_of_what_is_found(long, served, grown, spoil):
    spoil(served)
    fresh = read_log(served, long.vkey)
    assert read_log(served, long.vkey, before=grown) == fresh
    assert bool(fresh.complaints) is (spoil is not leave_it)


def test_a_log_that_was_rewritten_is_judged_anew(long, served, grown, tmp_path, open_log):
    del long.predicates[1:]
    open_log(tmp_path / "other").append(long.leaves())
    other = FolderTransport(tmp_path / "other")
    assert read_log(other, long.vkey, before=grown) == read_log(other, long.vkey)


def test_what_was_found_wrong_before_is_looked_at_again(long, served, grown):
    alter_an_entry(served)
    spoilt = read_log(served, long.vkey, before=grown)
    served.files["tile/entries/000"] = written_entries(long.leaves()[:256])
    assert read_log(served, long.vkey, before=spoilt) == read_log(served, long.vkey)
    assert len(read_log(served, long.vkey, before=spoilt).entries) == 310
