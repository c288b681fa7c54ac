"""The log that lies in a store comes back as it was signed, and a keeper's copy begins with it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.written import WrittenLog

from standfast.core.errors import CannotVerify
from standfast.evidence.envelope import leaf
from standfast.evidence.log import Log
from standfast.evidence.note import Verifier, vkey
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.statement import TextNotice
from standfast.evidence.transport import FolderTransport
from standfast.mechanisms.backup.offsite.page.elsewhere import Item
from standfast.mechanisms.backup.offsite.page.folder import opened
from standfast.mechanisms.backup.offsite.store import Kind, Store
from standfast.mechanisms.recovery.lose_site.log_copy import fetched, taken

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIGNER = Ed25519Signer.from_seed("shop.example.com/trust/log", bytes(32))
KEY = Verifier.of(SIGNER.name, SIGNER.public_key)


def entries(count: int) -> list[bytes]:
    return [
        leaf("shop", TextNotice(text=f"word {number}", at=NOON), SIGNER) for number in range(count)
    ]


def files(folder: Path) -> Iterable[Item]:
    for path in folder.rglob("*"):
        if path.is_file() and "copy" not in path.parts:
            yield Item(name=f"log/{path.relative_to(folder)}", content=path.read_bytes())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(kind=Kind.FOLDER, location=str(tmp_path / "store"))


def test_what_was_fetched_stands_where_its_checkpoint_says_and_goes_on(
    store: Store, tmp_path: Path
) -> None:
    WrittenLog(tmp_path / "log", SIGNER).append(entries(300))
    place = opened(store)
    place.send(files(tmp_path / "log"))
    assert fetched(place, vkey(SIGNER), tmp_path / "back") == 300
    copy = Log(tmp_path / "back", KEY)
    assert copy.stands_at == copy.published == Log(tmp_path / "log", KEY).published
    on = WrittenLog(tmp_path / "back", SIGNER)
    on.append(entries(2))
    assert on.copy.published.size == 302


def test_a_store_without_a_log_and_one_that_lacks_a_file_are_told(
    store: Store, tmp_path: Path
) -> None:
    place = opened(store)
    with pytest.raises(CannotVerify, match="no whole copy of the evidence log"):
        fetched(place, vkey(SIGNER), tmp_path / "back")
    WrittenLog(tmp_path / "log", SIGNER).append(entries(2))
    place.send(each for each in files(tmp_path / "log") if "entries" not in each.name)
    with pytest.raises(CannotVerify, match="no whole copy of the evidence log"):
        fetched(place, vkey(SIGNER), tmp_path / "back")


def test_a_log_of_another_key_is_not_this_sites(store: Store, tmp_path: Path) -> None:
    other = Ed25519Signer.from_seed(SIGNER.name, b"o" * 32)
    WrittenLog(tmp_path / "log", other).append(entries(2))
    place = opened(store)
    place.send(files(tmp_path / "log"))
    with pytest.raises(CannotVerify):
        fetched(place, vkey(SIGNER), tmp_path / "back")


def test_a_copy_that_somebody_else_has_will_do(tmp_path: Path) -> None:
    WrittenLog(tmp_path / "log", SIGNER).append(entries(3))
    assert taken(FolderTransport(tmp_path / "log"), vkey(SIGNER), tmp_path / "back") == 3
    assert Log(tmp_path / "back", KEY).stands_at.size == 3
