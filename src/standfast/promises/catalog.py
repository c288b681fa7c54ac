"""The table of contents of the product: every promise a site can make.

No two parts have the same drill, so the name of a drill says what it proves.
"""

from datetime import timedelta

from standfast.promises.allowance import EDGE_S, FAST_OUTAGE_S, STALL_S
from standfast.promises.model import Grade, Part, Promise

PROVABLE = frozenset({Grade.REAL, Grade.REHEARSED})
DAILY = timedelta(hours=24)
WEEKLY = timedelta(days=7)
MONTHLY = timedelta(days=30)
QUARTERLY = timedelta(days=90)

SCRUBBED_WITHIN = timedelta(days=35)
"""The distribution's own timers have an array or a pool read through once a month."""

REDUNDANT_WEB = Promise(
    id="redundant-web",
    statement="Any web server can fail without interrupting access.",
    parts=(
        Part(
            drill="web-server",
            proof=(
                "The power of one web server is cut while signed-in visitors read and save through "
                "the public address. No request that may be repeated fails, and nothing is saved "
                "twice."
            ),
            objective={"failed_requests": 0, "doubled_writes": 0},
            fault="blind-edge",
            fault_words=(
                "the edge no longer asks whether web servers are well, and tries no request a "
                "second time"
            ),
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="edge",
)

REDUNDANT_EDGE = Promise(
    id="redundant-edge",
    statement="Any front-end machine can fail: another one answers at its address within seconds.",
    parts=(
        Part(
            drill="edge",
            proof=(
                "The power of one front-end machine is cut while signed-in visitors read and save "
                "at every public address, each at one address alone, until the machine has its "
                "own back. None is without an answer for longer than is promised, all of them "
                "answer in the end, and nothing is saved twice."
            ),
            objective={"outage_s": EDGE_S, "silent_addresses": 0, "doubled_writes": 0},
            fault="pinned-address",
            fault_words="no front-end machine takes the address of another one",
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="edge",
)

ANY_MACHINE = Promise(
    id="any-machine",
    statement="Any single machine of the site can fail.",
    parts=(
        Part(
            drill="any-machine",
            proof=(
                "A machine is drawn at random and loses its power while signed-in visitors read "
                "and save through the public addresses. No request fails for longer than is "
                "allowed for a machine of its role (none at all but for an edge or a database "
                "machine), and no change is lost or saved twice."
            ),
            objective={"excess_failures": 0, "doubled_writes": 0, "lost_writes": 0},
            fault="blind-edge",
            fault_words=(
                "the edge no longer asks whether web servers are well, and tries no request a "
                "second time; the machine that fails is a web server"
            ),
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="rollout",
)

FASTEST_ROUTE = Promise(
    id="fastest-route",
    statement="Requests go to the fastest web server that is available.",
    parts=(
        Part(
            drill="slow-web",
            proof=(
                "One web server is made to hold every request for half a second, while signed-in "
                "visitors read and save through the public addresses. Ten seconds later no more "
                "than one request in twenty still meets it."
            ),
            objective={"slow_share": 0.05},
            fault="equal-weights",
            fault_words="the edges send every web server as much, however slow it is",
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="edge",
)

MIRRORED_DATABASE = Promise(
    id="mirrored-database",
    statement="Every change is on a second machine before it is acknowledged.",
    parts=(
        Part(
            drill="mirrored-database",
            proof=(
                "A row is written on the primary and looked for on the secondary, and both are "
                "asked whether the primary waits for the secondary before it acknowledges."
            ),
            objective={"mirrored_s": 1, "missing_copies": 0},
            fault="lone-primary",
            fault_words="the primary no longer waits for the secondary before it acknowledges",
        ),
        Part(
            drill="secondary-host",
            proof=(
                "The machine of the secondary loses its power while signed-in visitors read and "
                "save through the public address: changes wait until it is given up, and go on "
                "without it."
            ),
            objective={"stall_s": STALL_S, "lost_writes": 0},
            fault="patient-primary",
            fault_words="the primary waits two minutes for a secondary that has vanished",
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="database",
)

DATABASE_FAILOVER = Promise(
    id="database-failover",
    statement="When the database fails, its secondary takes over, and no saved change is lost.",
    parts=(
        Part(
            drill="database-crash",
            proof=(
                "The database server of the primary is killed while signed-in visitors read and "
                "save through the public address."
            ),
            objective={"outage_s": 3, "lost_writes": 0},
            fault="nobody-takes-over",
            fault_words="what watches over the database is told to leave everything as it is",
        ),
        Part(
            drill="database-host",
            proof=(
                "The machine of the primary loses its power while signed-in visitors read and save "
                "through the public address."
            ),
            objective={"outage_s": FAST_OUTAGE_S, "lost_writes": 0},
            fault="nobody-takes-over",
            fault_words="what watches over the database is told to leave everything as it is",
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="database",
)

ONSITE_BACKUP = Promise(
    id="onsite-backup",
    statement=(
        "Every 30 minutes the data is backed up to several machines of the same network that hold "
        "no database."
    ),
    parts=(
        Part(
            drill="onsite-backup",
            proof=(
                "Every backup machine is asked for its newest backup, and how far the changes that "
                "it has received are behind the primary."
            ),
            objective={"backup_age_s": 1800, "missing_copies": 0, "archive_lag_s": 10},
            fault="closed-repository",
            fault_words="the backup machines take no more changes from the database",
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="backup",
)

RESTORE_WORKS = Promise(
    id="restore-works",
    statement="A lost database comes back from those backups.",
    parts=(
        Part(
            drill="restore",
            proof=(
                "The newest backup is restored on a backup machine, started on its own, checked "
                "block by block, and compared with the original."
            ),
            objective={"data_age_s": 1800, "failed_checks": 0},
            fault="truncated-backup",
            fault_words="a file of the newest backup is cut short",
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="backup",
)

BOTH_DATABASES_LOST = Promise(
    id="both-databases-lost",
    statement="If all database machines are lost, at most the last 30 minutes are lost with them.",
    parts=(
        Part(
            drill="both-databases-lost",
            proof=(
                "All database machines lose their power and their data at once, while signed-in "
                "visitors read and save through the public address. The site is brought back in "
                "its place from a backup machine, and the newest change in it is compared with the "
                "moment of the loss."
            ),
            objective={"data_age_s": 1800, "failed_recoveries": 0},
            fault="closed-repository",
            fault_words=(
                "the backup machines hand nothing out to the databases; what was set aside is put "
                "back"
            ),
        ),
    ),
    period=MONTHLY,
    calibrated_within=QUARTERLY,
    grades=PROVABLE,
    mechanism="recovery",
)

OFFSITE_SNAPSHOT = Promise(
    id="offsite-snapshot",
    statement="An encrypted snapshot goes off site every day, and comes back from there.",
    parts=(
        Part(
            drill="offsite-snapshot",
            proof=(
                "The store is asked for its newest snapshot with the site's key and with another "
                "one, and its address is compared with those of the site's machines."
            ),
            objective={
                "snapshot_age_s": 26 * 3600,
                "missing_snapshots": 0,
                "readable_without_key": 0,
                "same_place": 0,
            },
            fault="refused-store",
            fault_words="the backup machines ask the store with a key that it does not know",
        ),
        Part(
            drill="offsite-restore",
            proof=(
                "The newest snapshot is fetched from the store with nothing but its key, started "
                "on its own, checked block by block, and compared with what it held when it was "
                "taken."
            ),
            objective={"data_age_s": 26 * 3600, "failed_checks": 0},
            fault="truncated-snapshot",
            fault_words="a file of the snapshot is cut short as it comes back",
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="backup",
)

SECONDARY_FACILITY = Promise(
    id="secondary-facility",
    statement="If the whole site is lost, access is back at another facility within 24 hours.",
    parts=(
        Part(
            drill="lose-site",
            proof=(
                "The site is taken for lost, and brought back on new machines from nothing but its "
                "copy off site and a recovery envelope, where nothing else of it can be seen. A "
                "customer who knows its name signs in there, by a certificate that is valid for "
                "it, and its evidence log goes on."
            ),
            objective={"outage_s": 24 * 3600, "data_age_s": 26 * 3600, "failed_recoveries": 0},
            fault="stale-envelope",
            fault_words="the recovery envelope is from before the key of the store changed",
        ),
    ),
    period=MONTHLY,
    calibrated_within=QUARTERLY,
    grades=PROVABLE,
    mechanism="recovery",
)

ENCRYPTED_IN_TRANSIT = Promise(
    id="encrypted-in-transit",
    statement=(
        "Every connection is encrypted with AES: from customers to the front, and between the "
        "machines of the site."
    ),
    parts=(
        Part(
            drill="encrypted-in-transit",
            proof=(
                "Every link between two machines is tried from the machine that uses it: with the "
                "site's identity it must be encrypted by AES-GCM, and it must refuse plain text "
                "and whoever has no certificate. The SSH server of each machine is asked which "
                "ciphers it takes: AES-GCM alone."
            ),
            objective={"unencrypted_links": 0, "open_links": 0, "unchecked_links": 0},
            fault="open-door",
            fault_words="a web server asks nobody for a certificate",
        ),
        Part(
            drill="wire",
            proof=(
                "A sentence that nobody else knows is saved as a customer saves, while every "
                "machine listens to all of its cables. It crosses every kind of link, from the "
                "customer to the backups, and must be readable on none."
            ),
            objective={"plain_sentences": 0, "unheard_ways": 0},
            fault="plain-replication",
            fault_words="the copy of the database is fetched without encryption",
        ),
        Part(
            drill="front-ciphers",
            proof=(
                "From outside, every front end is asked for a connection as a browser asks, which "
                "must be encrypted by AES-GCM, and is offered every other cipher and every version "
                "before TLS 1.2, which it must refuse."
            ),
            objective={"weak_offers": 0, "unencrypted_doors": 0, "unchecked_doors": 0},
            fault="weak-suite",
            fault_words="front ends also take a cipher of TLS 1.2 that is not AES-GCM",
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="keys",
)

CERTIFICATE_VERIFIABLE = Promise(
    id="certificate-verifiable",
    statement=(
        "Certificates have at least 2048 bits (or an elliptic curve as strong), and customers can "
        "verify them at any time."
    ),
    parts=(
        Part(
            drill="certificate-verifiable",
            proof=(
                "From outside, every name is asked for at every front end: its certificate must be "
                "one that browsers believe, with a strong key, good for more than 14 days, and "
                "with a fingerprint that this page names."
            ),
            objective={
                "unverifiable_certificates": 0,
                "weak_certificates": 0,
                "ending_certificates": 0,
                "unlike_certificates": 0,
                "unchecked_doors": 0,
            },
            fault="ending-certificate",
            fault_words="front ends show a certificate whose end is near or past",
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="keys",
)

CLOSED_PORTS = Promise(
    id="closed-ports",
    statement="Only the web front has ports open to the internet; databases cannot be seen.",
    parts=(
        Part(
            drill="closed-ports",
            proof=(
                "Every TCP port and the usual UDP ports of every public address are asked from "
                "where customers are: nothing answers but the web front. Each machine is asked on "
                "which ports it listens: nothing listens that is not planned."
            ),
            objective={"answering_ports": 0, "stray_listeners": 0},
            fault="stray-listener",
            fault_words=(
                "a program that nobody planned listens on the edges, and their firewall lets it "
                "through"
            ),
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="hosts",
)

MIRRORED_VOLUMES = Promise(
    id="mirrored-volumes",
    statement=(
        "A disk of a front end or a database can fail without interrupting access: their data are "
        "on mirrored disks."
    ),
    parts=(
        Part(
            drill="volumes-watched",
            proof=(
                "Every front-end and database machine is asked what its data lie on: a mirror that "
                "would survive the loss of a disk now, that somebody watches, and all of whose "
                "blocks were read and compared lately."
            ),
            objective={
                "unmirrored_volumes": 0,
                "ailing_volumes": 0,
                "unwatched_volumes": 0,
                "scrub_age_s": SCRUBBED_WITHIN.total_seconds(),
            },
            fault="unwatched-volumes",
            fault_words="nobody watches the disks of the database machines",
        ),
        Part(
            drill="mirrored-volumes",
            proof=(
                "While a program writes to the volume of one machine and reads from it, one of its "
                "disks is overwritten with random bytes, and then fails for good. Every byte reads "
                "back as it was written, nothing waits for longer than is promised, and the spare "
                "takes the place of the disk by itself."
            ),
            objective={
                "interrupted_s": 2,
                "wrong_bytes": 0,
                "failed_operations": 0,
                "uncorrected": 0,
                "begun_s": 5,
                "rebuild_s": 120,
            },
            fault="unwatched-volumes",
            fault_words=(
                "nobody watches the disks of the database machines, so no spare takes the place of "
                "one that fails"
            ),
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="hosts",
)

EVIDENCE_INTACT = Promise(
    id="evidence-intact",
    statement="This record cannot be altered without being noticed.",
    parts=(
        Part(
            drill="tamper",
            proof=(
                "Every monitor's copy is checked entry by entry and compared with what customers "
                "are shown. Then entries of each are altered, dropped, swapped and replaced, with "
                "and without new hashes: each time it must be noticed."
            ),
            objective={
                "altered_copies": 0,
                "late_copies": 0,
                "lone_checkpoints": 0,
                "unseen_changes": 0,
            },
            fault="bent-copy",
            fault_words=(
                "one bit of one monitor's copy is another; that copy is shown to nobody meanwhile"
            ),
        ),
    ),
    period=DAILY,
    calibrated_within=WEEKLY,
    grades=PROVABLE,
    mechanism="monitor",
)

CATALOG = (
    REDUNDANT_WEB,
    REDUNDANT_EDGE,
    ANY_MACHINE,
    FASTEST_ROUTE,
    MIRRORED_DATABASE,
    DATABASE_FAILOVER,
    ONSITE_BACKUP,
    RESTORE_WORKS,
    BOTH_DATABASES_LOST,
    OFFSITE_SNAPSHOT,
    SECONDARY_FACILITY,
    ENCRYPTED_IN_TRANSIT,
    CLOSED_PORTS,
    CERTIFICATE_VERIFIABLE,
    MIRRORED_VOLUMES,
    EVIDENCE_INTACT,
)


def promise(promise_id: str) -> Promise | None:
    return next((each for each in CATALOG if each.id == promise_id), None)
