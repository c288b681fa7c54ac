"""Patroni, started so that it finds its voters even after all whom it knew are gone, leaves one
that is being stopped for the next, sees at once that its PostgreSQL has died, forgets that a leader
went on without etcd when that is over, and hands over as soon as the other one has everything.

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

A primary that hands over stops its PostgreSQL, and Patroni looks once a second whether it has. One
that has written its last word still archives it, which takes about as long: now it was gone at the
first look, and now there for another second that Patroni gives the other machine to catch up, and
writes waited for 1.5 or for 2.7 s (seen). Here Patroni looks ten times a second whether it has
stopped, and then whether the other machine has caught up. The lead is given up early only if that
one says that it has received the last word (patroni/ha.py, `is_failover_possible`), as ever.

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
from types import FunctionType, SimpleNamespace
from typing import Any

import patroni.postgresql
import yaml
from patroni.__main__ import Patroni, main
from patroni.dcs.etcd import AbstractEtcdClientWithFailover
from patroni.dcs.etcd3 import Etcd3Client, Etcd3ClientError, GRPCCode
from patroni.ha import Ha
from patroni.postgresql import Postgresql

COULD_NOT_SAY = (GRPCCode.Canceled, GRPCCode.Unknown, GRPCCode.Internal)

LOOK_S = 0.5
"""How often to look for a postmaster while there is none."""

ENOUGH_SIGNS = 2

LOOK_WHILE_STOPPING_S = 0.1

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


def hand_over_soon() -> None:
    patroni.postgresql.STOP_POLLING_INTERVAL = LOOK_WHILE_STOPPING_S
    upstream = Postgresql.stop

    def stop(self: Any, *words: Any, **named: Any) -> Any:
        if named.get("on_shutdown"):
            named["on_shutdown"] = waiting_less(named["on_shutdown"])
        return upstream(self, *words, **named)

    Postgresql.stop = stop


def waiting_less(asked: FunctionType) -> Callable[[int, int], None]:
    """Upstream's `on_shutdown` (in `Ha.demote` and `Ha.shutdown`), which sleeps once: the same
    function, for which that sleep ends when the other machine has caught up."""
    kept = dict(zip(asked.__code__.co_freevars, asked.__closure__ or (), strict=True))
    ha: Ha = kept["self"].cell_contents
    never = Event()

    def on_shutdown(checkpoint_location: int, prev_location: int) -> None:
        def sleep(seconds: float) -> None:
            for _ in range(round(seconds / LOOK_WHILE_STOPPING_S)):
                if ha.is_failover_possible(cluster_lsn=checkpoint_location):
                    return
                never.wait(LOOK_WHILE_STOPPING_S)

        names = {**asked.__globals__, "time": SimpleNamespace(sleep=sleep)}
        FunctionType(asked.__code__, names, closure=asked.__closure__)(
            checkpoint_location, prev_location
        )

    return on_shutdown


if __name__ == "__main__":
    follow(Path(sys.argv[1]))
    ask_another()
    see_deaths()
    forget_failsafe()
    hand_over_soon()
    main()
