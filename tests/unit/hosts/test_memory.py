"""Secrets that must be files lie where no disk is."""

from pathlib import Path

from standfast.mechanisms.hosts.memory import SHARED, choose

RUN = Path("/run/standfast")
DISK = "/dev/vda1 / ext4 rw 0 0\n"
RUN_IN_MEMORY = "tmpfs /run tmpfs rw 0 0\n"
SHARED_MEMORY = "tmpfs /dev/shm tmpfs rw 0 0\n"


def test_the_run_folder_is_taken_where_it_lies_in_memory() -> None:
    assert choose(RUN, DISK + RUN_IN_MEMORY + SHARED_MEMORY) == RUN


def test_a_container_whose_run_folder_lies_on_a_disk_takes_shared_memory() -> None:
    assert choose(RUN, DISK + SHARED_MEMORY) == SHARED


def test_a_disk_mounted_inside_memory_is_a_disk() -> None:
    mounts = DISK + RUN_IN_MEMORY + SHARED_MEMORY + "/dev/vdb /run/standfast ext4 rw 0 0\n"
    assert choose(RUN, mounts) == SHARED


def test_without_any_memory_the_run_folder_will_do() -> None:
    assert choose(RUN, DISK) == RUN
