"""Nothing is committed that only one machine knows, that must stay secret, or that is missing."""

import re
from pathlib import PurePath

import pytest

from .tree import ROOT, Finding, files, report, text_files

# The patterns are put together from pieces, so that this file does not find itself.
REGISTRIES = re.compile(
    r"(?i)\b("
    + "|".join(
        [
            "pyp" + r"i\.org",
            "pytho" + "nhosted",
            "(deb|security|ftp|snapshot|cdn-aws)" + r"\.debian\.org",
            "(archive|security|ports)" + r"\.ubuntu\.com",
            "registry" + r"\.npmjs",
            "crates" + r"\.io\b",
            "proxy" + r"\.golang\.org",
            "(registry-1" + r"\.docker\.io|gh" + r"cr\.io|qu" + r"ay\.io)",
        ]
    )
    + ")"
)
SOMEBODYS_FOLDER = re.compile(
    "|".join(
        [
            "/wor" + r"k/(main|steering|shared|\.library)",
            "/ho" + r"me/\w+/",
            "/Use" + r"rs/\w+/",
            "/roo" + r"t/\.pyenv",
            "/tmp/bas" + "h_jobs",
        ]
    )
)
SECRETS = re.compile(
    "|".join(
        [
            r"-----BEGIN [A-Z ]*" + r"PRIVATE KEY-----\s+[A-Za-z0-9+/]{32}",
            "AGE-SECRET-" + r"KEY-1[A-Z0-9]{50}",
            "AK" + r"IA[0-9A-Z]{16}\b",
            "gh" + r"[pousr]_[A-Za-z0-9]{36}",
        ]
    )
)

FORBIDDEN = (
    (REGISTRIES, "take the address from this computer's own settings, and pin by version and hash"),
    (SOMEBODYS_FOLDER, "compute the path from the file's own place, or take it as an argument"),
    (SECRETS, "make the key in the test, or read it from the site's folder"),
)

READ_BY_PEOPLE = (
    "README.md",
    "ARCHITECTURE.md",
    "GLOSSARY.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "standfast.example.toml",
)


def found_in(text: str, pattern: re.Pattern[str], instead: str) -> list[Finding]:
    return [
        Finding(line=text.count("\n", 0, hit.start()) + 1, message=f"{hit[0][:40]}; {instead}")
        for hit in pattern.finditer(text)
    ]


@pytest.mark.parametrize(
    ("pattern", "instead"), FORBIDDEN, ids=("registry hosts", "paths of one machine", "secrets")
)
def test_no_file_holds_what_must_stay_out(pattern: re.Pattern[str], instead: str) -> None:
    found = [
        line
        for path, text in text_files()
        for line in report(path, found_in(text, pattern, instead))
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("pattern", "planted"),
    [
        (REGISTRIES, "deb http://" + "deb" + ".debian.org/debian bookworm main"),
        (REGISTRIES, "--index-url https://" + "pyp" + "i.org/simple"),
        (SOMEBODYS_FOLDER, "/ho" + "me/ada/standfast/src"),
        (SOMEBODYS_FOLDER, "/wor" + "k/main/src"),
        (SECRETS, "-----BEGIN PRIVATE" + " KEY-----\n" + "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK"),
    ],
)
def test_a_planted_string_is_found(pattern: re.Pattern[str], planted: str) -> None:
    assert [each.line for each in found_in(f"first line\n{planted}", pattern, "")] == [2]


@pytest.mark.parametrize("name", READ_BY_PEOPLE)
def test_the_project_has_the_file(name: str) -> None:
    assert (ROOT / name).is_file(), f"write {name}"
    assert (ROOT / name).read_text().strip(), f"{name} is empty"


def test_golden_files_end_their_lines_as_the_machines_do() -> None:
    returns = [
        path
        for path in files()
        if path.startswith("tests/golden/")
        and PurePath(path).suffix != ".png"
        and b"\r" in (ROOT / path).read_bytes()
    ]
    assert not returns, f"carriage returns in {returns}; write LF"


def test_lock_files_pin_every_package_by_version_and_hash() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.lock")):
        text = lock.read_text().replace("\\\n", " ")
        for line in text.splitlines():
            if line and not line.lstrip().startswith("#"):
                assert re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), (lock, line)


def test_programs_in_bin_are_executable_shell_that_says_what_it_is_for() -> None:
    for path in files():
        if path.startswith("bin/") and path != "bin/bootstrap":
            first, second = (ROOT / path).read_text().splitlines()[:2]
            assert first == "#!/usr/bin/env bash", path
            assert second.startswith("# "), f"{path} does not say on its second line what it is for"
            assert (ROOT / path).stat().st_mode & 0o111, f"{path} is not executable"
