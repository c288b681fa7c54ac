"""Who receives, and what is asked of PostgreSQL for it."""

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from standfast.mechanisms.backup.receiver import plan
from standfast.mechanisms.backup.receiver.program import (
    Ending,
    Settings,
    connection,
    drop_slot,
    ending,
    receive,
)
from standfast.mechanisms.backup.settings import BackupSettings
from standfast.mechanisms.hosts.machine import Machine, Reach, Role

SETTINGS = BackupSettings()


def machine(name: str, number: int, *roles: Role) -> Machine:
    address = IPv4Address(f"10.0.0.{number}")
    return Machine(name=name, roles=frozenset(roles), address=address, reach=Reach(host=name))


SITE = (
    machine("db-1", 1, Role.DATABASE),
    machine("both", 2, Role.DATABASE, Role.BACKUP),
    machine("Vault-3", 3, Role.BACKUP, Role.MONITOR),
)


def test_only_a_machine_that_holds_no_database_receives() -> None:
    assert plan.receivers(SITE, SETTINGS) == SITE[2:]
    assert plan.receivers(SITE, BackupSettings(receive=False)) == ()


def test_postgresql_lets_in_that_machine_by_its_certificate_and_from_its_address() -> None:
    asked = plan.wanted(SITE, SETTINGS)
    assert asked.hba == ("hostssl replication wal_receiver 10.0.0.3/32 cert map=receivers",)
    assert asked.ident == ("receivers Vault-3 wal_receiver",)
    assert asked.slots == {"receiver_vault_3": {"type": "physical"}}
    (flow,) = plan.let_in(SITE, SETTINGS)
    assert (flow.port, flow.sources) == (5432, ("10.0.0.3",))


def test_without_receivers_nobody_is_let_in() -> None:
    asked = plan.wanted(SITE[:2], SETTINGS)
    assert (asked.hba, asked.ident, asked.replicators, dict(asked.slots)) == ((), (), (), {})
    assert plan.let_in(SITE[:2], SETTINGS) == ()


def test_no_receiver_is_called_as_a_member_is() -> None:
    """Patroni names those that acknowledge by their machines."""
    members = {each.name for each in SITE}
    names = {plan.name(each) for each in SITE} | {plan.wanted(SITE, SETTINGS).replicators[0]}
    assert not names & members


def settings(folder: Path) -> Settings:
    made = plan.plan(SITE[2], SITE, programs="/programs", source="/src")
    (file,) = (each for each in made.files if each.path.endswith("receiver.json"))
    path = folder / "receiver.json"
    path.write_bytes(file.content)
    return Settings.read(path)


def test_it_asks_all_databases_for_the_one_that_takes_writes_over_mutual_tls(
    tmp_path: Path,
) -> None:
    found = settings(tmp_path)
    said = dict(word.split("=", 1) for word in connection(found).split())
    assert said["host"] == "db-1,both"
    assert (said["target_session_attrs"], said["sslmode"]) == ("read-write", "verify-full")
    assert {"sslcert", "sslkey", "sslrootcert"} <= set(said)
    assert "replication" not in said, "the program says that itself"
    argv = receive(found, Path("/here")).argv
    assert argv[0] == "/programs/pg_receivewal"
    assert "--slot=receiver_vault_3" in argv
    assert {"--slot=receiver_vault_3", "--drop-slot"} <= set(drop_slot(found).argv)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (
            'could not send replication command "START_REPLICATION": ERROR:  requested starting '
            "point 0/7000000 on timeline 1 is not in this server's history\n"
            "DETAIL:  This server's history forked from timeline 1 at 0/4000318.",
            Ending.ELSEWHERE,
        ),
        ("error: starting timeline 3 is not present in the server", Ending.ELSEWHERE),
        (
            "unexpected termination of replication stream: ERROR:  requested WAL segment "
            "000000020000000000000009 has already been removed",
            Ending.GONE,
        ),
        ('FATAL:  role "wal_receiver" does not exist', Ending.LATER),
        ('replication slot "receiver_backup_1" does not exist', Ending.LATER),
        ('replication slot "receiver_backup_1" is active for PID 14186', Ending.LATER),
        ("server closed the connection unexpectedly", Ending.LATER),
        ("", Ending.LATER),
    ],
)
def test_by_its_last_words_it_is_known_whether_it_can_go_on(said: str, wanted: Ending) -> None:
    """As recorded from PostgreSQL 15."""
    assert ending(said) is wanted
