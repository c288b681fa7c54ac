"""An envelope opens with its passphrase alone, and everything else has an error of its own."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from standfast.core.errors import ConfigError, Refused, StandfastError
from standfast.mechanisms.keys.envelope import form, passphrase

CONTENT = b'{"site": "shop", "word": "open sesame"}'
DRAWN = "0123456789ABCDEFGHJKMNPQRST" + "0"
OTHER = "Z" * 28
MANUAL = Path(__file__).parents[3] / "docs" / "recovery-envelope.md"


@pytest.fixture(scope="module")
def made() -> bytes:
    return form.seal(CONTENT, DRAWN, site="shop", written_at="2026-11-25T12:00:00.000Z")


def altered(made: bytes, **header: Any) -> bytes:
    """With another header, and a checksum that fits it: a forgery, not an accident."""
    intro, said, rest = made.split(b"\n", 2)
    new = json.dumps({**json.loads(said), **header}).encode()
    return resealed(intro + b"\n" + new + b"\n" + rest)


def resealed(made: bytes) -> bytes:
    before = re.sub(rb"sha256 [0-9a-f]{64}\n\Z", b"", made)
    return before + f"sha256 {hashlib.sha256(before).hexdigest()}\n".encode()


def test_what_was_sealed_comes_back_and_stands_nowhere_in_the_file(made: bytes) -> None:
    sealed = form.read(made, "shop.envelope")
    assert sealed.header.site == "shop"
    assert sealed.opened(DRAWN) == CONTENT
    assert b"sesame" not in made
    assert DRAWN.encode() not in made
    assert all(len(line) <= 600 for line in made.splitlines())


def test_two_of_the_same_content_share_neither_salt_nor_nonce(made: bytes) -> None:
    again = form.seal(CONTENT, DRAWN, site="shop", written_at="2026-11-25T12:00:00.000Z")
    one, two = (form.read(each, "it").header for each in (made, again))
    assert one.salt != two.salt
    assert one.nonce != two.nonce


def test_a_wrong_passphrase_is_said_to_be_one(made: bytes) -> None:
    with pytest.raises(Refused, match=r"it is whole, and this passphrase does not open it"):
        form.read(made, "it").opened(OTHER)


def test_a_program_that_knows_only_the_manual_opens_it(made: bytes, tmp_path: Path) -> None:
    example = re.search(r"```python\n(.*?)```", MANUAL.read_text(), re.DOTALL)
    assert example is not None
    assert len(example[1].splitlines()) <= 12
    program, file = tmp_path / "open.py", tmp_path / "shop.envelope"
    program.write_text(example[1])
    file.write_bytes(made)
    typed = f"{passphrase.written(DRAWN).lower()}\n".encode()
    argv = (sys.executable, str(program), str(file))
    done = subprocess.run(argv, input=typed, capture_output=True, check=False)
    assert done.stdout == CONTENT + b"\n", done.stderr.decode()
    wrong = subprocess.run(argv, input=OTHER.encode(), capture_output=True, check=False)
    assert wrong.returncode != 0
    assert b"InvalidTag" in wrong.stderr


def test_wherever_it_is_cut_off_it_is_said_to_be_cut_off(made: bytes) -> None:
    header_ends = made.index(b"\n", made.index(b"\n") + 1)
    for end in (len(form.INTRO) + 1, header_ends // 2, header_ends + 20, len(made) - 40, -1):
        with pytest.raises(Refused, match="is cut off"):
            form.read(made[:end], "it")


def test_any_altered_byte_is_found_before_a_passphrase_is_asked_for(made: bytes) -> None:
    for at in range(len(form.INTRO) + 2, len(made)):
        changed = made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :]
        with pytest.raises(Refused, match=r"is damaged|is cut off"):
            form.read(changed, "it")


def test_line_ends_that_a_mail_program_changed_are_damage(made: bytes) -> None:
    with pytest.raises(Refused, match="is damaged"):
        form.read(made.replace(b"\n", b"\r\n"), "it")
    with pytest.raises(Refused, match="is damaged"):
        form.read(made.replace(b"\n", b"\r\n", 3), "it")


@pytest.mark.parametrize("content", [b"", b"words", b"\0" * 100, b"age-encryption.org/v1\n"])
def test_what_is_no_envelope_is_told(content: bytes) -> None:
    with pytest.raises(ConfigError, match="is no recovery envelope"):
        form.read(content, "it")


def test_one_that_is_too_large_is_none(made: bytes) -> None:
    with pytest.raises(ConfigError, match="is no recovery envelope"):
        form.read(made + b"x" * form.FILE_LIMIT, "it")


def test_one_of_a_newer_version_is_told_as_such_whatever_follows(made: bytes) -> None:
    newer = made.replace(b"envelope 1\n", b"envelope 2\n", 1)
    with pytest.raises(ConfigError, match="version 2, and 1 is known here"):
        form.read(newer, "it")


@pytest.mark.parametrize(
    "asked",
    [
        {"memory_kib": form.MOST_MEMORY_KIB + 1},
        {"memory_kib": 2**31},
        {"memory_kib": 1},
        {"iterations": form.MOST_ITERATIONS + 1},
        {"iterations": 0},
        {"lanes": form.MOST_LANES + 1},
        {"lanes": True},
        {"kdf": "scrypt"},
        {"cipher": "none"},
        {"salt": ""},
        {"nonce": "AAAA"},
        {"more": 1},
        {"site": "../shop"},
    ],
)
def test_a_forged_header_is_refused_before_anything_is_computed(
    made: bytes, asked: dict[str, Any]
) -> None:
    with pytest.raises(Refused, match="says what no envelope says") as refused:
        form.read(altered(made, **asked), "it")
    assert next(iter(asked)) in refused.value.problem


@pytest.mark.parametrize(
    "changed",
    [{"site": "other"}, {"written_at": "2027-01-01T00:00:00.000Z"}, {"iterations": 1}],
)
def test_what_stands_readable_is_authenticated(made: bytes, changed: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="does not open it"):
        form.read(altered(made, **changed), "it").opened(DRAWN)


def test_forged_content_is_an_error_and_no_crash(made: bytes) -> None:
    intro, said, _ = made.split(b"\n", 2)
    for body in (b"", b"AAAA\n", b"not base64!\n", b"AAA\n"):
        forged = resealed(b"\n".join((intro, said, body)))
        with pytest.raises(StandfastError, match=r"does not open it|is not base64|is cut off"):
            form.read(forged, "it").opened(DRAWN)
