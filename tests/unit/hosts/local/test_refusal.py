from dataclasses import replace
from typing import Any

import pytest

from standfast.core.errors import ConfigError
from standfast.mechanisms.hosts.local.needs import Disk, Found, Wanted
from standfast.mechanisms.hosts.local.refusal import first_missing, must_be_root, not_offered


def test_a_computer_that_has_everything_is_not_refused(wanted: Wanted, found: Found) -> None:
    assert first_missing(wanted, found) is None


@pytest.mark.parametrize(
    ("spoilt", "problem", "remedy"),
    [
        ({"debian": False}, "neither Debian nor Ubuntu", "Debian 12"),
        ({"groups_unified": False}, "no control group hierarchy of version 2", "cgroup2"),
        ({"groups_writable": False}, "/sys/fs/cgroup cannot be written to", "virtual machine"),
        ({"loops": False}, "has no loop devices", "mirrored = false"),
        ({"btrfs": False}, "has no btrfs", "mirrored = false"),
        ({"mirror": False}, "offer no Debian bookworm", "sources.list.d"),
        ({"cores": 0.5}, "1 core is needed and 0.5 of one may be used", "Raise the limit"),
        ({"memory_free_bytes": 599_000_000}, "600.0 MB of memory are needed", "Stop something"),
        ({"instances_used": 89}, "40 inotify instances", "fs.inotify.max_user_instances=512"),
        ({"instances_used": 500}, "0 of 128 are free", "fs.inotify.max_user_instances=540"),
        ({"port_taken": True}, "port 8443 of 127.0.0.1 is taken", "`port` in standfast.toml"),
        ({"programs_missing": ("nft",)}, "not found on the PATH: nft", "install nftables"),
    ],
)
def test_what_is_missing_is_named_with_what_to_try(
    wanted: Wanted, found: Found, spoilt: dict[str, Any], problem: str, remedy: str
) -> None:
    refusal = first_missing(wanted, replace(found, **spoilt))
    assert refusal is not None
    assert problem in refusal.problem
    assert remedy in refusal.remedy


def test_without_mirrored_disks_nothing_is_needed_for_them(wanted: Wanted, found: Found) -> None:
    bare = replace(found, loops=False, btrfs=False)
    assert first_missing(replace(wanted, mirrored=False), bare) is None


def test_state_and_cache_on_one_disk_need_room_together(wanted: Wanted, found: Found) -> None:
    full = Disk(device=1, free_bytes=2_000_000_000)
    refusal = first_missing(wanted, replace(found, state=full, cache=full))
    assert refusal is not None
    assert refusal.problem == (
        "2.1 GB of disk are needed for /var/lib/standfast and 2.0 GB are free"
    )
    assert first_missing(wanted, replace(found, state=full)) is not None
    assert first_missing(wanted, replace(found, state=replace(full, device=2))) is None


def test_a_cache_on_a_small_disk_is_named_with_its_setting(wanted: Wanted, found: Found) -> None:
    small = Disk(device=2, free_bytes=1_000_000)
    refusal = first_missing(wanted, replace(found, cache=small))
    assert refusal is not None
    assert "/var/cache/standfast" in refusal.problem
    assert "STANDFAST_CACHE" in refusal.remedy
    assert "STANDFAST_STATE" not in refusal.remedy


def test_a_port_that_the_site_itself_answers_on_is_not_taken(wanted: Wanted, found: Found) -> None:
    assert first_missing(wanted, replace(found, port_taken=True, published=True)) is None


def test_machines_that_are_on_already_need_nothing_more(wanted: Wanted, found: Found) -> None:
    poor = replace(found, memory_free_bytes=0, instances_used=128)
    assert first_missing(wanted, poor) is not None
    assert first_missing(wanted, replace(poor, running=frozenset(wanted.machines))) is None


def test_a_mirror_is_not_needed_once_the_image_is_there(wanted: Wanted, found: Found) -> None:
    assert first_missing(replace(wanted, images=0), replace(found, mirror=False)) is None


def test_programs_that_will_not_be_installed_must_be_there(wanted: Wanted, found: Found) -> None:
    refusal = first_missing(replace(wanted, packages=()), found)
    assert refusal is not None
    assert refusal.problem == "not found on the PATH: systemd-nspawn, mmdebstrap"
    assert "apt-get install systemd-container mmdebstrap" in refusal.remedy


def test_the_kind_of_computer_is_refused_before_what_it_has(wanted: Wanted, found: Found) -> None:
    refusal = first_missing(wanted, replace(found, debian=False, memory_free_bytes=0))
    assert refusal is not None
    assert "Debian" in refusal.problem


def test_packages_that_apt_does_not_know_are_refused() -> None:
    assert not_offered(("mmdebstrap",), {"mmdebstrap"}) is None
    refusal = not_offered(("mmdebstrap", "systemd-container"), {"mmdebstrap"})
    assert refusal is not None
    assert refusal.problem == "apt-get has no candidate for systemd-container"
    assert "apt-get update" in refusal.remedy


def test_only_root_may() -> None:
    must_be_root(0)
    with pytest.raises(ConfigError, match="only root") as refused:
        must_be_root(1000)
    assert "sudo" in refused.value.remedy
