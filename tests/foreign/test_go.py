"""Go's own verifier of transparency logs, which shares no code with ours, checks a log of ours.

The programs come from requirements/foreign.lock, into a folder that all checkouts share. Where they
cannot be had these tests fail: a check by others that is left out would be said to have passed.
"""

import base64
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.written import WrittenLog

from standfast.evidence import merkle
from standfast.evidence.base64_text import encoded
from standfast.evidence.cosignature import cosigned, cosigner
from standfast.evidence.note import joined, sign, vkey
from standfast.evidence.proof import prove
from standfast.evidence.signing import Ed25519Signer

ROOT = Path(__file__).resolve().parents[2]
X_MOD = "golang.org/x/mod"
KEY = Ed25519Signer.from_seed("example.test/log", bytes(range(32)))
WITNESSES = tuple(
    Ed25519Signer.from_seed(f"example.test/log/monitor-{each}", bytes([each] * 32))
    for each in (1, 2, 3)
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OTHER = Ed25519Signer.from_seed("example.test/log", bytes(32))

SIZES = (300, 66_000)
"""An earlier size and one with three levels of tiles: 65,536 entries fill one of the second."""

PROVEN = (0, 255, 256, 299, 300, 65_535, 65_536, 65_999)
ENTRIES = [b"entry %d" % number for number in range(SIZES[-1])]


def run(*argv: str, **settings: str) -> str:
    done = subprocess.run(
        argv, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{argv[0]} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without a network, from the packages that come with the compiler."""
    script = 'source bin/bootstrap; standfast_venv foreign && printf "%s" "$STANDFAST_VENV"'
    venv = Path(run("bash", "-c", script))
    (go,) = venv.glob("lib/python3*/site-packages/go")
    module = tmp_path_factory.mktemp("go")
    for package in ("note", "tlog"):
        shutil.copytree(
            go / "src/cmd/vendor" / X_MOD / "sumdb" / package, module / "x-mod/sumdb" / package
        )
    (module / "x-mod/go.mod").write_text(f"module {X_MOD}\n\ngo 1.25\n")
    (module / "go.mod").write_text(
        f"module verifier\n\ngo 1.25\n\nrequire {X_MOD} v0.0.0\n\nreplace {X_MOD} => ./x-mod\n"
    )
    shutil.copy(ROOT / "tests/foreign/verifier.go", module)
    built = module / "verifier"
    settings = {
        "GOROOT": str(go),
        "GOCACHE": str(venv / "build-cache"),
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    run(str(go / "bin/go"), "build", "-C", str(module), "-o", str(built), **settings)
    return built


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("case")
    log = WrittenLog(folder / "log", KEY, write=written_whole)
    (folder / "vkey").write_text(vkey(KEY))
    old, _new = SIZES
    (folder / "old").write_bytes(log.append(ENTRIES[:old]))
    note = log.append(ENTRIES[old:])
    text = log.copy.published.to_text()
    log.copy.publish(joined(note, [cosigned(text, each, NOON) for each in WITNESSES]))
    (folder / "witnesses").write_text("".join(f"{cosigner(each).vkey}\n" for each in WITNESSES))
    leaves = [merkle.leaf_hash(each) for each in ENTRIES]
    consistency = merkle.consistency_proof(leaves, old)
    (folder / "consistency").write_text("".join(f"{encoded(each)}\n" for each in consistency))
    (folder / "proofs").mkdir()
    for index in PROVEN:
        proof = prove(ENTRIES[index], index, leaves, note)
        (folder / "proofs" / f"{index}.tlog-proof").write_bytes(proof.to_bytes())
    return folder


def written_whole(path: Path, content: bytes) -> None:
    """No power is cut here."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def verdict(verifier: Path, case: Path) -> tuple[int, str]:
    done = subprocess.run([verifier, case], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip() + done.stderr


def test_go_accepts_checkpoints_tiles_entries_and_proofs_that_we_wrote(
    verifier: Path, written: Path
) -> None:
    said = f"{SIZES[1]} entries, {SIZES[0]} before, {len(PROVEN)} proofs"
    assert verdict(verifier, written) == (0, said)


def flipped(at: int) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        changed = bytearray(content)
        changed[at] ^= 1
        return bytes(changed)

    return change


def signed_by_another(content: bytes) -> bytes:
    return sign(content.decode().rpartition("\n\n")[0] + "\n", [OTHER])


def without_a_line(content: bytes) -> bytes:
    return b"".join(content.splitlines(keepends=True)[1:])


def of_another_number(content: bytes) -> bytes:
    return content.replace(b"index 300\n", b"index 301\n")


def of_another_second(content: bytes) -> bytes:
    """The time of the last cosignature is another one."""
    whole, _, line = content.rstrip(b"\n").rpartition(b" ")
    changed = flipped(11)(base64.b64decode(line))
    return whole + b" " + base64.b64encode(changed) + b"\n"


def without_the_last_line(content: bytes) -> bytes:
    return b"".join(content.splitlines(keepends=True)[:-1])


ALTERED: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "a size": ("log/checkpoint", flipped(20), "invalid signature"),
    "another key": ("log/checkpoint", signed_by_another, "no verifiable signatures"),
    "a cosignature's time": ("log/checkpoint", of_another_second, "monitor-3: invalid signature"),
    "a cosignature": ("log/checkpoint", without_the_last_line, "monitor-3: note has no verifiable"),
    "an earlier root": ("old", flipped(30), "invalid signature"),
    "a hash of a leaf": ("log/tile/0/001", flipped(0), "downloaded inconsistent tile"),
    "a hash of a tile": ("log/tile/1/000", flipped(40), "downloaded inconsistent tile"),
    "the highest tile": ("log/tile/2/000.p/1", flipped(1), "downloaded inconsistent tile"),
    "an entry": ("log/tile/entries/000", flipped(5), "entry 0 is not the signed one"),
    "the last bundle": ("log/tile/entries/257.p/208", lambda old: old[:-1], "a bundle is cut off"),
    "a consistency proof": ("consistency", without_a_line, "consistency: "),
    "a proven entry": ("proofs/300.tlog-proof", flipped(31), "300.tlog-proof: "),
    "a proof's number": ("proofs/300.tlog-proof", of_another_number, "300.tlog-proof: "),
    "a proof's way": ("proofs/300.tlog-proof", flipped(70), "300.tlog-proof: "),
}


@pytest.fixture
def changed(written: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    name, change, why = ALTERED[request.param]
    content = (written / name).read_bytes()
    assert change(content) != content
    (written / name).write_bytes(change(content))
    yield why
    (written / name).write_bytes(content)


@pytest.mark.parametrize("changed", ALTERED, indirect=True)
def test_go_refuses_what_was_altered(verifier: Path, written: Path, changed: str) -> None:
    status, said = verdict(verifier, written)
    assert status == 1
    assert changed in said
