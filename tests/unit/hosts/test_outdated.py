"""A program that runs what an update has replaced is found by the kernel's word."""

from pathlib import Path

import pytest

from standfast.mechanisms.hosts.outdated import read, runs_replaced

LIBRARY = "7f1c-7f2c r-xp 00000000 fe:00 1234   /usr/lib/x86_64-linux-gnu/libssl.so.3"


@pytest.mark.parametrize(
    ("line", "replaced"),
    [
        (LIBRARY, False),
        (f"{LIBRARY} (deleted)", True),
        (f"{LIBRARY} (deleted)".replace("r-xp", "r--p"), False),
        ("7f1c-7f2c rw-s 00000000 00:01 99   /dev/zero (deleted)", False),
        ("7f1c-7f2c r-xp 00000000 00:01 99   /memfd:jit (deleted)", False),
        ("7f1c-7f2c r-xp 00000000 fe:00 99   /opt/standfast/venv/bin/x.so (deleted)", True),
        ("7f1c-7f2c r-xp 00000000 00:00 0", False),
    ],
)
def test_only_replaced_code_counts(line: str, replaced: bool) -> None:
    assert runs_replaced(f"{LIBRARY}\n{line}\n") is replaced


def test_programs_are_named_once_and_the_kernel_if_a_package_says_so(tmp_path: Path) -> None:
    for number, line in (
        ("12", f"{LIBRARY} (deleted)"),
        ("13", f"{LIBRARY} (deleted)"),
        ("14", ""),
    ):
        (tmp_path / number).mkdir()
        (tmp_path / number / "maps").write_text(f"{line}\n")
        (tmp_path / number / "comm").write_text("haproxy\n" if number != "14" else "sshd\n")
    (tmp_path / "15").mkdir()  # a process that ended while it was looked at
    (tmp_path / "self").mkdir()
    required = tmp_path / "reboot-required"
    assert read(tmp_path, required) == ["haproxy"]
    required.touch()
    assert read(tmp_path, required) == ["the kernel", "haproxy"]
