"""What is asked of the journals, and how several become one."""

from standfast.cli.logs import in_time, journal


def test_the_last_fifty_lines_are_shown_unless_a_time_is_given() -> None:
    assert "--lines=50" in journal(None, follow=False, since=None, lines=None)
    since = journal(None, follow=True, since="-1h", lines=None)
    assert "--since=-1h" in since
    assert "--follow" in since
    assert not [word for word in since if word.startswith("--lines")]
    assert "--lines=7" in journal("service-*", follow=False, since="-1h", lines=7)


def test_the_lines_of_several_machines_are_shown_in_time() -> None:
    first = "2026-11-25T01:00:00+0000 web-1 a\n-- Boot 1 --\n2026-11-25T03:00:00+0000 web-1 c\n"
    second = "2026-11-25T02:00:00+0000 web-2 b\n"
    assert [line.split(" ")[-1] for line in in_time([first, second])] == ["a", "--", "b", "c"]
