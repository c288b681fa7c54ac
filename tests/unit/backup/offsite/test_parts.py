"""A large snapshot goes up in parts."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from standfast.mechanisms.backup.offsite.parts import Sized, listed, parts

SIZES = st.lists(st.integers(0, 50), max_size=30)


def sized(sizes: list[int]) -> list[Sized]:
    return [Sized(path=Path(f"/x/{n:03}"), bytes=each) for n, each in enumerate(sizes)]


def test_what_fits_into_one_part_has_none() -> None:
    assert parts(sized([30, 60, 10]), 100) == ()


@given(SIZES)
def test_every_file_is_in_one_part_and_no_part_is_larger_than_its_largest_file_allows(
    sizes: list[int],
) -> None:
    files = sized(sizes)
    cut = parts(files, 100)
    assert [path for part in cut for path in part] == ([each.path for each in files] if cut else [])
    by_path = {each.path: each.bytes for each in files}
    assert all(sum(by_path[path] for path in part) <= 100 for part in cut)


@given(SIZES)
def test_a_second_try_cuts_at_the_same_places(sizes: list[int]) -> None:
    files = sized(sizes)
    turned = list(reversed(files))
    assert parts(files, 100) == parts(turned, 100)


def test_a_file_larger_than_a_part_is_one_by_itself() -> None:
    assert [len(part) for part in parts(sized([10, 500, 10]), 100)] == [1, 1, 1]


def test_names_are_listed_as_bytes_whatever_is_in_them() -> None:
    assert listed((Path("/x/a b"), Path("/x/\udcff\n"))) == b"/x/a b\0/x/\xff\n\0"
