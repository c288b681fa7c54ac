"""Patroni, started so that it finds its voters even after all whom it knew are gone.

Patroni reads `etcd3.hosts` once, at its start, and follows etcd's own list of members from then on.
When nobody on that list answers, it goes back to what it read at its start (patroni/dcs/etcd.py,
`_load_machines_cache`), and by then every monitor may have been replaced. Here it goes back to what
the file says now, so neither it nor PostgreSQL is restarted when monitors change.

Runs on a database machine, as a file of its own: `python patroni-start PATRONI_YML`. No other
module of ours is there, so a release of ours does not restart the database.
"""

import sys
from pathlib import Path
from typing import Any

import yaml
from patroni.__main__ import main
from patroni.dcs.etcd import AbstractEtcdClientWithFailover


def voters_now(file: Path, protocol: str) -> list[str]:
    """The addresses of the voters, as Patroni has them: `https://10.0.0.1:2379`."""
    hosts: list[str] = yaml.safe_load(file.read_text())["etcd3"]["hosts"]
    return [f"{protocol}://{each}" for each in hosts]


def follow(file: Path) -> None:
    def from_file(self: Any) -> list[str]:
        return voters_now(file, self.protocol)

    AbstractEtcdClientWithFailover._get_machines_cache_from_config = from_file


if __name__ == "__main__":
    follow(Path(sys.argv[1]))
    main()
