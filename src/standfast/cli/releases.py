"""Which release a command puts to use, and where its bytes come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from standfast.cli.app import App
from standfast.cli.blueprint import release
from standfast.cli.progress import Progress
from standfast.core.errors import Refused
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.rollout import on_web
from standfast.mechanisms.rollout.artifacts import Artifact
from standfast.mechanisms.rollout.history import History, newest, to_go_back_to, took_back
from standfast.mechanisms.rollout.machines import on_all
from standfast.mechanisms.rollout.on_web import Found
from standfast.mechanisms.rollout.release import build, cached
from standfast.mechanisms.rollout.run import Rollout
from standfast.mechanisms.web.release import Release


class Wish(StrEnum):
    """`UP`: the source's release, unless an operator went back from it. `DEPLOY`: the source's.
    `BACK`: the one before what runs."""

    UP = "up"
    DEPLOY = "deploy"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    release: Release
    history: History
    found: Mapping[str, Found]


def choose(app: App, rollout: Rollout, wish: Wish, progress: Progress) -> Chosen:
    found = on_all(rollout.having(Role.WEB), on_web.look)
    history = newest(each.history for each in found.values())
    running = [each.release.digest for each in found.values() if each.release]
    if wish is Wish.BACK:
        return go_back(rollout, found, history, running)
    made = release(app)
    wanted = made if wish is Wish.DEPLOY else wanted_by_up(made, history)
    if wanted != made:
        progress.tell("release", f"{made.digest} was taken back; `standfast deploy` retries it")
    return Chosen(release=wanted, history=history, found=found)


def wanted_by_up(made: Release, history: History) -> Release:
    """`made` of the source, unless an operator went back from it."""
    taken_back = made.digest in history.taken_back
    return history.current if taken_back and history.current else made


def go_back(
    rollout: Rollout, found: Mapping[str, Found], history: History, running: list[str]
) -> Chosen:
    target = to_go_back_to(history, running)
    if target is None:
        raise Refused("there is no release to go back to", remedy="See: standfast deploy --status")
    noted = took_back(history, (each for each in running if each != target.digest))
    on_all(rollout.having(Role.WEB), lambda each: on_web.write_page(each, noted))
    return Chosen(release=target, history=noted, found=found)


def ship(app: App, rollout: Rollout, chosen: Chosen, progress: Progress) -> None:
    """Give the release to the web machines that do not have it yet."""
    rollout.ship_release(chosen.release.folder, lambda: bytes_of(app, rollout, chosen, progress))


def bytes_of(app: App, rollout: Rollout, chosen: Chosen, progress: Progress) -> Artifact:
    """Built from the source; an older one from this computer's cache or from a machine."""
    wanted = chosen.release
    if wanted.digest == release(app).digest:
        return build(
            wanted,
            app.site.source,
            app.site.service,
            builder=lambda: app.here.builder(lambda what: progress.tell("image", what)),
            cache=app.site.folders.cache,
            tell=lambda what: progress.tell("release", what),
        )
    kept = cached(wanted, cache=app.site.folders.cache)
    sources = (on_web.fetch(each, wanted) for each in rollout.having(Role.WEB))
    made = kept or next((each for each in sources if each), None)
    if made is None:
        raise Refused(
            f"release {wanted.digest} lies on no machine any more",
            remedy="Take its source from your repository and `standfast deploy` it.",
        )
    return made
