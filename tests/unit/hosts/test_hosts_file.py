"""Our names share /etc/hosts with somebody's own."""

from standfast.mechanisms.hosts.hosts_file import conflicts, has_block, merged, outside_of

OURS = "10.0.0.11 edge-1\n10.0.0.12 web-1\n"
THEIRS = "127.0.0.1\tlocalhost\n10.9.9.9 printer # in the hall\n"


def test_what_stands_there_stays_word_for_word() -> None:
    assert merged(THEIRS, OURS).startswith(THEIRS)


def test_a_second_time_changes_nothing() -> None:
    once = merged(THEIRS, OURS)
    assert merged(once, OURS) == once


def test_a_newer_block_takes_the_place_of_the_older() -> None:
    newer = merged(merged(THEIRS, OURS), "10.0.0.13 web-2\n")
    assert "web-1" not in newer
    assert newer == merged(THEIRS, "10.0.0.13 web-2\n")


def test_what_is_left_without_the_block_is_what_was_there() -> None:
    assert outside_of(merged(THEIRS, OURS)) == THEIRS
    assert not has_block(THEIRS)


def test_an_empty_file_learns_of_the_machine_itself() -> None:
    assert merged("", OURS).startswith("127.0.0.1 localhost\n::1 localhost")


def test_a_line_without_its_end_is_not_glued_to_ours() -> None:
    assert "10.9.9.9 printer\n# >>>" in merged("127.0.0.1 localhost\n10.9.9.9 printer", OURS)


def test_a_machine_does_not_lead_its_own_name_back_to_itself() -> None:
    debian = "127.0.0.1 localhost\n127.0.1.1 web-1.example.com web-1\n127.0.1.1 edge-1\n"
    outside = outside_of(merged(debian, OURS))
    assert outside == "127.0.0.1 localhost\n127.0.1.1 web-1.example.com\n"


def test_a_name_of_ours_that_leads_elsewhere_is_a_conflict() -> None:
    assert conflicts(f"{THEIRS}192.0.2.1 www web-1\n", OURS) == ["192.0.2.1 web-1"]


def test_loopback_lines_the_same_address_and_our_own_block_are_none() -> None:
    well = "127.0.1.1 web-1\n10.0.0.12 web-1\n# 192.0.2.1 edge-1\n"
    assert conflicts(well, OURS) == []
    assert conflicts(merged("", "192.0.2.1 web-1\n"), OURS) == []
