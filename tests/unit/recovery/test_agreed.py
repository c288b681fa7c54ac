"""What etcd forgets: all of it but the configuration, and who the cluster is first of all."""

from ipaddress import IPv4Address

from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.mechanisms.recovery.in_place import agreed

MONITOR = Machine(
    name="monitor-1",
    roles=frozenset({Role.MONITOR}),
    address=IPv4Address("10.0.0.9"),
    reach=Reach(host="monitor-1"),
)


def test_the_identifier_is_there_before_anything_is_forgotten() -> None:
    told = [words[words.index("etcdctl") :] for words in agreed.forgetting(MONITOR, "shop", "77")]
    assert told[0][-3:] == ("put", "/standfast/shop/initialize", "77")
    gone = [words[-1] for words in told[1:]]
    assert "/standfast/shop/leader" in gone
    assert "/standfast/shop/sync" in gone
    assert not {"/standfast/shop/config", "/standfast/shop/initialize"} & {*gone}
    assert told[-1][-2:] == ("--prefix", "/standfast/shop/members/")
