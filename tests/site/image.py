"""The base image of made machines, made if it is not there: for tests that need its programs."""

import os
from pathlib import Path

from standfast.config import PROJECT
from standfast.core.command import SystemRunner
from standfast.mechanisms.hosts.local.builder import Builder
from standfast.mechanisms.hosts.local.image import Image, ensure
from standfast.mechanisms.hosts.machine import resting


def base() -> Path:
    """Its root folder, which is never written to."""
    cache = resting(os.environ)["cache"]
    lock = (PROJECT / "requirements" / "standfast.lock").read_bytes()
    return ensure(Image(suite="bookworm", lock=lock, cache=cache), SystemRunner(), print)


def builder(scratch: Path) -> Builder:
    """A machine with one more layer, which is gone afterwards."""
    return Builder(base=base(), runner=SystemRunner(), scratch=scratch)
