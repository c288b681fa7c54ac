"""Into which folders nothing is brought back, said before anything is touched."""

from dataclasses import replace

import pytest

from standfast.core.errors import ConfigError
from standfast.mechanisms.recovery.point_in_time.look import Found
from standfast.mechanisms.recovery.point_in_time.orders import Order, State
from standfast.mechanisms.recovery.point_in_time.refusal import checked, needed_bytes, refuse

ORDER = Order(
    folder="/srv/look",
    to="2026-11-25T02:00:00.000Z",
    copy="one",
    copy_bytes=40_000_000_000,
    first_segment="000000010000000000000003",
    segments=9,
)
ROOMY = Found(
    folder="/srv/look",
    order=None,
    state=State(),
    running=False,
    entries=0,
    ancestor="/srv",
    free_bytes=needed_bytes(ORDER),
)


def test_a_new_or_empty_folder_with_room_will_do() -> None:
    refuse("backup-1", ROOMY, ORDER)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (replace(ROOMY, entries=3), "is not empty"),
        (replace(ROOMY, entries=None), "is a file"),
        (replace(ROOMY, free_bytes=needed_bytes(ORDER) - 1), "has room for 40.5 GB"),
        (replace(ROOMY, order=replace(ORDER, to=None)), "of another moment: the latest"),
        (replace(ROOMY, order=replace(ORDER, to="2026-11-25T01:00:00.000Z")), "another moment"),
    ],
)
def test_another_one_is_refused_with_the_status_of_wrong_use(found: Found, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        refuse("backup-1", found, ORDER)
    assert refused.value.exit_code == 2
    assert refused.value.remedy


def test_what_was_ordered_before_is_gone_on_with_though_the_folder_is_full_by_now() -> None:
    half = replace(ROOMY, order=ORDER, entries=4, free_bytes=1_000_000)
    refuse("backup-1", half, ORDER)
    later = replace(ORDER, copy="two", segments=4)
    refuse("backup-1", half, later)


@pytest.mark.parametrize("folder", ["/srv/look", "/var/lib/standfast-backup/look", "/tmp/a/"])
def test_a_folder_that_is_nobody_elses_is_taken(folder: str) -> None:
    assert checked(folder) == folder.rstrip("/")


@pytest.mark.parametrize(
    "folder",
    [
        "look",
        "/srv/../etc",
        "/",
        "/var",
        "/srv",
        "/etc/look",
        "/run/look",
        "/var/lib/standfast-backup",
        "/var/lib/standfast-backup/repository",
        "/var/lib/standfast-backup/repository/look",
        "/var/lib/standfast-backup/scratch/look",
        "/srv/" + "l" * 100,
    ],
)
def test_a_folder_that_serves_something_else_is_refused(folder: str) -> None:
    with pytest.raises(ConfigError):
        checked(folder)


@pytest.mark.parametrize("other", ["/srv/look", "/srv/lookup"])
def test_a_folder_beside_another_is_taken(other: str) -> None:
    refuse("backup-1", ROOMY, ORDER, [other])


@pytest.mark.parametrize("other", ["/srv/look/inside", "/srv"])
def test_a_folder_inside_another_or_around_it_is_refused(other: str) -> None:
    with pytest.raises(ConfigError, match="has another database"):
        refuse("backup-1", ROOMY, ORDER, [other])
