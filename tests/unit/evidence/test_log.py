import base64
import fcntl
import threading
from pathlib import Path

import pytest
from tests.unit.written import WrittenLog

from standfast.core.errors import BrokenInvariant, CannotVerify, Refused
from standfast.evidence import merkle
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.log import Log, write_durably
from standfast.evidence.note import Verifier, open_note, parse_vkey, sign, vkey
from standfast.evidence.read import read_log
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.tiles import read_entries
from standfast.evidence.transport import FolderTransport

ORIGIN = "evidence.example.test/log"
GOLDEN_SEED = "PRIVATE+KEY+example.com/log/testdata+33d7b496+\
AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg"
GOLDEN_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
GOLDEN_ROOTS = {
    7: "IrSXADBqJ7EQoUODSDKROySgNveeL6CFhik2w/+fS7U=",
    14: "SvCd38yNade7xEPY1a/aAc1M3A2AHYVF8lIiUnsH1ao=",
    15: "rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=",
}
"""Of the test log of Tessera, whose leaves are spelt as follows."""

WORDS = (
    b"one two three four five six seven eit nain ten ileven twelf threeten fourten fivten"
).split()


class Killed(Exception):
    pass


class DyingWriter:
    """Writes as usual until the write number `step`, which it does not do, or does not survive."""

    def __init__(self, step, *, after=False):
        self._left = step
        self._after = after

    def __call__(self, path, content):
        if self._left == 0 and not self._after:
            raise Killed
        write_durably(path, content)
        if self._left == 0:
            raise Killed
        self._left -= 1


@pytest.fixture
def signer():
    return Ed25519Signer.from_seed(ORIGIN, bytes(32))


def copy(folder, signer, write=write_durably):
    return Log(folder, Verifier.of(signer.name, signer.public_key), write=write)


def words(first, count):
    return [b"%d" % n for n in range(first, first + count)]


def golden_signer():
    _, _, name, _, encoded = GOLDEN_SEED.split("+", 4)
    return Ed25519Signer.from_seed(name, base64.b64decode(encoded)[1:])


def files(folder):
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in sorted(folder.rglob("*"))
        if each.is_file()
    }


def test_the_golden_log_of_another_implementation_is_reproduced(tmp_path):
    signer = golden_signer()
    log = WrittenLog(tmp_path, signer)
    notes = [log.append([word]) for word in WORDS]
    assert vkey(signer) == GOLDEN_KEY
    for size, root in GOLDEN_ROOTS.items():
        text, _ = open_note(notes[size - 1], [parse_vkey(GOLDEN_KEY)])
        assert text == f"example.com/log/testdata\n{size}\n{root}\n"
    assert read_entries((tmp_path / "tile/entries/000.p/15").read_bytes()) == tuple(WORDS)


def test_the_same_leaves_and_key_give_the_same_bytes_in_any_batches(tmp_path):
    signer = golden_signer()
    one_by_one = WrittenLog(tmp_path / "a", signer)
    notes = [one_by_one.append([word]) for word in WORDS]
    at_once = WrittenLog(tmp_path / "b", signer).append(WORDS)
    assert at_once == notes[-1]
    a, b = files(tmp_path / "a"), files(tmp_path / "b")
    assert {path: a[path] for path in b} == b


def test_entries_are_numbered_from_nought_in_the_order_of_appending(tmp_path, signer):
    log = WrittenLog(tmp_path, signer)
    assert log.copy.published.size == 0
    for first, count in ((0, 300), (300, 1), (301, 700)):
        log.append(words(first, count))
    again = copy(tmp_path, signer)
    assert again.published.size == 1001
    wanted = (0, 255, 256, 300, 767, 768, 1000)
    assert [again.entry(n) for n in wanted] == [b"%d" % n for n in wanted]
    for index in (-1, 1001):
        with pytest.raises(IndexError, match="no entry"):
            again.entry(index)


def test_a_log_may_be_appended_to_one_by_one_across_the_edges_of_tiles(tmp_path, signer):
    log = WrittenLog(tmp_path, signer, write=write_plainly)
    for n in range(520):
        log.append([b"%d" % n])
        if n in (0, 254, 255, 256, 511, 512):
            root = merkle.root([merkle.leaf_hash(each) for each in words(0, n + 1)])
            text, _ = open_note((tmp_path / "checkpoint").read_bytes(), [parse_vkey(vkey(signer))])
            assert Checkpoint.from_text(text).root == root
    assert [log.copy.entry(n) for n in range(520)] == words(0, 520)


def write_plainly(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_narrower_versions_of_a_full_tile_are_removed(tmp_path, signer):
    log = WrittenLog(tmp_path, signer, write=write_plainly)
    log.append(words(0, 100))
    log.append(words(100, 100))
    assert {each for each in files(tmp_path) if "000.p" in each} == {
        "tile/0/000.p/100",
        "tile/0/000.p/200",
        "tile/entries/000.p/100",
        "tile/entries/000.p/200",
    }
    log.append(words(200, 100))
    assert {each for each in files(tmp_path) if ".p/" in each} == {
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/001.p/44",
    }


def test_narrower_versions_that_were_never_published_are_removed_too(tmp_path, signer):
    log = WrittenLog(tmp_path, signer, write=write_plainly)
    log.append(words(0, 100))
    for first, count in ((100, 200), (300, 300), (600, 100)):
        leaves = words(first, count)
        log.copy.extend(leaves, log.copy.grown(leaves))
    log.append(words(700, 1))
    assert not [
        each
        for each in files(tmp_path)
        if "/000.p" in each or "/001.p" in each
        if not each.startswith("tile/1/")
    ]
    assert_whole(tmp_path, signer, 701)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("before", "batch"), [(0, 1), (3, 2), (254, 5), (256, 1), (250, 600)])
def test_a_copy_whose_extension_was_killed_at_any_step_goes_on(
    tmp_path, signer, before, batch, after
):
    """Every interrupted prefix. It stands where it stood or where it was to stand; extended by
    something else instead, or by the same again, it is whole."""
    step, finished = 0, False
    while not finished:
        folder = tmp_path / str(step)
        if before:
            WrittenLog(folder, signer, write=write_plainly).append(words(0, before))
        first = [b"first " + each for each in words(0, batch)]
        dying = copy(folder, signer, write=DyingWriter(step, after=after))
        then = dying.grown(first)
        try:
            dying.extend(first, then)
            finished = True
        except Killed:
            pass
        survivor = WrittenLog(folder, signer)
        assert survivor.copy.published.size == before
        stands = survivor.copy.stands_at.size
        assert stands in (before, before + batch)
        survivor.append([b"second"])
        assert_whole(folder, signer, stands + 1)
        assert survivor.copy.entry(stands) == b"second"
        kept = [survivor.copy.entry(n) for n in range(before, stands)]
        assert kept in ([], first)
        step += 1
    assert step >= 3


def assert_whole(folder, signer, size):
    """Everything that the checkpoint commits to is there (these leaves are no envelopes)."""
    record = read_log(FolderTransport(folder), vkey(signer))
    assert record.checkpoint.size == size
    assert len(record.leaves) == size
    assert [
        each for each in record.complaints if "DSSE" not in each and "more of" not in each
    ] == []


def test_an_extension_is_repeated_without_harm(tmp_path, signer):
    log = copy(tmp_path, signer)
    then = log.grown(words(0, 3))
    log.extend(words(0, 3), then)
    before = files(tmp_path)
    log.extend(words(0, 3), then)
    assert files(tmp_path) == before


def test_entries_that_do_not_lead_where_they_should_are_not_taken(tmp_path, signer):
    log = copy(tmp_path, signer)
    then = log.grown(words(0, 3))
    for leaves in (words(0, 2), words(1, 3), words(0, 4)):
        with pytest.raises(CannotVerify, match="do not give the root of 3"):
            log.extend(leaves, then)
    assert log.stands_at.size == 0
    assert set(files(tmp_path)) <= {"copy/lock"}


def test_only_what_is_held_is_published(tmp_path, signer):
    log = copy(tmp_path, signer)
    then = log.grown(words(0, 3))
    note = sign(then.to_text(), [signer])
    with pytest.raises(CannotVerify, match="not what this copy holds"):
        log.publish(note)
    log.extend(words(0, 3), then)
    stranger = Ed25519Signer.from_seed(ORIGIN, b"s" * 32)
    with pytest.raises(CannotVerify):
        log.publish(sign(then.to_text(), [stranger]))
    assert log.published.size == 0
    log.publish(note)
    assert log.published == then


def test_a_temporary_file_left_by_a_killed_writer_disturbs_nothing(tmp_path, signer):
    log = WrittenLog(tmp_path, signer)
    log.append(words(0, 3))
    for place in (".checkpoint.x", "tile/0/000.p/.4.x", "tile/entries/000.p/.4.x"):
        (tmp_path / place).write_bytes(b"half")
    log.append(words(3, 300))
    assert_whole(tmp_path, signer, 303)


@pytest.mark.parametrize(
    "place", ["tile/entries/000.p/5", "tile/0/000.p/5", "checkpoint", "copy/stands-at"]
)
def test_a_flipped_bit_on_the_disk_stops_the_log_instead_of_being_signed(tmp_path, signer, place):
    log = WrittenLog(tmp_path, signer)
    log.append(words(0, 5))
    content = bytearray((tmp_path / place).read_bytes())
    content[-2] ^= 1
    (tmp_path / place).write_bytes(bytes(content))
    before = files(tmp_path)
    with pytest.raises((BrokenInvariant, CannotVerify)):
        log.append([b"more"])
    assert files(tmp_path) == before


def test_a_copy_refuses_a_folder_of_another_log(tmp_path, signer):
    WrittenLog(tmp_path, signer).append([b"one"])
    other = Ed25519Signer.from_seed("another", bytes(32))
    with pytest.raises(BrokenInvariant, match=r"belongs to evidence\.example"):
        WrittenLog(tmp_path, other).append([b"two"])


def test_leaves_that_the_format_cannot_hold_are_refused_before_anything_is_written(
    tmp_path, signer
):
    log = WrittenLog(tmp_path, signer)
    for leaves in ([], [b""], [b"good", b"x" * 65_536]):
        with pytest.raises(Refused):
            log.append(leaves)
    assert files(tmp_path) == {}
    log.append([b"x" * 65_535])
    assert len(log.copy.entry(0)) == 65_535


def test_a_copy_waits_while_another_process_holds_its_lock(tmp_path, signer):
    log = WrittenLog(tmp_path, signer)
    log.append([b"one"])
    waiting = threading.Thread(target=log.append, args=([b"two"],))
    with (tmp_path / "copy/lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting.start()
        waiting.join(0.1)
        assert (waiting.is_alive(), log.copy.published.size) == (True, 1)
    waiting.join(10)
    assert log.copy.published.size == 2


def test_the_files_that_a_reader_asks_for_are_named_as_the_format_says(tmp_path, signer):
    WrittenLog(tmp_path, signer).append(words(0, 258))
    assert set(files(tmp_path)) == {
        "checkpoint",
        "copy/lock",
        "copy/stands-at",
        "tile/0/000",
        "tile/0/001.p/2",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/2",
    }
    assert Path(tmp_path / "tile/0/000").stat().st_size == 8192
