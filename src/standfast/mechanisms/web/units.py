"""The units of a release: its web server, its workers, and its jobs with their timers. Pure."""

from collections.abc import Iterator

from standfast.core.templates import render
from standfast.mechanisms.hosts.bundle import File, Unit
from standfast.mechanisms.hosts.names import SERVICE_USER
from standfast.mechanisms.web import listener
from standfast.mechanisms.web.command_line import absolute, command_line, search_path
from standfast.mechanisms.web.release import NOTE, Release
from standfast.mechanisms.web.schedule import spoken
from standfast.mechanisms.web.settings import Argv

USER = SERVICE_USER
UNIT = "service-web.service"
PROXY = "standfast-web-proxy.service"
ENVIRONMENT = "/etc/standfast/service.env"
FOLDER = "/etc/systemd/system"
PSQL = "/etc/standfast/service-psql"
"""Opens psql in the service's database, for whoever has the service's environment."""

DRAINING = f"{FOLDER}/{UNIT}.d/drain.conf"


def worker_unit(name: str) -> str:
    return f"service-worker-{name}.service"


def job_unit(name: str) -> str:
    return f"service-job-{name}.service"


def timer(name: str) -> str:
    return f"service-job-{name}.timer"


def units(release: Release) -> tuple[Unit, ...]:
    """Held: what belongs to a release is started when the release is put to use."""
    commands = release.commands
    names = (
        UNIT,
        *(worker_unit(name) for name in sorted(commands.workers)),
        *(timer(name) for name in sorted(commands.jobs)),
    )
    return tuple(Unit(name=name, held=True) for name in names)


def files(service: str, release: Release, *, source: str) -> Iterator[File]:
    """`source` is the folder of our own source on the machine."""
    yield File(path=NOTE, content=release.note())
    yield web(service, release)
    yield draining(source)
    yield psql(source)
    for name, worker in sorted(release.commands.workers.items()):
        argv = absolute(worker.command, release.folder)
        if worker.copies is not None:
            argv = ours(
                source, "standfast.mechanisms.web.worker", name, str(worker.copies), "--", *argv
            )
        yield command(worker_unit(name), f"{service}, worker {name}", release, argv, lasting=True)
    for name, job in sorted(release.commands.jobs.items()):
        argv = absolute(job.command, release.folder)
        argv = ours(source, "standfast.mechanisms.web.job", name, spoken(job.schedule), "--", *argv)
        yield command(job_unit(name), f"{service}, job {name}", release, argv, limit_s=job.limit_s)
        text = render(__package__, "service-job.timer", job=name, schedule=spoken(job.schedule))
        yield unit_file(timer(name), text, restarts=(timer(name),))


def web(service: str, release: Release) -> File:
    argv = absolute(release.commands.web, release.folder)
    return command(UNIT, f"{service}, web", release, argv, lasting=True, after=(PROXY,))


def draining(source: str) -> File:
    """Beside the unit, which need not start anew when our own programs do."""
    program = ours(source, "standfast.mechanisms.web.drain")
    text = render(__package__, "service-web-drain.conf", program=" ".join(program))
    return File(path=DRAINING, content=text.encode())


def psql(source: str) -> File:
    program = " ".join(ours(source, "standfast.mechanisms.web.psql"))
    return File(path=PSQL, content=f'#!/bin/sh\nexec {program} "$@"\n'.encode(), mode=0o755)


def command(
    unit: str,
    description: str,
    release: Release,
    argv: Argv,
    *,
    lasting: bool = False,
    limit_s: int = 0,
    after: tuple[str, ...] = (),
) -> File:
    """A `lasting` command starts anew whenever it ends; another is ended after `limit_s`."""
    text = render(
        __package__,
        "service-command.service",
        description=description.replace("%", "%%"),
        folder=release.folder,
        search_path=search_path(release.folder),
        command=command_line(argv),
        lasting=lasting,
        limit_s=limit_s,
        after=("network.target", listener.UNIT, *after),
    )
    return unit_file(unit, text, restarts=(unit,) if lasting else ())


def unit_file(name: str, text: str, restarts: tuple[str, ...]) -> File:
    return File(path=f"{FOLDER}/{name}", content=text.encode(), restarts=restarts)


def ours(source: str, program: str, *words: str) -> Argv:
    return (
        *("/usr/bin/env", f"PYTHONPATH={source}", "PYTHONDONTWRITEBYTECODE=1"),
        *("/usr/bin/python3", "-m", program, *words),
    )


def readers_of_environment(release: Release) -> tuple[str, ...]:
    """A job reads it anew at each run."""
    return (UNIT, *(worker_unit(name) for name in sorted(release.commands.workers)))
