import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.evidence.test_any_bytes import few

from standfast.evidence.base64_text import decoded, encoded, exact


@few
@given(st.binary(max_size=40))
def test_what_is_written_is_read(data: bytes) -> None:
    assert exact(encoded(data).encode()) == data == decoded(encoded(data))


@few
@given(st.text("AB/+=c \n-é", max_size=12) | st.text(max_size=12))
def test_both_readers_accept_only_what_would_be_written(text: str) -> None:
    found = exact(text.encode())
    assert found == decoded(text)
    assert found is None or encoded(found) == text


@pytest.mark.parametrize(
    "text", [b"AB==", b"AAB=", b"AAAA=", b"=AAA", b"AA=A", b"A", b"AA", b"AAA"]
)
def test_what_only_looks_like_it_is_refused(text: bytes) -> None:
    assert exact(text) is None


def test_a_changed_letter_anywhere_is_other_bytes_or_refused() -> None:
    text = base64.b64encode(bytes(range(200)))
    for at in range(len(text)):
        changed = text[:at] + (b"A" if text[at] != 65 else b"B") + text[at + 1 :]
        found = exact(changed)
        assert found is None or base64.b64encode(found) == changed
