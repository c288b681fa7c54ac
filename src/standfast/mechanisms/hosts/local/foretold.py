"""What `up` says before it does anything: lines of at most 80 columns. Pure."""

import textwrap
from collections.abc import Iterator

from standfast.core.units import size
from standfast.mechanisms.hosts.local.image import DOWNLOAD_BYTES
from standfast.mechanisms.hosts.local.needs import (
    CORES,
    DEBIAN_DOWNLOAD_BYTES,
    VENV_DOWNLOAD_BYTES,
    Found,
    Wanted,
    instances,
    memory_bytes,
    rooms,
)

WIDTH = 80
LABEL_WIDTH = 9


def foretold(wanted: Wanted, found: Found) -> tuple[str, ...]:
    """What is made, what it needs against what was found, what is fetched, what changes here."""
    count = len(wanted.machines)
    machines = "1 small Debian machine" if count == 1 else f"{count} small Debian machines"
    rows = (line for label, words in said(wanted, found) for line in row(label, words))
    return (f"{wanted.site}: {machines} on this computer", *rows)


def said(wanted: Wanted, found: Found) -> Iterator[tuple[str, str]]:
    yield "machines", ", ".join(wanted.machines)
    yield "cores", f"{CORES} needed, {found.cores:g} found"
    memory = needed(memory_bytes(wanted, found))
    yield "memory", f"{memory}, {size(found.memory_free_bytes)} free"
    for room in rooms(wanted, found):
        disk = needed(room.needed_bytes)
        yield "disk", f"{disk} in {room.folder}, {size(room.free_bytes)} free"
    count = instances(wanted, found)
    yield "inotify", f"{count or 'no more'} instances needed, {found.instances_free} free"
    yield "port", f"{wanted.port} of 127.0.0.1, {port(found)}"
    if wanted.packages:
        yield "installs", f"Debian packages {', '.join(wanted.packages)}"
    yield "download", download(wanted)
    yield "changes", changes(wanted)


def needed(count_bytes: int) -> str:
    return f"{size(count_bytes)} needed" if count_bytes else "nothing more needed"


def port(found: Found) -> str:
    if found.published:
        return "where this site answers"
    return "taken" if found.port_taken else "free"


def download(wanted: Wanted) -> str:
    parts = [
        *([f"Debian packages up to {size(DEBIAN_DOWNLOAD_BYTES)}"] if wanted.packages else []),
        *([f"Python packages {size(VENV_DOWNLOAD_BYTES)}"] if wanted.venv else []),
        *([base_images(wanted.images)] if wanted.images else []),
    ]
    if not parts:
        return "nothing, but what the service installs if it has changed"
    return f"{', '.join(parts)}; what the service installs besides"


def base_images(count: int) -> str:
    named = "base image" if count == 1 else f"{count} base images"
    return f"{named} about {size(count * DOWNLOAD_BYTES)}"


def changes(wanted: Wanted) -> str:
    kept = f"{wanted.folders.cache}, for the next time"
    if wanted.packages:
        kept = f"the Debian packages and {kept}"
    return (
        f"{wanted.folders.home}, network namespaces and control groups named standfast: "
        f"`standfast destroy` takes them away, and leaves {kept}"
    )


def row(label: str, words: str) -> list[str]:
    return textwrap.wrap(
        words,
        width=WIDTH,
        initial_indent=f"  {label:<{LABEL_WIDTH}} ",
        subsequent_indent=" " * (LABEL_WIDTH + 3),
        break_long_words=False,
        break_on_hyphens=False,
    )
