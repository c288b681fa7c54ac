"""What a recovery in place says of what is lost, before and after."""

import pytest

from standfast.cli.bring_back_site import age, gone, lines, must_be_the_same
from standfast.core.errors import ConfigError
from standfast.mechanisms.recovery.point_in_time.orders import Order

ORDER = Order(
    folder="/var/lib/postgresql/recovered",
    to="2026-11-29T13:00:00.000Z",
    copy="one",
    copy_bytes=1000,
    first_segment="000000010000000000000003",
    segments=9,
    repository=2,
    programs="/usr/lib/postgresql/15/bin",
    begun="2026-11-29T13:05:06.789Z",
    newest="2026-11-29T13:05:05.200Z",
)
ANSWER = {
    "site": "shop",
    "outage_s": 74.0,
    "last_change_at": "2026-11-29T12:59:59.900Z",
    "newest_known_at": ORDER.newest,
    "not_reached": ["db-2"],
    "kept_aside": {"db-1": "/var/lib/postgresql/before-20261129T130506789Z"},
}


def test_what_was_saved_since_is_said_to_the_second() -> None:
    assert list(gone(ORDER.newest, ORDER.to)) == [
        "Whatever was saved between 2026-11-29 13:00:00 and 2026-11-29 13:05:05 UTC, 5 min, "
        "is not in it."
    ]
    assert not list(gone(ORDER.newest, ORDER.newest))
    assert not list(gone(None, ORDER.to))
    assert not list(gone(ORDER.newest, None))


def test_the_age_of_the_data_is_never_below_nothing() -> None:
    assert age(ORDER.newest, "2026-11-29T13:05:00.200Z") == 5.0
    assert age("2026-11-29T13:00:00.000Z", "2026-11-29T13:00:01.000Z") == 0.0
    assert age(None, ORDER.to) is None


def test_afterwards_it_says_when_it_served_what_is_missing_and_what_is_kept() -> None:
    said = list(lines(ANSWER))
    assert said[0] == "shop serves again, 74 s after this began"
    assert any("db-2 WAS NOT REACHED" in each for each in said)
    assert said[-1].endswith("kept on db-1: /var/lib/postgresql/before-20261129T130506789Z")


def test_one_recovery_is_ended_before_another_begins() -> None:
    from standfast.core.units import parse_stamp

    must_be_the_same(ORDER, parse_stamp("2026-11-29T13:00:00Z"))
    with pytest.raises(ConfigError, match="another recovery of this site is under way") as other:
        must_be_the_same(ORDER, None)
    assert "--to 2026-11-29T13:00:00.000Z --into site" in other.value.remedy


def test_a_recovery_has_a_name_that_fits_into_a_file_name() -> None:
    assert (ORDER.run, ORDER.user, ORDER.in_place) == ("20261129T130506789Z", "postgres", True)
