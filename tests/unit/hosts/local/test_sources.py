"""Machines made here take their packages where this computer takes its own, whatever the suite."""

from pathlib import Path

import pytest

from standfast.mechanisms.hosts.local.sources import options, read

DEB822 = """\
Types: deb
URIs: http://mirror.example/debian
Suites: {suite} {suite}-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: {suite}-security
Components: main contrib
"""
VENDOR = "Types: deb\nURIs: http://vendor.example/apt\nSuites: stable\nComponents: main\n"


def wanted(suite: str) -> str:
    return (
        f"deb http://mirror.example/debian {suite} main\n"
        f"deb http://mirror.example/debian {suite}-updates main\n"
        f"deb http://mirror.example/debian-security {suite}-security main contrib\n"
    )


@pytest.mark.parametrize("here", ["bookworm", "trixie"])
@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_a_sister_suite_comes_from_the_same_mirror_security_included(
    tmp_path: Path, here: str, suite: str
) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "debian.sources").write_text(DEB822.format(suite=here))
    (tmp_path / "sources.list.d" / "vendor.sources").write_text(VENDOR)
    assert read(tmp_path, suite) == wanted(suite)


def test_lines_of_the_older_form_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "# deb http://mirror.example/debian bookworm non-free\n"
        "deb [arch=amd64 signed-by=/key.gpg] http://mirror.example/debian bookworm main # ours\n"
        "deb-src http://mirror.example/debian bookworm main\n"
    )
    assert read(tmp_path, "trixie") == "deb http://mirror.example/debian trixie main\n"


def test_a_computer_of_another_distribution_offers_none(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://mirror.example/ubuntu noble main\n")
    assert read(tmp_path, "trixie") == ""


def test_a_proxy_is_passed_on_and_an_empty_setting_is_not() -> None:
    dump = 'Acquire::http::Proxy "http://proxy.example:3128";\nAcquire::https::Proxy "";\n'
    assert list(options(dump)) == ['Acquire::http::Proxy "http://proxy.example:3128"']
