"""What bin/bootstrap says on computers that lack the first things."""

import os
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

OLD = """\
#!/bin/sh
[ "$1" = --version ] && echo Python 3.9.2 && exit
exec /usr/bin/python3 -I -c "import sys; sys.version_info = (3, 9, 2); exec(sys.argv[1])" "$3"
"""


AS_NOBODY = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)
"""Somebody else who may still read this checkout, wherever it lies."""


def sourced(script: str, *through: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*through, "bash", "-c", f"set -u; source {PROJECT}/bin/bootstrap; {script}"],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_can_be_sourced_without_a_home() -> None:
    through = AS_NOBODY if os.geteuid() == 0 else ()  # root's cache is elsewhere
    done = sourced('printf "%s" "$STANDFAST_CACHE"', *through)
    assert done.stdout.endswith("/.cache/standfast"), done.stderr


def test_an_old_python_is_refused_with_the_releases_that_have_a_newer_one(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text(OLD)
    old.chmod(0o755)
    done = sourced(f"STANDFAST_PYTHON={old} standfast_python")
    assert done.returncode == 1
    assert done.stderr == (
        f"standfast: {old} is Python 3.9.2, and 3.11 is needed\n"
        "Try: Use Debian 12 or newer, or Ubuntu 24.04 or newer.\n"
    )


def test_a_computer_without_apt_is_refused_in_two_lines(tmp_path: Path) -> None:
    (tmp_path / "grep").symlink_to("/usr/bin/grep")
    done = sourced(f"PATH={tmp_path}; standfast_packages mmdebstrap")
    assert done.returncode == 1
    assert done.stderr.startswith("standfast: this computer runs neither Debian nor Ubuntu\nTry: ")
