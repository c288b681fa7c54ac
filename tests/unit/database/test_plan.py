"""Who is let in to PostgreSQL, and how."""

from dataclasses import replace
from ipaddress import IPv4Address

from standfast.mechanisms.database.plan import PostgresAsk, plan
from standfast.mechanisms.hosts.machine import Machine, Reach, Role


def machine(name: str, number: int, role: Role) -> Machine:
    return Machine(
        name=name,
        roles=frozenset({role}),
        address=IPv4Address(f"10.0.0.{number}"),
        reach=Reach(host=name),
    )


SITE = (
    machine("db-1", 1, Role.DATABASE),
    machine("db-2", 2, Role.DATABASE),
    machine("web-1", 3, Role.WEB),
    machine("monitor-1", 4, Role.MONITOR),
)
ASK = PostgresAsk(name="shop", verifier="SCRAM-SHA-256$…")


def admitted(ask: PostgresAsk) -> list[str]:
    """The lines of pg_hba.conf by which the service gets in."""
    made = plan(SITE[0], SITE, ask, site="shop", debian=12, source="/src", python="/python")
    (patroni,) = (file for file in made.files if file.path.endswith("/patroni.yml"))
    lines = patroni.content.decode().splitlines()
    return [line.strip(" -") for line in lines if "hostssl shop shop" in line]


def test_the_service_needs_its_password_and_its_certificate() -> None:
    line = "hostssl shop shop 10.0.0.3/32 scram-sha-256 clientcert=verify-full"
    assert admitted(ASK) == [line]


def test_while_the_password_changes_its_certificate_is_enough() -> None:
    assert admitted(replace(ASK, password_changes=True)) == ["hostssl shop shop 10.0.0.3/32 cert"]
