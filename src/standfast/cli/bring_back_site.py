"""`standfast recover --to TIME --into site`: the database of a moment in the place of the site's.

The service is stopped first, so nothing is saved that would be gone afterwards; what was there is
kept aside. What is lost is said before and after.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from standfast.cli.app import App, open_app
from standfast.cli.backup import TIME, Seen, looked_at
from standfast.cli.bring_back import named, source
from standfast.cli.lock import working_on
from standfast.cli.progress import Progress
from standfast.cli.withdraw import stop_service
from standfast.core.errors import ConfigError, Refused, Unreachable
from standfast.core.units import duration, parse_stamp, stamp
from standfast.mechanisms.backup.orders import Settings
from standfast.mechanisms.backup.places import SETTINGS
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.recovery.in_place.site import FOLDER, InPlace
from standfast.mechanisms.recovery.point_in_time.choice import ordered
from standfast.mechanisms.recovery.point_in_time.orders import Order
from standfast.mechanisms.recovery.point_in_time.refusal import no_room
from standfast.mechanisms.rollout.gate import wait_until_answered
from standfast.mechanisms.rollout.machines import on_all
from standfast.mechanisms.rollout.on_web import release_on
from standfast.mechanisms.rollout.service_command import service_command
from standfast.mechanisms.web.units import units

SITE = "site"
MIGRATE_LIMIT_S = 600.0
START_LIMIT_S = 120.0


def into_site(
    app: App, to: datetime | None, machine: str | None, *, yes: bool, as_json: bool
) -> None:
    progress = Progress()
    in_place = of_site(app, progress)
    began = app.clock.now()
    with working_on(app, "standfast recover --into site"):
        before = in_place.under_way()
        name, order = before or planned(app, in_place, to, machine, progress)
        must_be_the_same(order, to)
        progress.end()
        if not yes:
            confirm(app, order)
            began = app.clock.now()  # whoever thinks it over is no part of the outage
        if before is None:
            order = replace(order, begun=stamp(began))
        answer = carried_out(app, in_place, name, order, progress, is_new=before is None)
    progress.end()
    if as_json:
        click.echo(json.dumps(answer))
        return
    for line in lines(answer):
        click.echo(line)


def of_site(app: App, progress: Progress) -> InPlace:
    return InPlace(
        connections=app.connections,
        clock=app.clock,
        tell=progress.tell,
        site=app.site.name,
        database=app.site.service.role,
    )


@click.command()
@click.pass_obj
def abandon(file: Path | None) -> None:
    """Give up an interrupted recovery of the site, before anything happened to its database.

    What had come back is deleted, and the service starts again with the database that it had.
    """
    app = open_app(file)
    app.must_exist()
    progress = Progress()
    in_place = of_site(app, progress)
    with working_on(app, "standfast recover abandon"):
        before = in_place.under_way()
        if before is None:
            raise ConfigError("no recovery of this site is under way")
        in_place.abandon(*before)
        start_service(app, progress)
    progress.end()
    click.echo(f"{app.site.name} serves with the database that it had")


def planned(
    app: App, in_place: InPlace, to: datetime | None, machine: str | None, progress: Progress
) -> tuple[str, Order]:
    """On which database machine it comes back, and what. Touches nothing."""
    progress.tell("backups", "looking what there is")
    seen = looked_at(app)
    backup, choice = source(seen, to, named(app, machine))
    names = in_place.reached()
    if not names:
        raise Unreachable(
            "no database machine answers", remedy="Bring one back; see: standfast status"
        )
    backups = [each.name for each in app.site.having(Role.BACKUP)]
    said = app.connection(backup).run(("cat", SETTINGS)).text
    found = {each: in_place.newest(each) for each in names}
    order = replace(
        ordered(choice, FOLDER, to),
        repository=backups.index(backup) + 1,
        programs=Settings(**json.loads(said)).programs,
        begun=stamp(app.clock.now()),
        newest=max([*filter(None, found.values()), *newest_in(seen)], default=None),
    )
    name = max(names, key=lambda each: found[each] or "")
    no_room(name, FOLDER, in_place.look(name, order).free_bytes, order)
    return name, order


def newest_in(seen: tuple[Seen, ...]) -> list[str]:
    """The newest change that each repository has."""
    commits = (
        max(filter(None, each.shelf.commits.values()), default=None) for each in seen if each.shelf
    )
    return [stamp(each) for each in commits if each is not None]


def must_be_the_same(order: Order, to: datetime | None) -> None:
    wanted = None if to is None else stamp(to)
    if order.to != wanted:
        raise ConfigError(
            f"another recovery of this site is under way, to {order.to or 'the latest'}",
            remedy=f"End it: standfast recover --to {order.to or 'latest'} --into site; or give it "
            "up: standfast recover abandon",
        )


def confirm(app: App, order: Order) -> None:
    words = "\n".join(
        (
            f"{app.site.name} goes back to {moment_of(order)}; nobody can use it meanwhile.",
            *gone(order.newest, order.to),
            "The database as it is now is kept aside on its machines.",
        )
    )
    typed = click.prompt(f"{words}\nType the site's name")
    if typed != app.site.name:
        raise Refused("the name is another one, so nothing was touched")


def moment_of(order: Order) -> str:
    return "the latest change there is a copy of" if order.to is None else f"{clear(order.to)} UTC"


def gone(newest: str | None, reached: str | None) -> Iterator[str]:
    """What was saved and is not there afterwards, in words."""
    if newest is None or reached is None:
        return
    lost = parse_stamp(newest) - parse_stamp(reached)
    if lost.total_seconds() > 0:
        yield (
            f"Whatever was saved between {clear(reached)} and {clear(newest)} UTC, "
            f"{duration(lost)}, is not in it."
        )


def clear(moment: str) -> str:
    return f"{parse_stamp(moment):{TIME}}"


def carried_out(
    app: App, in_place: InPlace, name: str, order: Order, progress: Progress, *, is_new: bool
) -> Mapping[str, Any]:
    if is_new:
        in_place.begin(name, order)
    stop_service(app, progress)
    reached = in_place.bring(name, order)
    in_place.take_over(name, order)
    start_service(app, progress)
    outage = app.clock.now() - parse_stamp(order.begun)
    absent = in_place.mirror(name)
    kept = in_place.kept_aside(order)
    in_place.finish(name)
    return {
        "site": app.site.name,
        "machine": name,
        "to": order.to,
        "copy": order.copy,
        "outage_s": round(outage.total_seconds(), 1),
        "last_change_at": reached,
        "newest_known_at": order.newest,
        "data_age_s": age(order.newest, reached),
        "not_reached": list(absent),
        "kept_aside": kept,
    }


def age(newest: str | None, reached: str | None) -> float | None:
    if newest is None or reached is None:
        return None
    return round(max((parse_stamp(newest) - parse_stamp(reached)).total_seconds(), 0.0), 3)


def start_service(app: App, progress: Progress) -> None:
    migrate(app, progress)
    serve(app, progress)
    wait_until_it_answers(app)


def migrate(app: App, progress: Progress) -> None:
    """What came back may be older than the release that serves, so it is migrated again."""
    web = app.connection(app.site.having(Role.WEB)[0].name)
    release = release_on(web)
    for argv in release.commands.migrate:
        progress.tell(web.machine.name, "migrating the database")
        service_command(web, release, argv, timeout_s=MIGRATE_LIMIT_S)


def serve(app: App, progress: Progress) -> None:
    webs = [app.connection(each.name) for each in app.site.having(Role.WEB)]
    for each in webs:
        progress.tell(each.machine.name, "starting the service")
    on_all(
        webs,
        lambda each: each.run(
            ("systemctl", "start", *(unit.name for unit in units(release_on(each)))),
            timeout_s=START_LIMIT_S,
        ),
    )


def wait_until_it_answers(app: App) -> None:
    edge = app.site.having(Role.EDGE)[0].name
    wait_until_answered(app.site.health_url, app.site.folders.home / "ca.pem", app.clock, edge=edge)


def lines(answer: Mapping[str, Any]) -> Iterator[str]:
    yield f"{answer['site']} serves again, {duration(answer['outage_s'])} after this began"
    if answer["last_change_at"]:
        yield f"  its last change is of {clear(answer['last_change_at'])} UTC"
    yield from (f"  {each}" for each in gone(answer["newest_known_at"], answer["last_change_at"]))
    for each in answer["not_reached"]:
        yield f"  {each} WAS NOT REACHED; it mirrors the others once it runs again"
    for machine, folder in answer["kept_aside"].items():
        yield f"  the old database is kept on {machine}: {folder}"
