"""What the page beside a log says of availability is derived anew, and a page that says more is
found, with the programs that a customer runs."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.looks import looked
from tests.unit.written import WrittenLog

from standfast.cli import standfast
from standfast.cli.availability import claimed, compared, held_against, page_beside, seen
from standfast.core.clock import SystemClock
from standfast.core.errors import CannotVerify
from standfast.core.units import stamp
from standfast.evidence.envelope import leaf
from standfast.evidence.note import vkey
from standfast.evidence.pins import Pins
from standfast.evidence.read import read_log
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.state import derive
from standfast.evidence.statement import EnrolledNotice, EnrolledSigner
from standfast.evidence.transport import FolderTransport
from standfast.evidence.verify import verified
from standfast.pages.trust.render import pages

ORIGIN = "example.localhost/trust/log"
KEY = Ed25519Signer.from_seed(ORIGIN, bytes(32))
MONITOR = Ed25519Signer.from_seed("monitor-1", b"m" * 32)
NOON = SystemClock().now().replace(microsecond=0) - timedelta(hours=3)
"""By the clock of whoever verifies, which a customer cannot set back."""

MADE_AT = NOON + timedelta(hours=2, microseconds=123456)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDFAST_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def hour(start: datetime, answered: int = 360) -> bytes:
    return leaf("example", looked(start, answered, timedelta(seconds=47.123)), MONITOR)


@pytest.fixture
def www(tmp_path: Path) -> Path:
    """A page with its log in it, as monitors serve them."""
    folder = tmp_path / "www"
    signer = EnrolledSigner(name="monitor-1", key=vkey(MONITOR))
    enrolled = EnrolledNotice(text="monitor-1 may sign", at=NOON, signers=(signer,))
    leaves = [
        leaf("example", enrolled, KEY),
        hour(NOON, 355),
        hour(NOON + timedelta(hours=1)),
    ]
    WrittenLog(folder / "log", KEY).append(leaves)
    record = read_log(FolderTransport(folder / "log"), vkey(KEY))
    made = pages(
        record,
        derive(record.entries, now=MADE_AT),
        site="example",
        service="timesheets",
        log_url="https://example.localhost/trust/log",
        vkey=vkey(KEY),
        now=MADE_AT,
    )
    (folder / "trust.json").write_bytes(made["trust.json"])
    return folder


def verify(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(standfast, ["evidence", "verify", *words], standalone_mode=False)
    assert done.exception is None
    return done.return_value, done.stdout


def change(page: Path, changed: Callable[[Any], None]) -> None:
    said = json.loads(page.read_bytes())
    changed(said)
    page.write_text(json.dumps(said))


def test_verify_derives_availability_and_finds_the_page_to_say_the_same(www: Path) -> None:
    status, said = verify(str(www), "--key", vkey(KEY))
    assert status == 0
    assert "the service answered" in said.replace("\n", " ")
    assert "99.305 %" in said
    assert "The page says the same of availability." in said


def test_the_log_in_the_page_s_folder_has_the_same_page(www: Path) -> None:
    verify(str(www), "--key", vkey(KEY))
    status, said = verify(str(www / "log"), "--json")
    found = json.loads(said)
    assert (status, found["page"]) == (0, {"compared": True, "disagrees": None})
    assert (found["availability"]["looks"], found["availability"]["answered"]) == (720, 715)
    assert found["availability"]["longest_outage_s"] == 47.123


def more(said: Any) -> None:
    said["availability"]["answered"] = 720


def shorter(said: Any) -> None:
    said["availability"]["longest_outage_s"] = 4


def none(said: Any) -> None:
    said["availability"] = None


def later(said: Any) -> None:
    said["made_at"] = stamp(MADE_AT + timedelta(days=8))


@pytest.mark.parametrize("changed", [more, shorter, none, later])
def test_a_page_that_says_otherwise_is_found(www: Path, changed: Callable[[Any], None]) -> None:
    change(www / "trust.json", changed)
    status, said = verify(str(www), "--key", vkey(KEY))
    assert status == 1
    assert "WRONG: the page says of availability" in said


def test_a_page_that_was_made_before_the_log_grew_is_held_against_what_it_was_then(
    www: Path,
) -> None:
    WrittenLog(www / "log", KEY).append([hour(NOON + timedelta(hours=2), 10)])
    status, said = verify(str(www), "--key", vkey(KEY))
    assert status == 0
    assert "The page says the same" in said


def newer(said: Any) -> None:
    said["log"]["size"] = 99


def older(said: Any) -> None:
    del said["availability"]


def doubtful(said: Any) -> None:
    said["complaints"], said["availability"] = ["entry 3 was altered"], None


@pytest.mark.parametrize(
    ("changed", "why"),
    [(newer, "newer than the record"), (older, "says nothing of it"), (doubtful, "says nothing")],
)
def test_what_cannot_be_compared_is_said_and_is_no_fault(
    www: Path, changed: Callable[[Any], None], why: str
) -> None:
    change(www / "trust.json", changed)
    status, said = verify(str(www), "--key", vkey(KEY))
    assert status == 0
    assert why in said


def test_a_log_without_a_page_is_verified_without_one(www: Path) -> None:
    (www / "trust.json").unlink()
    status, said = verify(str(www), "--key", vkey(KEY), "--json")
    assert (status, json.loads(said)["page"]) == (0, {"compared": False, "disagrees": None})


def test_a_log_that_is_no_page_s_is_not_compared_over_the_network(tmp_path: Path) -> None:
    pins = Pins(folder=tmp_path)
    assert page_beside("https://example.test/mirror", pins, None) is None
    assert page_beside("https://example.test/trust/log", pins, None) is not None


def test_of_a_record_with_complaints_nothing_is_said_nor_compared(www: Path) -> None:
    bundle = next((www / "log/tile/entries").rglob("3"))
    content = bytearray(bundle.read_bytes())
    content[-40] ^= 1
    bundle.write_bytes(content)
    found = verified(
        read_log(FolderTransport(www / "log"), vkey(KEY)), now=MADE_AT, pinned=None, policy=None
    )
    assert found.complaints
    assert seen(found, now=MADE_AT) is None
    assert compared(found, FolderTransport(www)).why_not


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["log", "size", "made_at", "availability", "complaints"]), inner
        )
    ),
    max_leaves=8,
)


@settings(
    max_examples=200,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(documents.map(lambda each: json.dumps(each).encode()) | st.binary())
def test_any_page_is_compared_or_said_to_be_unreadable(www: Path, content: bytes) -> None:
    record = read_log(FolderTransport(www / "log"), vkey(KEY))
    assert held_against(record, content).disagrees


@pytest.mark.parametrize("made_at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "now", None])
def test_a_page_of_no_time_that_can_be_meant_is_refused(www: Path, made_at: object) -> None:
    said = json.loads((www / "trust.json").read_bytes())
    with pytest.raises(CannotVerify):
        claimed(json.dumps({**said, "made_at": made_at}).encode())
