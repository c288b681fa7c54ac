"""A command reaches the program word for word: systemd itself takes the line apart."""

import shutil
import subprocess
from pathlib import Path

import pytest

from standfast.mechanisms.web.command_line import absolute, command_line

HARD = (
    "plain",
    "",
    "with a space",
    "100%",
    "%n",
    "$HOME ${PATH} $$",
    "a \"quoted\" 'word'",
    "back\\slash \\n",
    "tab\tand\nline",
    "\x01\x7f",
    "-option=value",
    ";",
    "grüße ∞",
    "@-:+!",
)


def as_systemd_reads(line: str, folder: Path) -> list[str]:
    """What `systemctl show` says of ExecStart= needs a running systemd; `systemd-analyze` reads a
    unit without one, and complains of a line that it cannot take apart or that names no program."""
    unit = folder / "words.service"
    unit.write_text(f"[Service]\nType=oneshot\nExecStart={line}\n")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in done.stderr.splitlines() if "words.service" in line]


@pytest.mark.parametrize("word", HARD)
def test_systemd_understands_every_word(word: str, tmp_path: Path) -> None:
    assert not as_systemd_reads(command_line(("/bin/echo", word)), tmp_path)


def test_systemd_complains_of_a_word_that_is_not_quoted(tmp_path: Path) -> None:
    assert as_systemd_reads(':/bin/echo "never closed', tmp_path)


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (("/bin/echo", "a b"), ':/bin/echo "a b"'),
        (("/bin/echo", "%n"), ':/bin/echo "%%n"'),
        (("/bin/echo", "$x"), ':/bin/echo "$x"'),
        (("/bin/echo", 'say "it"\\'), ':/bin/echo "say \\"it\\"\\\\"'),
        (("/bin/echo", "a\nb\x01"), ':/bin/echo "a\\nb\\x01"'),
        (("/with space/bin", ""), ':"/with space/bin" ""'),
    ],
)
def test_what_systemd_would_read_is_escaped(argv: tuple[str, ...], line: str) -> None:
    assert command_line(argv) == line


def test_a_first_word_with_a_slash_is_inside_the_release_unless_it_begins_with_one() -> None:
    assert absolute((".venv/bin/python", "a/b"), "/srv/x") == ("/srv/x/.venv/bin/python", "a/b")
    assert absolute(("/bin/sh", "-c"), "/srv/x") == ("/bin/sh", "-c")
    assert absolute(("python3",), "/srv/x") == ("python3",)


def test_systemd_is_here() -> None:
    assert shutil.which("systemd-analyze")
