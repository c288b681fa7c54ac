"""Completion in a real shell, of a program on the PATH that is called `standfast`."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from standfast.cli import NAME, standfast

PROJECT = Path(__file__).resolve().parents[3]
MAIN = "from standfast.cli import main; main()"


def script(shell: str) -> str:
    done = CliRunner().invoke(standfast, ["completion", shell], prog_name=NAME)
    assert done.exit_code == 0, done.output
    return done.stdout


def completed(folder: Path, words: str) -> list[str]:
    """What bash would offer for the last of `words`, after sourcing the printed script."""
    program = folder / "standfast"
    program.write_text(f"#!/bin/sh\nPYTHONPATH={PROJECT}/src exec {sys.executable} -c '{MAIN}'\n")
    program.chmod(0o755)
    (folder / "completion").write_text(script("bash"))
    asked = (
        f"source {folder}/completion; COMP_WORDS=({words});"
        " COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _standfast_completion standfast;"
        ' complete -p standfast >/dev/null && printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", asked],
        env={"PATH": f"{folder}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_what_begins_with_u(tmp_path: Path) -> None:
    assert completed(tmp_path, "standfast u") == ["up", "update"]


def test_bash_completes_an_option(tmp_path: Path) -> None:
    assert completed(tmp_path, "standfast up --j") == ["--json"]


@pytest.mark.parametrize(("shell", "begins"), [("zsh", "#compdef standfast"), ("fish", "function")])
def test_the_other_shells_get_a_script_of_their_own(shell: str, begins: str) -> None:
    assert script(shell).startswith(begins)
    assert "_STANDFAST_COMPLETE" in script(shell)
