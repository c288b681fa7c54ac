"""Say first what `up` will make, and refuse what cannot work, before anything is touched.

`bin/standfast` does the same before it installs anything (`hosts/local/early.py`). What it has said
is not said again, but looked at again: the operator's file has been judged since.
"""

from standfast.cli.app import App
from standfast.cli.progress import Progress
from standfast.mechanisms.hosts.local.foretold import foretold
from standfast.mechanisms.hosts.local.image import missing
from standfast.mechanisms.hosts.local.needs import Wanted
from standfast.mechanisms.hosts.local.refusal import first_missing
from standfast.mechanisms.hosts.local.survey import survey


def preflight(app: App, progress: Progress, *, said: bool) -> None:
    wanted = wanted_of(app)
    found = survey(wanted)
    if not said:
        for line in foretold(wanted, found):
            progress.say(line)
    refusal = first_missing(wanted, found)
    if refusal is not None:
        raise refusal


def wanted_of(app: App) -> Wanted:
    return Wanted(
        site=app.site.name,
        machines=tuple(machine.name for machine in app.site.machines),
        port=app.site.port,
        folders=app.site.folders,
        suites=tuple(image.suite for image in app.here.images),
        mirrored=bool(app.site.mirrored),
        images=missing(app.here.images),
    )
