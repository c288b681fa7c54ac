"""A drill disturbs machines that belong to somebody by their word alone, and when they said."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from standfast.evidence import consent
from standfast.evidence.consent import Standing, after
from standfast.evidence.statement import TextNotice
from standfast.proofs.permission import Rules, forbidden
from standfast.proofs.windows import parse

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
NIGHT = Rules(listed=True, windows=(parse("daily 02:00-04:00"),), zone=ZoneInfo("UTC"))
HERE = Rules(listed=False, zone=ZoneInfo("UTC"))


def standing(*texts: str) -> Standing:
    now = Standing()
    for text in texts:
        now = after(now, TextNotice(text=text, at=NOW))
    return now


def why(rules: Rules, said: Standing, now: datetime = NOW, *, by_hand: bool = False) -> str:
    refused = forbidden("web-server", rules, said, now=now, consent=by_hand)
    assert refused is None or "nothing was disturbed" in refused.problem
    return refused.problem if refused else ""


CONSENTED = consent.consented("web-server")


def test_machines_made_here_may_always_be_disturbed() -> None:
    assert why(HERE, standing()) == ""


def test_nothing_runs_on_somebodys_machines_before_they_ran_it_by_hand() -> None:
    assert "nobody has consented" in why(NIGHT, standing())
    assert "nobody has consented" in why(NIGHT, standing(consent.consented("database-host")))
    assert why(NIGHT, standing(), by_hand=True) == ""


def test_afterwards_it_runs_in_windows_and_only_there() -> None:
    said = standing(CONSENTED)
    assert why(NIGHT, said) == ""
    assert "the next opens Thu 26 Nov 02:00 (UTC)" in why(NIGHT, said, NOW + timedelta(hours=2))
    assert "none is set" in why(Rules(listed=True, zone=ZoneInfo("UTC")), said)


def test_by_hand_it_runs_outside_its_windows_too() -> None:
    assert why(NIGHT, standing(CONSENTED), NOW + timedelta(hours=2), by_hand=True) == ""


def test_a_pause_stops_everything_wherever_the_machines_stand() -> None:
    said = standing(CONSENTED, consent.paused("the auditors are here", None))
    assert "the auditors are here" in why(NIGHT, said, by_hand=True)
    assert "the auditors are here" in why(HERE, said)


def test_a_pause_ends_by_itself_or_by_a_word() -> None:
    until = NOW + timedelta(hours=1)
    said = standing(CONSENTED, consent.paused("moving house", until))
    assert why(NIGHT, said) != ""
    assert why(HERE, said, until) == ""
    assert why(NIGHT, standing(CONSENTED, consent.paused("x", None), consent.RESUMED)) == ""


def test_the_words_of_a_notice_are_read_back_as_they_were_meant() -> None:
    until = NOW + timedelta(hours=1)
    pause = standing(consent.paused("a reason: with a colon\nand a second line", until)).pause
    assert pause is not None
    assert (pause.reason, pause.until) == ("a reason: with a colon\nand a second line", until)
    open_ended = standing(consent.paused("until further notice", None)).pause
    assert open_ended is not None
    assert open_ended.until is None


def test_a_drill_that_waits_says_why_on_the_page_until_it_has_consent() -> None:
    waits = standing(consent.waiting("web-server"))
    assert waits.why_not("web-server", NOW) == "nobody has consented to this drill yet"
    assert waits.why_not("database-host", NOW) == ""
    assert standing(consent.waiting("web-server"), CONSENTED).why_not("web-server", NOW) == ""
    assert standing(CONSENTED, consent.waiting("web-server")).waiting == frozenset()


def test_other_notices_say_nothing_about_drills() -> None:
    assert standing("We moved to another building.") == Standing()
