"""What a planted fault makes of a repository: a damaged copy, never a damaged repository."""

from pathlib import Path

import pytest

from standfast.mechanisms.backup.damage import Damage, damage

LARGE = "backup/main/20261125-023502F/pg_data/base/5/1259.zst"
CONTENTS = {
    "backup/main/20261125-023502F/backup.manifest": b"manifest",
    "backup/main/20261125-023502F/pg_data/global/1260.zst": b"small",
    LARGE: b"0123456789" * 100,
    "archive/main/15-1/0000000100000000/000000010000000000000005-aa.zst": b"segment",
}


@pytest.fixture
def real(tmp_path: Path) -> Path:
    for name, content in CONTENTS.items():
        path = tmp_path / "repository" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "repository"


def planted(real: Path, kind: Damage) -> tuple[Path, Path]:
    damaged, override = real.parent / "damaged", real.parent / "override.env"
    damage(kind, 2, real=real, damaged=damaged, override=override)
    return damaged, override


def whole(real: Path) -> bool:
    return all((real / name).read_bytes() == content for name, content in CONTENTS.items())


def test_a_truncated_backup_is_cut_in_the_copy_alone(real: Path) -> None:
    damaged, override = planted(real, Damage.TRUNCATED_BACKUP)
    assert (damaged / LARGE).read_bytes() == CONTENTS[LARGE][:500]
    assert whole(real)
    assert override.read_text() == f"PGBACKREST_REPO2_PATH={damaged}\n"


def test_missing_wal_is_what_arrives_after_the_copy_was_made(real: Path) -> None:
    damaged, _ = planted(real, Damage.MISSING_WAL)
    (real / "archive/main/15-1/0000000100000000/000000010000000000000006-bb.zst").touch()
    assert len(list((damaged / "archive/main/15-1/0000000100000000").iterdir())) == 1
    assert whole(damaged)


def test_a_wrong_key_needs_no_copy(real: Path) -> None:
    damaged, override = planted(real, Damage.WRONG_KEY)
    assert not damaged.exists()
    assert override.read_text().startswith("PGBACKREST_REPO2_CIPHER_PASS=")


@pytest.mark.parametrize("kind", Damage)
def test_taking_it_away_leaves_the_real_repository_alone_and_may_be_repeated(
    real: Path, kind: Damage
) -> None:
    planted(real, kind)
    planted(real, kind)
    for _ in range(2):
        damaged, override = planted(real, Damage.NONE)
    assert not damaged.exists()
    assert not override.exists()
    assert whole(real)
