"""Only what lies below the folder is served, and nothing else exists."""

from pathlib import Path

import pytest

from standfast.daemons.pages import content_type, file_for


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    www = tmp_path / "www"
    (www / "log" / "tile").mkdir(parents=True)
    (www / "index.html").touch()
    (www / "log" / "checkpoint").touch()
    (www / ".hidden").touch()
    (tmp_path / "secret").touch()
    (www / "way-out").symlink_to(tmp_path / "secret")
    return www


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/trust/", "index.html"),
        ("/trust/?utm=1", "index.html"),
        ("/trust/index.html", "index.html"),
        ("/trust/log/checkpoint", "log/checkpoint"),
    ],
)
def test_what_is_there_is_found(folder: Path, path: str, file: str) -> None:
    assert file_for(path, folder) == folder / file


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/trust",
        "/trust/log/",
        "/trust/../secret",
        "/trust/log/../../secret",
        "/trust/%2e%2e/secret",
        "/trust//etc/passwd",
        "/trust/.hidden",
        "/trust/way-out",
        "/trust/nothing",
        "/trust/\0",
    ],
)
def test_nothing_else_exists(folder: Path, path: str) -> None:
    assert file_for(path, folder) is None


def test_a_checkpoint_is_text_and_a_page_is_html() -> None:
    assert content_type(Path("checkpoint")).startswith("text/plain")
    assert content_type(Path("index.html")).startswith("text/html")
    assert content_type(Path("tile/0/000")) == "application/octet-stream"
