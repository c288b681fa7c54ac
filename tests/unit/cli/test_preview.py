"""A plan works before any key exists, and compares with the keys that there are once there are."""

from dataclasses import replace
from pathlib import Path

import pytest

from standfast.cli.app import App
from standfast.cli.blueprint import preview, unknown_files
from standfast.cli.plan import keyless
from standfast.cli.session import Session
from standfast.config import PROJECT, compose, parse
from standfast.core.clock import SystemClock
from standfast.core.command import SystemRunner
from standfast.mechanisms.keys import custody
from standfast.mechanisms.keys.unsealed import Unsealed
from standfast.mechanisms.rollout.plan import plan

ENVIRONMENT = "/etc/standfast/service.env"
FIREWALL = "/etc/standfast/nftables.conf"
PUBLIC = ("/cert.pem", "/ending.pem", "/ca.pem", "/keeper.json", "/offsite-authority.pem")
"""What is made from keys and is no secret: certificates, and who may sign."""


@pytest.fixture
def app(tmp_path: Path) -> App:
    site = compose(
        parse("", "standfast.toml"),
        folder=PROJECT,
        state=tmp_path / "state",
        cache=tmp_path / "cache",
        run=tmp_path / "run",
    )
    return App(site=site, runner=SystemRunner(), clock=SystemClock())


def with_key(app: App, folder: Path, person: str) -> App:
    """The command of somebody who has a key of their own, or makes one with the site."""
    session = Session(
        place=app.site.sealed,
        home=app.site.folders.home,
        unsealed=Unsealed(folder / "memory" / "site" / "unsealed"),
        runner=app.runner,
        environment={"XDG_CONFIG_HOME": str(folder / person), "USER": person},
    )
    return replace(app, session=session)


def test_a_preview_makes_nothing(app: App, tmp_path: Path) -> None:
    preview(app)
    preview(with_key(app, tmp_path, "anna"))
    assert not list(tmp_path.iterdir())


def test_files_with_secrets_are_unknown_until_those_are_drawn(app: App, tmp_path: Path) -> None:
    before = unknown_files(app)["web-1"]
    assert ENVIRONMENT in before
    assert FIREWALL not in before
    app = with_key(app, tmp_path, "anna")
    drawn = custody.ensure(app.keys.begin())
    app.keys.save()
    assert ENVIRONMENT not in unknown_files(app)["web-1"]
    files = {each.path: each.content for each in plan(preview(app))["web-1"].files}
    assert drawn.database_password.encode() in files[ENVIRONMENT]
    app.keys.leave()


def test_who_has_no_key_plans_without_the_secrets(
    app: App, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anna = with_key(app, tmp_path, "anna")
    custody.ensure(anna.keys.begin())
    anna.keys.save()
    anna.keys.leave()
    stranger = keyless(with_key(app, tmp_path, "nobody"))
    assert "is not compared" in capsys.readouterr().err
    assert ENVIRONMENT in unknown_files(stranger)["web-1"]


def test_no_file_that_everybody_may_read_holds_a_secret(app: App) -> None:
    for bundle in plan(preview(app, secret="the-secret")).values():
        for file in bundle.files:
            if b"the-secret" in file.content and file.mode & 0o004:
                assert file.path.endswith(PUBLIC), f"{bundle.machine}: {file.path}"
