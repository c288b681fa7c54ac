import ctypes
import os
import socket
from pathlib import Path

import pytest

from standfast.mechanisms.hosts.local.survey import (
    disk,
    instances_of,
    instances_used,
    memory_free_bytes,
    offered,
    quota_cores,
    taken,
)

POLICY = """\
mmdebstrap:
  Installed: (none)
  Candidate: 1.3.5-7
  Version table:
     1.3.5-7 500
systemd-container:
  Installed: (none)
  Candidate: (none)
  Version table:
"""


def test_apt_offers_what_has_a_candidate() -> None:
    assert offered(POLICY) == ["mmdebstrap"]


def test_memory_that_is_available_counts() -> None:
    assert memory_free_bytes("MemTotal: 9 kB\nMemAvailable:   2048 kB\n") == 2_097_152


@pytest.mark.parametrize(("text", "quota"), [("max 100000\n", None), ("50000 100000\n", 0.5)])
def test_a_limit_on_processor_time_is_a_part_of_a_core(text: str, quota: float | None) -> None:
    assert quota_cores(text) == quota


def test_the_disk_of_a_folder_that_is_not_there_yet_is_that_above_it(tmp_path: Path) -> None:
    assert disk(tmp_path / "state" / "sites").device == tmp_path.stat().st_dev


def test_a_port_is_taken_while_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert taken(port)
    assert not taken(port)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's instances are counted")
def test_an_inotify_instance_of_root_is_counted() -> None:
    ourselves = Path(f"/proc/{os.getpid()}")
    before = instances_of(ourselves)
    instance = ctypes.CDLL(None).inotify_init()
    try:
        assert instances_of(ourselves) == before + 1
        assert instances_used(Path("/proc")) >= before + 1
    finally:
        os.close(instance)


def test_a_process_that_is_gone_has_no_instances(tmp_path: Path) -> None:
    assert instances_of(tmp_path / "4711") == 0
