from itertools import permutations

import pytest

from standfast.core.errors import CannotVerify, Unreachable
from standfast.mechanisms.hosts import kernel
from standfast.promises.grade import KernelSample, Twice, grade, sharing
from standfast.promises.model import Grade
from standfast.proofs.drills.kernels import read_sample, samples_of


def sample(boot: float, count: int, switches: int | None = None) -> KernelSample:
    return KernelSample(
        boot_offset_s=boot,
        forks=count,
        context_switches=count * 10 if switches is None else switches,
    )


def twice(boot: float, first: int, second: int) -> Twice:
    return sample(boot, first), sample(boot, second)


CONTAINERS = {
    "edge-1": twice(5.00, 1, 5),
    "web-1": twice(5.01, 2, 6),
    "web-2": twice(5.00, 3, 7),
}
FOREIGN = twice(9_000.0, 4, 8)


def test_two_unrelated_machines_are_real() -> None:
    graded = grade({"web-1": twice(5.0, 1000, 1010), "web-2": twice(70.0, 20, 30)})
    assert (graded.grade, graded.stand_ins) == (Grade.REAL, ())


def test_containers_on_one_kernel_are_a_rehearsal_and_said_so() -> None:
    graded = grade(CONTAINERS)
    assert graded.grade is Grade.REHEARSED
    assert graded.stand_ins == ("edge-1, web-1, web-2 share one kernel",)


def test_a_foreign_machine_among_containers_is_in_no_group() -> None:
    assert sharing({**CONTAINERS, "db-1": FOREIGN}) == (("edge-1", "web-1", "web-2"),)


def test_two_hosts_with_two_machines_each_are_two_groups() -> None:
    other = {"db-1": twice(800.0, 51, 55), "db-2": twice(800.0, 52, 56)}
    assert sharing({**CONTAINERS, **other}) == (("db-1", "db-2"), ("edge-1", "web-1", "web-2"))


def test_machines_cloned_from_one_snapshot_have_one_boot_and_two_kernels() -> None:
    assert grade({"web-1": twice(5.0, 100, 101), "web-2": twice(5.0, 7, 8)}).grade is Grade.REAL


def test_idle_machines_with_near_counters_have_two_boots_and_two_kernels() -> None:
    assert grade({"web-1": twice(5.0, 1, 3), "web-2": twice(5.2, 2, 4)}).grade is Grade.REAL


def test_both_counters_must_interleave() -> None:
    samples = {
        "web-1": (sample(5.0, 1, 500), sample(5.0, 3, 600)),
        "web-2": (sample(5.0, 2, 100), sample(5.0, 4, 200)),
    }
    assert sharing(samples) == ()


def test_counters_that_stood_still_between_two_samples_still_interleave() -> None:
    assert sharing({"a": twice(5.0, 4, 4), "b": twice(5.0, 4, 4)}) == (("a", "b"),)


def test_sharing_is_transitive_whatever_the_order() -> None:
    chain = {"a": twice(5.00, 1, 5), "b": twice(5.04, 2, 6), "c": twice(5.08, 3, 7)}
    assert sharing(chain) == (("a", "b", "c"),)


def test_who_was_not_measured_is_never_real() -> None:
    graded = grade({"web-1": twice(5.0, 1, 3), "web-2": None})
    assert graded.grade is Grade.REHEARSED
    assert graded.stand_ins == ("what kernel web-2 runs on is not known",)


def test_a_clock_that_was_set_in_between_leaves_the_kernel_unknown() -> None:
    set_back = (sample(5.0, 2), sample(-3600.0, 4))
    graded = grade({"web-1": twice(5.0, 1, 3), "web-2": set_back})
    assert graded.stand_ins == ("what kernel web-2 runs on is not known",)


@pytest.mark.parametrize("samples", [{}, {"web-1": twice(5.0, 1, 3)}])
def test_nobody_to_compare_with_is_never_real(samples: dict[str, Twice]) -> None:
    graded = grade(samples)
    assert graded.grade is Grade.REHEARSED
    assert graded.stand_ins


class Kernel:
    """One that counts on with every look, as a real one does, seen from several containers."""

    def __init__(self, boot: float, forks: int) -> None:
        self.boot = boot
        self.forks = forks

    def look(self) -> KernelSample:
        self.forks += 3
        return sample(self.boot, self.forks)


@pytest.mark.parametrize("order", list(permutations(("web-1", "web-2", "here", "db-1"))))
def test_the_samples_are_taken_in_the_order_that_the_decision_needs(order: tuple[str, ...]) -> None:
    shared, foreign = Kernel(5.0, 1000), Kernel(5.0, 10)
    kernels = {"web-1": shared, "web-2": shared, "here": shared, "db-1": foreign}
    groups = sharing(measured(order, kernels))
    assert [set(group) for group in groups] == [{"web-1", "web-2", "here"}]


def measured(order: tuple[str, ...], kernels: dict[str, Kernel]) -> dict[str, Twice]:
    found = samples_of(order, lambda name: kernels[name].look())
    assert list(found) == list(order)
    return {name: samples for name, samples in found.items() if samples}


def test_who_answers_only_once_counts_as_not_measured() -> None:
    shared, answers = Kernel(5.0, 1), iter(["web-1", "web-2", "web-1"])

    def ask(name: str) -> KernelSample:
        if next(answers, None) != name:
            raise Unreachable(f"{name} does not answer")
        return shared.look()

    found = samples_of(("web-1", "web-2"), ask)
    assert found["web-1"] is not None
    assert found["web-2"] is None


def test_what_a_machine_says_of_its_kernel_is_read_strictly() -> None:
    said = {"boot_offset_s": 5.5, "forks": 7, "context_switches": 8}
    assert read_sample(said) == sample(5.5, 7, 8)
    for wrong in (
        {},
        {"boot_offset_s": 5.5},
        {**said, "boot_offset_s": "a"},
        {**said, "forks": []},
    ):
        with pytest.raises(CannotVerify):
            read_sample(wrong)


def test_containers_of_this_computer_are_found_by_measurement() -> None:
    def here(name: str) -> KernelSample:
        return KernelSample(**kernel.read())  # type: ignore[arg-type]

    assert grade(samples_of(("one", "two", "three"), here)).stand_ins == (
        "one, two, three share one kernel",
    )
