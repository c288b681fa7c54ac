from standfast.promises.grade import KernelSample, grade
from standfast.promises.model import Grade


def sample(boot: float, count: int) -> KernelSample:
    return KernelSample(boot_offset_s=boot, forks=count, context_switches=count * 10)


def test_participants_whose_counters_interleave_share_a_kernel() -> None:
    samples = {
        "web-1": (sample(5.0, 1), sample(5.0, 3)),
        "web-2": (sample(5.0, 2), sample(5.0, 4)),
    }
    assert grade(samples).grade is Grade.REHEARSED
    assert grade(samples).stand_ins == ("web-1, web-2 share one kernel",)


def test_a_snapshot_that_was_started_twice_is_two_kernels() -> None:
    samples = {
        "web-1": (sample(5.0, 100), sample(5.0, 101)),
        "web-2": (sample(5.0, 7), sample(5.0, 8)),
    }
    assert grade(samples).grade is Grade.REAL


def test_what_was_not_measured_is_never_real() -> None:
    assert grade({"web-1": None}).grade is Grade.REHEARSED
