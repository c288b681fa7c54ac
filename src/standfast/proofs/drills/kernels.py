"""Ask all who take part in a drill what their kernel has done; `promises/grade.py` decides."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from standfast.core.errors import CannotVerify, StandfastError
from standfast.promises.grade import KernelSample, Twice

Sample = Callable[[str], KernelSample]
"""Ask one participant; raises a `StandfastError` when it does not answer."""


def samples_of(participants: Sequence[str], sample: Sample) -> dict[str, Twice | None]:
    """Everybody once, in this order, then everybody again: never two at a time, because the
    decision rests on the order. Whoever does not answer both times is None."""
    first = {name: asked(sample, name) for name in participants}
    second = {name: asked(sample, name) for name in participants}
    return {name: both(first[name], second[name]) for name in participants}


def asked(sample: Sample, name: str) -> KernelSample | None:
    try:
        return sample(name)
    except StandfastError:
        return None


def both(first: KernelSample | None, second: KernelSample | None) -> Twice | None:
    return (first, second) if first is not None and second is not None else None


def read_sample(said: Mapping[str, Any]) -> KernelSample:
    """What `mechanisms.hosts.kernel` reads on a machine, as the machine's agent passes it on."""
    try:
        return KernelSample(
            boot_offset_s=float(said["boot_offset_s"]),
            forks=int(said["forks"]),
            context_switches=int(said["context_switches"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise CannotVerify("what a machine says of its kernel cannot be read") from error
