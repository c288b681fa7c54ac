"""Which Debian a machine made here is made of, and that it stays what it is."""

from pathlib import Path

import pytest

from standfast.core.command import Result
from standfast.core.errors import Refused
from standfast.mechanisms.hosts.local.document import parse, suites_in
from standfast.mechanisms.hosts.local.here import must_fit
from standfast.mechanisms.hosts.local.image import Image, missing, not_made, suite_of

MACHINES = """
[[machines]]
name = "web-1"
[[machines]]
name = "db-1"
suite = "trixie"
"""


def image(cache: Path, suite: str = "trixie", lock: bytes = b"lock") -> Image:
    made = Image(suite=suite, lock=lock, cache=cache)
    made.root.mkdir(parents=True)
    return made


@pytest.mark.parametrize(
    ("text", "suites"),
    [
        ("", ("bookworm",)),
        ('suite = "trixie"', ("trixie",)),
        (MACHINES, ("bookworm", "trixie")),
        (f'suite = "trixie"{MACHINES}', ("trixie",)),
        ("suite = 13", ("bookworm",)),
    ],
)
def test_the_file_says_what_must_be_fetched(text: str, suites: tuple[str, ...]) -> None:
    assert suites_in(parse(text.encode(), "standfast.toml")) == suites


def test_every_suite_has_an_image_of_its_own(tmp_path: Path) -> None:
    older, newer = image(tmp_path, "bookworm"), image(tmp_path)
    assert older.root != newer.root
    assert (suite_of(older.root), suite_of(newer.root)) == ("bookworm", "trixie")
    assert missing([older, newer]) == 2
    (newer.folder / "complete").touch()
    assert missing([older, newer]) == 1


def test_a_machine_stays_on_the_image_on_which_it_was_made(tmp_path: Path) -> None:
    """An update writes on its disk what fits that image and no other."""
    now = image(tmp_path)
    before = image(tmp_path, lock=b"the lock file of an earlier release")
    must_fit("db-1", before.root, now)


def test_a_machine_of_another_suite_is_refused_and_not_mixed(tmp_path: Path) -> None:
    now, before = image(tmp_path), image(tmp_path, "bookworm")
    with pytest.raises(Refused, match="db-1 was made of Debian bookworm, and the file says trixie"):
        must_fit("db-1", before.root, now)


def test_a_machine_whose_image_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="the image on which db-1 was made is gone"):
        must_fit("db-1", tmp_path / "image-trixie-000000000000" / "root", image(tmp_path))


def test_an_unknown_key_says_what_to_install() -> None:
    said = b"W: GPG error: trixie InRelease: NO_PUBKEY 6ED0E7B82643E131\n"
    assert (
        "debian-archive-keyring"
        in not_made("trixie", Result(status=25, stdout=b"", stderr=said)).remedy
    )
