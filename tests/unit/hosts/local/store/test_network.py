"""One way leads from the site to the store: the backup machines'."""

from ipaddress import IPv4Address
from pathlib import Path

from standfast.mechanisms.hosts.local.names import Names
from standfast.mechanisms.hosts.local.store.network import routes, wired
from standfast.mechanisms.hosts.machine import Machine, Reach, Role

NAMES = Names(site="shop", home=Path("/nowhere"))


def machine(name: str, role: Role, number: int) -> Machine:
    return Machine(
        name=name,
        roles=frozenset({role}),
        address=IPv4Address(f"10.77.0.{number}"),
        reach=Reach(host=""),
    )


def test_the_store_knows_the_way_to_a_backup_machine_and_it_knows_the_way_there() -> None:
    backup = machine("backup-1", Role.BACKUP, 17)
    assert [str(each) for each in routes(NAMES, backup)] == [
        "ip -n standfast.shop.store route replace 10.77.0.17/32 dev private",
        "ip -n standfast.shop.backup-1 route replace 198.51.100.0/24 via 10.77.0.2 onlink "
        "dev private",
    ]


def test_its_address_in_the_site_leads_to_nobody_by_itself_and_is_wired_last() -> None:
    *others, last = (str(each) for each in wired(NAMES))
    assert last == "ip -n standfast.shop.store address add 10.77.0.2/32 dev private"
    assert "ip -n standfast.shop.store address add 198.51.100.10/24 dev lo" in others
