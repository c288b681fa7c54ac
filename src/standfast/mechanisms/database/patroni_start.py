"""Patroni, started so that it finds its voters even after all whom it knew are gone, leaves one
that is being stopped for the next, sees at once that its PostgreSQL has died, and forgets that a
leader went on without etcd when that is over.

Patroni reads `etcd3.hosts` once, at its start, and follows etcd's own list of members from then on.
When nobody on that list answers, it goes back to what it read at its start (patroni/dcs/etcd.py,
`_load_machines_cache`), and by then every monitor may have been replaced. Here it goes back to what
the file says now, so neither it nor PostgreSQL is restarted when monitors change.

An etcd that is told to stop answers what it had begun with the codes Canceled, Unknown or Internal
("transport: missing content-type field"). Patroni asks another member only after Unavailable; after
these it takes the leader's lease for lost and demotes a primary that nothing is wrong with
(patroni/dcs/etcd3.py, `_handle_server_response`; upstream's issues 3118 and 3407). Here it asks
another. A change that was made nevertheless is safe to ask for again: each compares with what was.

Patroni looks after its PostgreSQL once in each of its loops, a second apart. Here the kernel says
when the postmaster ends (pidfd_open(2)), and the next loop begins then: half a second less without
a primary, on average.

A leader that has lost etcd goes on if the others agree (`failsafe_mode`), and they leave the lead
alone for a lease's time, 20 s, although it may have found etcd again in the next moment: if it dies
within that time, nobody takes over (patroni/ha.py, `Failsafe`). Here that is forgotten as soon as
the leader has shown itself in etcd twice since. That no acknowledged write is lost does not rest on
standing back: the interleavings (tests/sim) know none.

Runs on a database machine, as a file of its own: `python patroni-start PATRONI_YML`. No other
module of ours is there, so a release of ours does not restart the database.
"""

import os
import select
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import yaml
from patroni.__main__ import Patroni, main
from patroni.dcs.etcd import AbstractEtcdClientWithFailover
from patroni.dcs.etcd3 import Etcd3Client, Etcd3ClientError, GRPCCode
from patroni.ha import Ha

COULD_NOT_SAY = (GRPCCode.Canceled, GRPCCode.Unknown, GRPCCode.Internal)

LOOK_S = 0.5
"""How often to look for a postmaster while there is none."""

ENOUGH_SIGNS = 2

REAPED_WITHIN_S = 0.5
REAPED_LOOKS = 100


def voters_now(file: Path, protocol: str) -> list[str]:
    """The addresses of the voters, as Patroni has them: `https://10.0.0.1:2379`."""
    hosts: list[str] = yaml.safe_load(file.read_text())["etcd3"]["hosts"]
    return [f"{protocol}://{each}" for each in hosts]


def follow(file: Path) -> None:
    def from_file(self: Any) -> list[str]:
        return voters_now(file, self.protocol)

    AbstractEtcdClientWithFailover._get_machines_cache_from_config = from_file


def ask_another() -> None:
    upstream = Etcd3Client._handle_server_response

    def handled(self: Any, response: Any) -> Any:
        try:
            return upstream(self, response)
        except Etcd3ClientError as error:
            if error.code in COULD_NOT_SAY:
                raise TimeoutError from error  # as upstream does after Unavailable
            raise

    Etcd3Client._handle_server_response = handled


def see_deaths() -> None:
    upstream = Patroni.run

    def run(self: Any) -> None:
        pid_file = Path(self.postgresql.data_dir) / "postmaster.pid"
        Thread(target=wake_at_each_death, args=(pid_file, self.ha.wakeup), daemon=True).start()
        upstream(self)

    Patroni.run = run


def wake_at_each_death(pid_file: Path, wake: Callable[[], None]) -> None:
    """`wake` ends Patroni's pause between two loops; one loop more than needed does no harm."""
    never = Event()
    while True:
        if died(pid_file):
            wake()
        never.wait(LOOK_S)


def died(pid_file: Path) -> bool:
    """Wait for the end of the postmaster that this file names; False where there is none.

    A dead process is there until process 1 has taken note of it, and to Patroni one that is there
    runs: it would find a server that answers nothing, and try again a second later (seen).
    """
    try:
        number = int(pid_file.read_text().split(maxsplit=1)[0])
        postmaster = os.pidfd_open(number)
    except (OSError, ValueError, IndexError):
        return False
    ended = select.poll()
    ended.register(postmaster, select.POLLIN)
    try:
        ended.poll()
    finally:
        os.close(postmaster)
    wait_until_reaped(Path("/proc", str(number)))
    return True


def wait_until_reaped(process: Path) -> None:
    never = Event()
    for _ in range(REAPED_LOOKS):
        if not process.exists():
            break
        never.wait(REAPED_WITHIN_S / REAPED_LOOKS)


@dataclass(slots=True)
class Signs:
    """What the leader has written into `/status` since it last asked to go on without etcd."""

    asked_at: float = 0.0
    last: object = None
    count: int = 0

    def are_enough(self, asked_at: float, status: object) -> bool:
        """`status`: as it is now, newer or not. One more may have been on its way as etcd was
        lost."""
        if asked_at != self.asked_at:
            self.asked_at, self.last, self.count = asked_at, status, 0
        elif status != self.last:
            self.last, self.count = status, self.count + 1
        return self.count >= ENOUGH_SIGNS


def forget_failsafe() -> None:
    upstream = Ha.load_cluster_from_dcs
    signs = Signs()

    def load(self: Any) -> None:
        upstream(self)
        leader, failsafe = self.cluster.leader, self._failsafe
        # One that only its own word makes leader has no lease (`Failsafe.leader`).
        is_another = leader and leader.session and leader.name != self.state_handler.name
        if not (is_another and failsafe.is_active()):
            return
        if signs.are_enough(failsafe._last_update, self.cluster.status.last_lsn):
            failsafe.set_is_active(0)

    Ha.load_cluster_from_dcs = load


if __name__ == "__main__":
    follow(Path(sys.argv[1]))
    ask_another()
    see_deaths()
    forget_failsafe()
    main()
