"""What every machine needs that has the distribution's PostgreSQL, with a database or without."""

from standfast.mechanisms.hosts.bundle import File


def no_cluster_of_the_package() -> File:
    """Debian's package makes a cluster as it is installed, and starts it on our port."""
    return File(
        path="/etc/postgresql-common/createcluster.conf",
        content=b"# Written by Standfast from the plan.\ncreate_main_cluster = false\n",
        early=True,
    )
