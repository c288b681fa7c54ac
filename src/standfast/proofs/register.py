"""Which drills there are: what each one is, and where its planted fault goes.

What a drill proves, and which fault turns it red, stands in the catalogue (`promises/catalog.py`),
under the same name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from standfast.mechanisms.hosts.machine import Role
from standfast.proofs.drills import both_databases_lost, guard, lose_site
from standfast.proofs.drills.any_machine import AnyMachine
from standfast.proofs.drills.both_databases_lost import BothDatabasesLost
from standfast.proofs.drills.certificate_verifiable import CertificateVerifiable
from standfast.proofs.drills.closed_ports import ClosedPorts
from standfast.proofs.drills.database_crash import DatabaseCrash
from standfast.proofs.drills.database_host import DatabaseHost
from standfast.proofs.drills.edge import EdgeDrill
from standfast.proofs.drills.encrypted_in_transit import EncryptedInTransit
from standfast.proofs.drills.front_ciphers import FrontCiphers
from standfast.proofs.drills.ground import Drill
from standfast.proofs.drills.lose_site import LoseSite
from standfast.proofs.drills.mirrored_database import MirroredDatabase
from standfast.proofs.drills.mirrored_volumes import MirroredVolumes
from standfast.proofs.drills.offsite_restore import OffsiteRestore
from standfast.proofs.drills.offsite_snapshot import OffsiteSnapshot
from standfast.proofs.drills.onsite_backup import OnsiteBackup
from standfast.proofs.drills.restore import Restore
from standfast.proofs.drills.secondary_host import SecondaryHost
from standfast.proofs.drills.slow_web import SlowWeb
from standfast.proofs.drills.tamper import Tamper
from standfast.proofs.drills.volumes_watched import VolumesWatched
from standfast.proofs.drills.web_server import WebServer
from standfast.proofs.drills.wire import Wire


class Kind(StrEnum):
    DRILL = "drill"
    """Something is switched off or killed."""

    OBSERVATION = "observation"
    """Nothing is disturbed, but for the planted fault of its calibration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Its fault is planted on every machine that is `planted_on`; None where it is none of a
    machine's, and lies with whoever runs the drill. `words` say what it does. One that has not
    ended after `limit_s` is taken for stopped, and what it did is taken back, the loss of
    `databases` too, where it had them lost."""

    kind: Kind
    planted_on: Role | None
    words: str
    drill: Drill
    limit_s: float = guard.LIMIT_S
    databases: bool = False


REGISTER: Mapping[str, Check] = MappingProxyType(
    {
        "web-server": Check(
            kind=Kind.DRILL,
            planted_on=Role.EDGE,
            words="cuts the power of one web machine for ten seconds while visitors read and save",
            drill=WebServer(),
        ),
        "edge": Check(
            kind=Kind.DRILL,
            planted_on=Role.EDGE,
            words="cuts the power of one edge while visitors read and save at every public address",
            drill=EdgeDrill(),
        ),
        "any-machine": Check(
            kind=Kind.DRILL,
            planted_on=Role.EDGE,
            words="cuts the power of a machine that is drawn at random, or named by --machine",
            drill=AnyMachine(),
        ),
        "slow-web": Check(
            kind=Kind.DRILL,
            planted_on=Role.EDGE,
            words="makes one web machine hold every request for half a second",
            drill=SlowWeb(),
        ),
        "encrypted-in-transit": Check(
            kind=Kind.OBSERVATION,
            planted_on=Role.WEB,
            words="tries every link between machines: with the site's identity, in plain, without",
            drill=EncryptedInTransit(),
        ),
        "wire": Check(
            kind=Kind.OBSERVATION,
            planted_on=Role.DATABASE,
            words="saves a sentence, and listens for it on the cables of every machine",
            drill=Wire(),
        ),
        "front-ciphers": Check(
            kind=Kind.OBSERVATION,
            planted_on=Role.EDGE,
            words="offers every edge, from outside, all ciphers and versions that it must refuse",
            drill=FrontCiphers(),
        ),
        "certificate-verifiable": Check(
            kind=Kind.OBSERVATION,
            planted_on=Role.EDGE,
            words="looks from outside at what every name shows, and compares it with the page",
            drill=CertificateVerifiable(),
        ),
        "mirrored-database": Check(
            kind=Kind.OBSERVATION,
            planted_on=Role.DATABASE,
            words="writes a row on the primary and looks for it on the secondary",
            drill=MirroredDatabase(),
        ),
        "closed-ports": Check(
            kind=Kind.OBSERVATION,
            planted_on=Role.EDGE,
            words="asks every port of the public addresses, and every machine what it listens on",
            drill=ClosedPorts(),
        ),
        "database-crash": Check(
            kind=Kind.DRILL,
            planted_on=Role.DATABASE,
            words="kills the primary's PostgreSQL while visitors read and save",
            drill=DatabaseCrash(),
        ),
        "database-host": Check(
            kind=Kind.DRILL,
            planted_on=Role.DATABASE,
            words="cuts the power of the primary's machine for longer than the secondary may take",
            drill=DatabaseHost(),
        ),
        "secondary-host": Check(
            kind=Kind.DRILL,
            planted_on=Role.DATABASE,
            words="cuts the power of the secondary's machine, for which every commit waits",
            drill=SecondaryHost(),
        ),
        "onsite-backup": Check(
            kind=Kind.OBSERVATION,
            planted_on=Role.BACKUP,
            words="looks how old the newest copies are, and watches changes arrive in them",
            drill=OnsiteBackup(),
        ),
        "restore": Check(
            kind=Kind.OBSERVATION,
            planted_on=Role.BACKUP,
            words="restores the newest copy on a backup machine and compares it with the primary",
            drill=Restore(),
        ),
        "both-databases-lost": Check(
            kind=Kind.DRILL,
            planted_on=Role.BACKUP,
            words=(
                "has all database machines lose their power and their data, and brings the site "
                "back in its place from a backup machine"
            ),
            drill=BothDatabasesLost(),
            limit_s=both_databases_lost.LIMIT_S,
            databases=True,
        ),
        "offsite-snapshot": Check(
            kind=Kind.OBSERVATION,
            planted_on=Role.BACKUP,
            words="asks the store off site how old its newest snapshot is, and who can read it",
            drill=OffsiteSnapshot(),
        ),
        "volumes-watched": Check(
            kind=Kind.OBSERVATION,
            planted_on=Role.DATABASE,
            words="asks front ends and databases what their data lie on, and who watches that",
            drill=VolumesWatched(),
        ),
        "mirrored-volumes": Check(
            kind=Kind.DRILL,
            planted_on=Role.DATABASE,
            words="overwrites a disk of one machine made here while it is in use, and has it fail",
            drill=MirroredVolumes(),
        ),
        "tamper": Check(
            kind=Kind.OBSERVATION,
            planted_on=Role.MONITOR,
            words="compares every copy of the record, and changes some of it to see it noticed",
            drill=Tamper(),
        ),
        "offsite-restore": Check(
            kind=Kind.OBSERVATION,
            planted_on=Role.BACKUP,
            words="brings the newest snapshot back from the store, with its key alone",
            drill=OffsiteRestore(),
        ),
        "lose-site": Check(
            kind=Kind.OBSERVATION,
            planted_on=None,
            words=(
                "takes the site for lost, and brings it back beside itself, on new machines, from "
                "its store and an envelope, until a customer signs in there"
            ),
            drill=LoseSite(),
            limit_s=lose_site.LIMIT_S,
        ),
    }
)
