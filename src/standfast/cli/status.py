"""`standfast status`: which machines and units run, and what may be said of each promise now."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from standfast.cli import availability, copies, promises
from standfast.cli.app import App, open_app
from standfast.cli.envelope_state import indented, judged, of_site, said
from standfast.cli.health import ailments, machine_health
from standfast.cli.record import log_of, log_url
from standfast.core.errors import StandfastError, Unreachable
from standfast.evidence.availability import Available
from standfast.evidence.availability import document as as_document
from standfast.evidence.verify import Verification
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.rollout.switchover import seen

ON, OFF, SILENT = "on", "off", "silent"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def status(file: Path | None, as_json: bool) -> int:
    """Show machines, their units, and every promise as the evidence log has it. Changes nothing.

    Exit status: 0 if every promise is kept, 1 if one is broken, 3 if one is unproven.
    """
    app = open_app(file)
    app.must_exist()
    reading, why = read(app)
    available = availability.seen(reading, now=app.clock.now())
    found = document(app, reading, why, available)
    if as_json:
        click.echo(json.dumps(found))
    else:
        show(app, found, available)
    return promises.exit_status(each["state"] for each in found["promises"])


def document(
    app: App, reading: Verification | None, why: str, available: Available | None
) -> Mapping[str, Any]:
    """The shape of design §11, and beside it `database` (`copies.py`), `envelope`: `{state:
    current|stale|never|unknown, written_at, changed}`, and `availability` as in `trust.json`, null
    where nothing can be said of it."""
    site = app.site
    with ThreadPoolExecutor(len(site.machines)) as pool:
        machines = list(pool.map(lambda each: of_machine(app, each), site.machines))
    return {
        "site": site.name,
        "url": site.url,
        "trust_url": f"{site.url}trust/",
        "log_url": log_url(app),
        "ca_file": str(site.folders.home / "ca.pem"),
        "machines": machines,
        "database": pair(app, machines),
        "envelope": judged(of_site(app)),
        "availability": as_document(available),
        "promises": evidence(app, reading, why),
    }


def of_machine(app: App, machine: Machine) -> Mapping[str, Any]:
    state, units = asked(app, machine)
    return {
        "name": machine.name,
        "address": str(machine.address),
        "roles": sorted(machine.roles),
        "state": state,
        "units": [{"name": name, "state": units[name]} for name in sorted(units)],
        "health": health(app, machine) if state == ON else {},
    }


def pair(app: App, machines: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """As the database machines that are on tell it."""
    on = {each["name"] for each in machines if each["state"] == ON}
    ways = {name: each for name, each in app.connections.items() if name in on}
    return copies.document(seen(ways), on)


def health(app: App, machine: Machine) -> Mapping[str, Any]:
    """`disks` and `clock` of the agent's facts, and how far the machine's clock is from ours."""
    try:
        facts = app.agents.ask(machine.name, "facts")
    except StandfastError:
        return {}  # an agent from before this release
    return machine_health(facts, app.clock.now())


def asked(app: App, machine: Machine) -> tuple[str, Mapping[str, str]]:
    if app.site.made_here and not app.here.container(machine.name).is_on():
        return OFF, {}
    try:
        return ON, app.agents.ask(machine.name, "units")
    except Unreachable:
        return SILENT, {}


def read(app: App) -> tuple[Verification | None, str]:
    """The record, or why there is none."""
    try:
        return log_of(app).verification(), ""
    except StandfastError as error:
        return None, f"the record could not be read: {error.problem}"


def evidence(app: App, found: Verification | None, why: str) -> list[Mapping[str, Any]]:
    if found is None:
        return [promises.unread(each, why) for each in app.site.promises]
    return [promises.document(each) for each in found.states]


def show(app: App, found: Mapping[str, Any], available: Available | None) -> None:
    click.echo(f"{found['site']}  {found['url']}")
    for each in found["machines"]:
        click.echo(f"  {each['name']:<12} {each['state']:<7} {troubles(each)}")
    click.echo(f"  {copies.line(found['database'])}")
    for line in indented(f"recovery envelope: {said(found['envelope'])}"):
        click.echo(line)
    for line in indented(f"availability: {availability.said(available)}"):
        click.echo(line)
    for each in found["promises"]:
        for line in promises.lines(each, app.clock.now()):
            click.echo(line)


def troubles(machine: Mapping[str, Any]) -> str:
    """What does not run or is about to end; all is well in one word."""
    down = [f"{unit['name']} {unit['state']}" for unit in machine["units"] if not runs(unit)]
    if found := [*down, *ailments(machine["health"])]:
        return ", ".join(found)
    return f"{len(machine['units'])} units run" if machine["units"] else ""


def runs(unit: Mapping[str, str]) -> bool:
    return unit["state"] == "active"
