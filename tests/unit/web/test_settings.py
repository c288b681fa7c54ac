"""Workers and jobs of the contract: what is refused, and what a release keeps of them."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from standfast.mechanisms.web.release import Release, parse
from standfast.mechanisms.web.settings import Commands, Route

GOOD: dict[str, Any] = {
    "web": ["bin/web"],
    "workers": {"mailer": {"command": ["bin/mail"], "copies": 1}},
    "jobs": {"tidy": {"command": ["bin/tidy"], "schedule": "daily"}},
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"jobs": {"tidy": {"command": ["x"], "schedule": "often"}}}, "as systemd reads it"),
        ({"jobs": {"tidy": {"command": ["x"]}}}, "Field required"),
        ({"jobs": {"Tidy up": {"command": ["x"], "schedule": "daily"}}}, "should match pattern"),
        ({"workers": {"a": {"command": []}}}, "at least 1 item"),
        ({"workers": {"a": {"command": ["x"], "copies": 0}}}, "greater than or equal to 1"),
        ({"web": ["a\0b"]}, "zero byte"),
    ],
)
def test_what_cannot_run_is_refused(change: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        Commands.model_validate({**GOOD, **change})


@pytest.mark.parametrize("route", ["reports", "/two words", "/a\nb", "/{x}", '/"'])
def test_a_slow_route_is_a_path_that_haproxy_reads_as_it_stands(route: str) -> None:
    with pytest.raises(ValidationError, match="should match pattern"):
        TypeAdapter(Route).validate_python(route)


def test_a_release_reads_back_as_it_was_noted() -> None:
    release = Release(digest="d", commands=Commands.model_validate(GOOD))
    assert parse(release.document()) == release


@pytest.mark.parametrize("note", [None, {}, {"digest": "d"}, {"digest": "d", "commands": {"w": 1}}])
def test_what_cannot_be_started_again_is_no_release(note: dict[str, Any] | None) -> None:
    assert parse(note) is None
