"""Windows in which drills may disturb, on the clock of the site's own time zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from standfast.proofs.windows import is_open, opens_at, parse

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")


def at(text: str, zone: ZoneInfo = UTC_ZONE) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("window", "moment", "open_then"),
    [
        ("mon-fri 02:00-04:30", "2026-11-25T02:00", True),
        ("mon-fri 02:00-04:30", "2026-11-25T04:30", False),
        ("mon-fri 02:00-04:30", "2026-11-28T03:00", False),
        ("sat 22:00-06:00", "2026-11-28T23:00", True),
        ("sat 22:00-06:00", "2026-11-29T05:59", True),
        ("sat 22:00-06:00", "2026-11-28T05:59", False),
        ("fri-mon 10:00-11:00", "2026-11-30T10:30", True),
        ("fri-mon 10:00-11:00", "2026-12-01T10:30", False),
        ("Daily 03:00-04:00", "2026-11-26T03:59", True),
        ("tue,thu 03:00-04:00", "2026-11-26T03:30", True),
        ("tue,thu 03:00-04:00", "2026-11-25T03:30", False),
    ],
)
def test_a_window_holds_its_days_and_times(window: str, moment: str, open_then: bool) -> None:
    assert is_open([parse(window)], UTC_ZONE, at(moment)) is open_then


def test_the_clock_is_that_of_the_time_zone() -> None:
    night = [parse("daily 02:00-03:00")]
    assert is_open(night, BERLIN, at("2026-11-25T01:30"))
    assert not is_open(night, BERLIN, at("2026-11-25T02:30"))
    assert is_open(night, BERLIN, datetime(2026, 7, 1, 0, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    ["", "always", "mon 2:00-4:00", "mon 02:00-02:00", "mon 02:00-25:00", "mo 02:00-04:00"],
)
def test_what_is_no_window_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        parse(text)


def test_the_next_opening_is_found_within_a_week() -> None:
    windows = (parse("wed 02:00-03:00"),)
    assert opens_at(windows, UTC_ZONE, at("2026-11-25T03:00")) == at("2026-12-02T02:00")
    assert opens_at(windows, UTC_ZONE, at("2026-11-25T02:59")) == at("2026-11-25T02:59")
    assert opens_at((), UTC_ZONE, at("2026-11-25T02:59")) is None


def test_a_night_that_the_clock_skips_opens_a_week_later() -> None:
    skipped = (parse("sun 02:10-02:50"),)
    assert opens_at(skipped, BERLIN, at("2026-03-28T12:00")) == datetime(
        2026, 4, 5, 0, 10, tzinfo=UTC
    )
