"""One machine after the other; what is not well goes back; a killed run is finished by the next."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from standfast.core.command import Result
from standfast.core.errors import StandfastError
from standfast.mechanisms.rollout import deploy
from standfast.mechanisms.rollout.deploy import Deploy
from standfast.mechanisms.rollout.history import PAGE, History, read, went_live
from standfast.mechanisms.rollout.on_web import Found
from standfast.mechanisms.web.release import Release
from standfast.mechanisms.web.settings import Commands

NOW = datetime(2026, 11, 25, tzinfo=UTC)
OLD, NEW = (
    Release(digest=digest, commands=Commands(web=("web",), migrate=((digest,),)))
    for digest in ("old", "new")
)


class Killed(BaseException):
    """Whatever ends a process without a word."""


@dataclass
class Name:
    name: str


@dataclass
class Web:
    """A web machine: the release it has, whether releases are well on it, its page of history."""

    machine: Name
    release: Release | None
    bad: set[str] = field(default_factory=set)
    page: str = ""
    serves: bool = True

    def run(self, argv: tuple[str, ...], *, stdin: bytes = b"", **_: Any) -> Result:
        if PAGE in " ".join(argv):
            self.page = stdin.decode()
        return Result(status=0, stdout=b"", stderr=b"")


@dataclass
class Site:
    """What `Rollout` does to machines, and what is seen of it. `budget`: changes until it dies."""

    connections: dict[str, Web]
    budget: int = 1000
    did: list[str] = field(default_factory=list)

    def spend(self, what: str) -> None:
        if self.budget == 0:
            raise Killed
        self.budget -= 1
        self.did.append(what)

    def tell(self, who: str, what: str) -> None: ...

    def having(self, _: object) -> tuple[Web, ...]:
        return tuple(self.connections.values())

    def serves(self, web: Web, _: object) -> bool:
        return web.serves

    def is_healthy(self, web: Web, _: object) -> bool:
        return web.serves

    def apply_one(self, web: Web, bundle: tuple[str, Release], _: object, *, turn: Any) -> Any:
        assert turn == (
            *("standfast-web-proxy.service", "standfast-listener.service"),
            "service-web.service",
        )
        others = [each for each in self.connections.values() if each is not web and each.serves]
        assert others or not web.serves, "the last that serves was taken"
        name, release = bundle
        self.spend(f"{name} {release.digest}")
        web.release, web.serves = release, release.digest not in web.bad
        return {"restarted": ["service-web.service"], "waiting": []}


@dataclass(frozen=True)
class Blueprint:
    machines: tuple[Name, ...]
    release: Release
    service: None = None


@pytest.fixture(autouse=True)
def plain_bundles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bundle is its machine and release; what else is in one, others test."""
    monkeypatch.setattr(deploy, "bundle", lambda machine, made: (machine.name, made.release))
    monkeypatch.setattr(deploy, "admitted", lambda web, _: True)
    monkeypatch.setattr(
        deploy, "failed_units", lambda name, units, _: StandfastError(f"{units[0]} on {name}")
    )
    return


def site(*webs: Web) -> Site:
    return Site({each.machine.name: each for each in webs})


def web(name: str, release: Release | None = OLD, *bad: str) -> Web:
    page = went_live(History(migrated="old"), OLD, since="before").note().decode()
    return Web(Name(name), release, set(bad), page if release else "", serves=bool(release))


def put_out(
    made: Site, wanted: Release, monkeypatch: pytest.MonkeyPatch, waits: tuple[str, ...] = ()
) -> dict[str, Any]:
    """As a command does that has just looked at the machines."""

    def migrate(_: object, __: object, argv: tuple[str, ...], **___: object) -> None:
        made.spend(f"migrate {argv[0]}")

    monkeypatch.setattr(deploy, "service_command", migrate)
    found = {
        name: Found(release=each.release, history=read(each.page))
        for name, each in made.connections.items()
    }
    doing = Deploy(
        rollout=made,  # type: ignore[arg-type]
        programs=None,  # type: ignore[arg-type]
        blueprint=Blueprint(  # type: ignore[arg-type]
            machines=tuple(each.machine for each in made.connections.values()), release=wanted
        ),
        history=max((each.history for each in found.values()), key=lambda page: page.revision),
        found=found,
        now=NOW,
    )
    assert dict(doing.bundles().values()) == {  # what all machines are given at the same time
        name: each.release or wanted for name, each in made.connections.items()
    }
    for each in made.connections.values():
        each.release = each.release or wanted
    first = {
        name: {"restarted": [], "waiting": ["service-web.service"] if name in waits else []}
        for name in made.connections
    }
    return doing.carry_out(first)


Patch = pytest.MonkeyPatch


def test_the_database_is_migrated_and_then_each_machine_has_its_turn(monkeypatch: Patch) -> None:
    made = site(web("web-1"), web("web-2"))
    put_out(made, NEW, monkeypatch)
    assert made.did == ["migrate new", "web-1 new", "web-2 new"]
    assert all(read(each.page).current == NEW for each in made.connections.values())


def test_a_second_run_changes_nothing(monkeypatch: Patch) -> None:
    made = site(web("web-1"), web("web-2"))
    put_out(made, NEW, monkeypatch)
    made.did.clear()
    put_out(made, NEW, monkeypatch)
    assert made.did == []


def test_what_waits_has_its_turn_without_another_release(monkeypatch: Patch) -> None:
    made = site(web("web-1"), web("web-2"))
    reports = put_out(made, OLD, monkeypatch, waits=("web-2",))
    assert made.did == ["web-2 old"]
    assert reports["web-2"] == {"restarted": ["service-web.service"], "waiting": []}


def test_the_first_that_is_not_well_goes_back_and_the_rest_is_not_touched(
    monkeypatch: Patch,
) -> None:
    made = site(web("web-1", OLD, "new"), web("web-2"))
    with pytest.raises(StandfastError, match="web-1 is back on release old and serves"):
        put_out(made, NEW, monkeypatch)
    assert made.did == ["migrate new", "web-1 new", "web-1 old"]
    assert all(each.serves and each.release == OLD for each in made.connections.values())
    assert all(read(each.page).current == OLD for each in made.connections.values())


def test_a_machine_that_cannot_go_back_either_is_said_to_be_so(monkeypatch: Patch) -> None:
    made = site(web("web-1", OLD, "new", "old"), web("web-2"))
    with pytest.raises(StandfastError, match="could not go back to old either"):
        put_out(made, NEW, monkeypatch)
    assert made.connections["web-2"].release == OLD


def test_a_machine_that_is_new_is_given_what_is_wanted(monkeypatch: Patch) -> None:
    made = site(web("web-1"), web("web-2"), web("web-3", None))
    put_out(made, OLD, monkeypatch)
    assert made.did == ["web-3 old"]
    assert read(made.connections["web-3"].page).current == OLD


@pytest.mark.parametrize("changes", range(3))
def test_killed_after_any_change_the_next_run_finishes(changes: int, monkeypatch: Patch) -> None:
    made = site(web("web-1"), web("web-2"))
    made.budget = changes
    with pytest.raises(Killed):
        put_out(made, NEW, monkeypatch)
    assert all(each.serves for each in made.connections.values())
    made.budget = 1000
    put_out(made, NEW, monkeypatch)
    assert made.did == ["migrate new", "web-1 new", "web-2 new"]
    assert all(each.release == NEW for each in made.connections.values())
