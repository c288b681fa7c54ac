import base64
import fcntl
import threading
from pathlib import Path

import pytest

from standfast.core.errors import BrokenInvariant, CannotVerify, Refused
from standfast.evidence import merkle
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.log import Log, write_durably
from standfast.evidence.note import open_note, parse_vkey, vkey
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


class WatchedSigner:
    """Remembers every checkpoint that it was ever asked to sign."""

    def __init__(self, signer, seen):
        self.name, self.public_key = signer.name, signer.public_key
        self._signer, self._seen = signer, seen

    def sign(self, data):
        checkpoint = Checkpoint.from_text(data.decode())
        self._seen.setdefault(checkpoint.size, set()).add(checkpoint.root)
        return self._signer.sign(data)


@pytest.fixture
def signer():
    return Ed25519Signer.from_seed(ORIGIN, bytes(32))


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
    log = Log(tmp_path, origin=signer.name, signer=signer)
    notes = [log.append([word]).checkpoint_bytes for word in WORDS]
    assert vkey(signer) == GOLDEN_KEY
    for size, root in GOLDEN_ROOTS.items():
        text, _ = open_note(notes[size - 1], [parse_vkey(GOLDEN_KEY)])
        assert text == f"example.com/log/testdata\n{size}\n{root}\n"
    assert read_entries((tmp_path / "tile/entries/000.p/15").read_bytes()) == tuple(WORDS)


def test_the_same_leaves_and_key_give_the_same_bytes_in_any_batches(tmp_path):
    signer = golden_signer()
    one_by_one = Log(tmp_path / "a", origin=signer.name, signer=signer)
    notes = [one_by_one.append([word]).checkpoint_bytes for word in WORDS]
    at_once = Log(tmp_path / "b", origin=signer.name, signer=signer).append(WORDS)
    assert at_once.checkpoint_bytes == notes[-1]
    a, b = files(tmp_path / "a"), files(tmp_path / "b")
    assert {path: a[path] for path in b} == b


def test_entries_are_numbered_from_nought_in_the_order_of_appending(tmp_path, signer):
    log = Log(tmp_path, origin=ORIGIN, signer=signer)
    assert log.size == 0
    assert log.append(words(0, 300)).first_index == 0
    assert log.append(words(300, 1)).first_index == 300
    assert log.append(words(301, 700)).first_index == 301
    again = Log(tmp_path, origin=ORIGIN, signer=signer)
    assert again.size == 1001
    assert [again.entry(n) for n in (0, 255, 256, 300, 767, 768, 1000)] == [
        b"0",
        b"255",
        b"256",
        b"300",
        b"767",
        b"768",
        b"1000",
    ]
    for index in (-1, 1001):
        with pytest.raises(IndexError, match="no entry"):
            again.entry(index)


def test_a_log_may_be_appended_to_one_by_one_across_the_edges_of_tiles(tmp_path, signer):
    log = Log(tmp_path, origin=ORIGIN, signer=signer, write=write_plainly)
    for n in range(520):
        log.append([b"%d" % n])
        if n in (0, 254, 255, 256, 511, 512):
            root = merkle.root([merkle.leaf_hash(each) for each in words(0, n + 1)])
            text, _ = open_note((tmp_path / "checkpoint").read_bytes(), [parse_vkey(vkey(signer))])
            assert Checkpoint.from_text(text).root == root
    assert [log.entry(n) for n in range(520)] == words(0, 520)


def write_plainly(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_narrower_versions_of_a_full_tile_are_removed(tmp_path, signer):
    log = Log(tmp_path, origin=ORIGIN, signer=signer, write=write_plainly)
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


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("before", "batch"), [(0, 1), (3, 2), (254, 5), (256, 1), (250, 600)])
def test_a_writer_killed_at_any_step_leaves_a_log_that_goes_on(
    tmp_path, signer, before, batch, after
):
    """Every interrupted prefix, with another batch after it than the one that was interrupted."""
    step, finished = 0, False
    while not finished:
        folder = tmp_path / str(step)
        seen = {}
        watched = WatchedSigner(signer, seen)
        if before:
            Log(folder, origin=ORIGIN, signer=watched, write=write_plainly).append(words(0, before))
        dying = Log(folder, origin=ORIGIN, signer=watched, write=DyingWriter(step, after=after))
        try:
            dying.append([b"first " + each for each in words(0, batch)])
            finished = True
        except Killed:
            pass
        survivor = Log(folder, origin=ORIGIN, signer=watched)
        published_then = survivor.size
        assert published_then in (before, before + batch)
        survivor.recover()
        published_now = survivor.size
        assert published_now in (published_then, before + batch)
        first = survivor.append([b"second"]).first_index
        assert first == published_now
        assert_whole(folder, signer, first + 1)
        assert survivor.entry(first) == b"second"
        kept = [survivor.entry(n) for n in range(before, first)]
        assert kept in ([], [b"first " + each for each in words(0, batch)])
        assert all(len(roots) == 1 for roots in seen.values())
        step += 1
    assert step >= 4


def assert_whole(folder, signer, size):
    """Everything that the checkpoint commits to is there (these leaves are no envelopes)."""
    record = read_log(FolderTransport(folder), vkey(signer))
    assert record.checkpoint.size == size
    assert len(record.leaves) == size
    assert [
        each for each in record.complaints if "DSSE" not in each and "more of" not in each
    ] == []


def test_a_head_that_was_moved_is_finished_before_anything_else_is_signed(tmp_path, signer):
    """Died between moving the head and publishing: the leaves are in, whoever appends next."""
    Log(tmp_path, origin=ORIGIN, signer=signer).append(words(0, 2))
    steps_until_the_checkpoint = 3
    dying = DyingWriter(steps_until_the_checkpoint)
    with pytest.raises(Killed):
        Log(tmp_path, origin=ORIGIN, signer=signer, write=dying).append([b"begun"])
    survivor = Log(tmp_path, origin=ORIGIN, signer=signer)
    assert survivor.size == 2
    assert survivor.append([b"next"]).first_index == 3
    assert survivor.entry(2) == b"begun"


def test_a_temporary_file_left_by_a_killed_writer_disturbs_nothing(tmp_path, signer):
    log = Log(tmp_path, origin=ORIGIN, signer=signer)
    log.append(words(0, 3))
    for place in (".checkpoint.x", "tile/0/000.p/.4.x", "tile/entries/000.p/.4.x"):
        (tmp_path / place).write_bytes(b"half")
    log.append(words(3, 300))
    assert_whole(tmp_path, signer, 303)


@pytest.mark.parametrize(
    "place", ["tile/entries/000.p/5", "tile/0/000.p/5", "checkpoint", "writer/head"]
)
def test_a_flipped_bit_on_the_disk_stops_the_log_instead_of_being_signed(tmp_path, signer, place):
    log = Log(tmp_path, origin=ORIGIN, signer=signer)
    log.append(words(0, 5))
    content = bytearray((tmp_path / place).read_bytes())
    content[-2] ^= 1
    (tmp_path / place).write_bytes(bytes(content))
    before = files(tmp_path)
    with pytest.raises((BrokenInvariant, CannotVerify)):
        log.append([b"more"])
    assert files(tmp_path) == before


def test_a_log_refuses_a_folder_of_another_log_and_a_key_of_another_name(tmp_path, signer):
    Log(tmp_path, origin=ORIGIN, signer=signer).append([b"one"])
    other = Ed25519Signer.from_seed("another", bytes(32))
    with pytest.raises(BrokenInvariant, match="not the key of the log"):
        Log(tmp_path, origin=ORIGIN, signer=other)
    with pytest.raises(CannotVerify, match="no known key"):
        Log(tmp_path, origin="another", signer=other).append([b"two"])


def test_leaves_that_the_format_cannot_hold_are_refused_before_anything_is_written(
    tmp_path, signer
):
    log = Log(tmp_path, origin=ORIGIN, signer=signer)
    for leaves in ([], [b""], [b"good", b"x" * 65_536], [b"x"] * 1025):
        with pytest.raises(Refused):
            log.append(leaves)
    assert files(tmp_path) == {}
    log.append([b"x" * 65_535])
    assert len(log.entry(0)) == 65_535


def test_two_writers_take_turns(tmp_path, signer):
    def write(name):
        log = Log(tmp_path, origin=ORIGIN, signer=signer, write=write_plainly)
        for n in range(40):
            log.append([b"%s %d" % (name, n)])

    threads = [threading.Thread(target=write, args=(name,)) for name in (b"a", b"b", b"c")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    log = Log(tmp_path, origin=ORIGIN, signer=signer)
    entries = [log.entry(n) for n in range(log.size)]
    assert len(entries) == 120
    for name in (b"a", b"b", b"c"):
        mine = [each for each in entries if each.startswith(name)]
        assert mine == [b"%s %d" % (name, n) for n in range(40)]


def test_a_writer_waits_while_another_process_holds_the_lock(tmp_path, signer):
    log = Log(tmp_path, origin=ORIGIN, signer=signer)
    log.append([b"one"])
    waiting = threading.Thread(target=log.append, args=([b"two"],))
    with (tmp_path / "writer/lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting.start()
        waiting.join(0.1)
        assert (waiting.is_alive(), log.size) == (True, 1)
    waiting.join(10)
    assert log.size == 2


def test_the_files_that_a_reader_asks_for_are_named_as_the_format_says(tmp_path, signer):
    Log(tmp_path, origin=ORIGIN, signer=signer).append(words(0, 258))
    assert set(files(tmp_path)) == {
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/2",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/2",
        "writer/head",
        "writer/lock",
    }
    assert Path(tmp_path / "tile/0/000").stat().st_size == 8192
