from dataclasses import replace

from standfast.mechanisms.hosts.local.foretold import foretold
from standfast.mechanisms.hosts.local.needs import Disk, Found, Wanted

FRESH = """\
shop: 5 small Debian machines on this computer
  machines  edge-1, web-1, web-2, db-1, monitor-1
  cores     1 needed, 2 found
  memory    600.0 MB needed, 8.0 GB free
  disk      2.1 GB needed in /var/lib/standfast, 50.0 GB free
  inotify   40 instances needed, 125 free
  port      8443 of 127.0.0.1, free
  installs  Debian packages mmdebstrap, systemd-container
  download  Debian packages up to 35.0 MB, Python packages 12.1 MB, base image
            about 179.0 MB; what the service installs besides
  changes   /var/lib/standfast/sites/shop, network namespaces and control groups
            named standfast: `standfast destroy` takes them away, and leaves the
            Debian packages and /var/cache/standfast, for the next time
"""


def test_a_fresh_computer_is_told_everything(wanted: Wanted, found: Found) -> None:
    assert "\n".join(foretold(wanted, found)) + "\n" == FRESH


def test_a_computer_that_has_all_of_it_fetches_nothing(wanted: Wanted, found: Found) -> None:
    lines = foretold(replace(wanted, packages=(), venv=False, images=0), found)
    assert "  download  nothing, but what the service installs if it has changed" in lines
    assert not [line for line in lines if "installs  " in line or "Debian packages" in line]


def test_many_machines_stay_within_80_columns(wanted: Wanted, found: Found) -> None:
    many = replace(wanted, machines=tuple(f"monitor-{number:03}" for number in range(20)))
    lines = foretold(many, found)
    assert max(len(line) for line in lines) <= 80
    assert "monitor-019" in "".join(lines)


def test_a_second_disk_has_a_line_of_its_own(wanted: Wanted, found: Found) -> None:
    other = Disk(device=2, free_bytes=3_000_000_000)
    lines = foretold(wanted, replace(found, cache=other))
    assert "  disk      1.0 GB needed in /var/lib/standfast, 50.0 GB free" in lines
    assert "  disk      1.1 GB needed in /var/cache/standfast, 3.0 GB free" in lines


def test_machines_that_are_on_need_nothing_more(wanted: Wanted, found: Found) -> None:
    on = replace(found, running=frozenset(wanted.machines))
    assert "  memory    nothing more needed, 8.0 GB free" in foretold(wanted, on)


def test_the_port_is_said_to_be_the_sites_own(wanted: Wanted, found: Found) -> None:
    lines = foretold(wanted, replace(found, port_taken=True, published=True))
    assert "  port      8443 of 127.0.0.1, where this site answers" in lines
