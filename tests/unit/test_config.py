import re
from pathlib import Path

import pytest
from tests.unit.tsa import root as made_root

from standfast.config import EXAMPLE, Site, load, parse
from standfast.core.errors import ConfigError
from standfast.evidence.cosignature import cosigner
from standfast.evidence.signing import Ed25519Signer
from standfast.mechanisms.hosts.machine import Role

WITNESS_KEY = cosigner(Ed25519Signer.from_seed("ann.example", bytes(32))).vkey
MACHINE = '[[machines]]\nname = "{name}"\nroles = ["{role}"]\n'


ROLES = (
    *(("e", "edge"), ("w", "web"), ("x", "web"), ("d", "database"), ("c", "database")),
    *(("b", "backup"), ("m", "monitor")),
)
"""The fewest machines that have one role each."""


def machine(name: str, role: str, more: str = "") -> str:
    return MACHINE.format(name=name, role=role) + more


REST = "".join(
    machine(name, role)
    for name, role in (("w", "web"), ("d", "database"), ("e", "database"), ("k", "backup"))
) + machine("m", "monitor")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("colour = 1", "colour: unknown key"),
        ('port = "high"', "port: must be a valid integer"),
        ("port = 70000", "port: must be less than or equal to 65535; given is 70000"),
        ('name = "Shop 1"', "name: must match pattern"),
        ('names = "www.example.com"', "names: must be an array; given is 'www.example.com'"),
        (
            machine("operator", "edge"),
            "machines.0 (operator).name: must be another name: Standfast",
        ),
        ("machines = [1]", "machines.0: must be a table; given is 1"),
        ('[[machines]]\nroles = ["web"]', "machines.0.name: must be given"),
        (machine("a", "edge", "adress = 1"), "machines.0 (a).adress: unknown key"),
        (machine("a", "edge", 'address = "10.0.0"'), "machines.0 (a).address: input is not a"),
        (machine("a", "edge", "ssh = { port = 0 }"), "machines.0 (a).ssh.port: must be greater"),
        (machine("a", "web") + machine("b", "webb"), "machines.1 (b).roles.0: must be 'edge', "),
        ('[[machines]]\nname = "a"\nroles = []', "machines.0 (a).roles: must have 1 or more"),
        (machine("a", "edge"), "machines: none with the role web, and at least 2 needed"),
        ('[network]\nmanagement_from = ["ten"]', "network.management_from.0: input is not a"),
        ('[service]\nname = "shop"', "service.web: must be given; service.source: must be given"),
        ('suite = "sid"', "suite: must be 'bookworm' or 'trixie'; given is 'sid'"),
        (
            machine("a", "edge") + machine("b", "web", 'suite = "trixie"\n') + REST,
            "machines.1 (b).suite: a web machine of trixie, and the service is built on bookworm",
        ),
        ("[promises.nothing]\npromised = true", "promises.nothing: unknown promise"),
        ('[company]\nstatements = [""]', "company.statements.0: must be one line of text"),
        (
            '[[company.contacts]]\nabout = "data"\naddress = "www.example.com"',
            "company.contacts.0.address: must be an address that begins with https://",
        ),
        ('[company.security]\ncontacts = ["tel:1"]', "company.security.expires: must be given"),
        ("[promises]\nredundant-web = 1", "promises.redundant-web: must be a table; given is 1"),
        ("[promises.redundant-web]\nobjective = { hope = 1 }", "objective.hope: unknown figure"),
        (
            "[promises.database-failover]\nobjective = { outage_s = 3 }",
            "promises.database-failover.objective.outage_s: unknown figure",
        ),
        (
            "[promises.database-failover.objective]\ndatabase-crash = { hope = 1 }",
            "promises.database-failover.objective.database-crash.hope: unknown figure",
        ),
        ("name = ", "is not TOML"),
    ],
)
def test_wrong_input_is_refused_with_the_path_of_the_key(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text, "standfast.toml")
    assert refused.value.problem.startswith("standfast.toml")
    assert expected in refused.value.problem
    assert refused.value.remedy


def test_a_duplicate_address_is_refused_with_the_machines_that_share_it() -> None:
    address = 'address = "10.0.0.1"\n'
    with pytest.raises(ConfigError) as refused:
        parse(machine("a", "edge", address) + machine("b", "web", address), "standfast.toml")
    assert refused.value.problem == (
        "standfast.toml: machines.0 (a).address, machines.1 (b).address: 10.0.0.1 is given 2 times"
    )


def test_a_duplicate_name_is_refused_with_the_places_where_it_stands() -> None:
    with pytest.raises(ConfigError, match=r"machines\.0 \(a\)\.name, machines\.1 \(a\)\.name"):
        parse(machine("a", "edge") + machine("a", "web"), "standfast.toml")


def test_machines_made_here_and_listed_ones_do_not_mix() -> None:
    with pytest.raises(ConfigError, match="some have an address and some have none"):
        parse(machine("a", "edge", 'address = "10.0.0.1"\n') + machine("b", "web"), "x")


def test_a_listed_edge_needs_the_address_that_the_internet_reaches() -> None:
    listed = "".join(
        machine(name, role, f'address = "10.0.0.{index}"\n')
        for index, (name, role) in enumerate(ROLES)
    )
    with pytest.raises(ConfigError, match=r"machines\.0 \(e\)\.public: an edge needs"):
        parse(listed, "standfast.toml")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "standfast.toml"
    file.write_bytes("port = 1".encode("utf-16"))
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load(file, state=tmp_path, cache=tmp_path, run=tmp_path)


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not there"):
        load(tmp_path / "none.toml", state=tmp_path, cache=tmp_path, run=tmp_path)


LISTED = "".join(
    f'[[machines]]\nname = "{name}"\nroles = ["{role}"]\naddress = "10.0.0.{index}"\n'
    + ('public = "192.0.2.1"\n' if role == "edge" else "")
    for index, (name, role) in enumerate(ROLES)
)


def test_listed_machines_need_to_know_who_may_reach_ssh() -> None:
    with pytest.raises(ConfigError, match=r"network\.management_from: listed machines need it"):
        parse(LISTED, "standfast.toml")
    parse(f'{LISTED}[network]\nmanagement_from = ["10.0.0.0/8"]', "standfast.toml")


MOVING = (
    LISTED.replace('public = "192.0.2.1"', 'public = "192.0.2.1"\nssh = { host = "HOST" }')
    + machine("f", "edge", 'address = "10.0.0.9"\npublic = "PUBLIC"\n')
    + '[network]\nmanagement_from = ["10.0.0.0/8"]\n[edge]\naddresses = "vrrp"\n'
)
DEVICES = 'public_interface = "eth1"\nprivate_interface = "eth0"\n'


def moving(more: str, *, host: str = "10.0.0.0", public: str = "192.0.2.2") -> str:
    return MOVING.replace("HOST", host).replace("PUBLIC", public) + more


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (moving(""), "edge.public_interface: addresses that move need it, and it is empty"),
        (moving('public_interface = "e"'), "edge.private_interface: addresses that move need"),
        (moving('public_interface = "e/1"'), "edge.public_interface: must match pattern"),
        (
            moving(DEVICES, host="192.0.2.1"),
            "machines.0 (e).ssh.host: 192.0.2.1 is a public address that moves",
        ),
        (
            moving(DEVICES, public="10.0.0.9"),
            "machines.7 (f).address: 10.0.0.9 is a public address that moves",
        ),
        (moving('addresses = "far"'), "is not TOML"),
        ('[edge]\naddresses = "far"', "edge.addresses: must be 'auto', 'stay' or 'vrrp'"),
    ],
)
def test_an_address_that_cannot_move_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text, "standfast.toml")
    assert expected in refused.value.problem
    assert refused.value.remedy


def promised(site: Site, promise_id: str = "redundant-edge") -> bool:
    return promise_id in {each.id for each in site.promises}


def composed_in(folder: Path, text: str) -> Site:
    file = folder / "standfast.toml"
    file.write_text(text)
    return load(file, state=folder, cache=folder, run=folder)


def test_machines_made_here_have_mirrored_disks_and_listed_ones_if_it_is_said(
    tmp_path: Path,
) -> None:
    made = composed_in(tmp_path, "[volumes]\nmirrored = true\n")
    assert [each.name for each in made.mirrored] == ["edge-1", "edge-2", "db-1", "db-2"]
    assert promised(made, "mirrored-volumes")
    bare = composed_in(tmp_path, "")
    assert not bare.mirrored
    assert not promised(bare, "mirrored-volumes")

    listed = composed_in(tmp_path, moving(DEVICES))
    assert not listed.mirrored
    assert not promised(listed, "mirrored-volumes")
    said = composed_in(tmp_path, moving(DEVICES) + "[volumes]\nmirrored = true\n")
    assert said.mirrored
    assert promised(said, "mirrored-volumes")


def test_listed_edges_keep_their_addresses_unless_they_are_to_move(tmp_path: Path) -> None:
    def composed(text: str) -> Site:
        return composed_in(tmp_path, text)

    moves = composed(moving(DEVICES))
    assert [each.moves for each in moves.machines] == [
        each.is_a(Role.EDGE) for each in moves.machines
    ]
    assert [each.reach.host for each in moves.having(Role.EDGE)] == ["10.0.0.0", "10.0.0.9"]
    assert promised(moves)

    stays = composed(moving("").replace('"vrrp"', '"auto"'))
    assert not any(each.moves for each in stays.machines)
    assert stays.having(Role.EDGE)[1].reach.host == "192.0.2.2"
    assert not promised(stays)


def test_edges_that_are_made_here_move_their_addresses_where_there_are_two() -> None:
    site = load(None, state=Path("/n"), cache=Path("/n"), run=Path("/n"))
    assert all(each.moves for each in site.having(Role.EDGE))
    assert promised(site)


def test_a_single_database_machine_is_refused_because_nothing_would_mirror_it() -> None:
    with pytest.raises(ConfigError, match="1 with the role database, and at least 2 needed"):
        parse("".join(machine(*each) for each in ROLES if each[0] != "c"), "standfast.toml")


@pytest.mark.parametrize(("more", "refused"), [(1, True), (2, False), (3, True), (6, True)])
def test_monitors_vote_so_there_is_an_odd_number_of_them(more: int, refused: bool) -> None:
    roles = [*ROLES, *((f"m{number}", "monitor") for number in range(more))]
    text = "".join(machine(*each) for each in roles)
    if refused:
        with pytest.raises(ConfigError, match=r"with the role monitor, and it has to be one of 1"):
            parse(text, "standfast.toml")
    else:
        parse(text, "standfast.toml")


def test_no_machine_is_called_what_leads_to_the_database() -> None:
    with pytest.raises(ConfigError, match="Standfast itself uses operator, primary"):
        parse(machine("primary", "edge"), "standfast.toml")


@pytest.mark.parametrize("called", ["postgres", "operator", "replicator", "primary", "c"])
def test_a_service_is_not_called_as_somebody_else_is(called: str) -> None:
    contract = EXAMPLE.read_text().replace('name = "timesheets"', f'name = "{called}"')
    machines = "".join(machine(*each) for each in ROLES)
    with pytest.raises(ConfigError, match=rf"service\.name: {called} is the name of a machine"):
        parse(f"{contract}\n{machines}", "standfast.toml")


def test_an_empty_file_means_the_example_on_eleven_machines() -> None:
    assert len(parse("", "standfast.toml").machines) == 11


def test_the_example_file_says_the_defaults() -> None:
    example = Path(__file__).resolve().parents[2] / "standfast.example.toml"
    said, default = parse(example.read_text(), "example"), parse("", "nothing")
    assert said.machines == default.machines
    assert said.model_copy(update={"promises": {}}) == default


def test_a_site_that_is_made_here_has_a_store_off_site_unless_it_names_another() -> None:
    site = load(None, state=Path("/n"), cache=Path("/n"), run=Path("/n"))
    assert site.store_here
    assert site.offsite is not None
    assert site.offsite.location == "https://198.51.100.10/standfast/timesheets"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            'url = "https://a.example"\nkey = "x"',
            "evidence.witnesses.0 (ann).key: must be the line",
        ),
        ('url = "ftp://a.example"\nkey = "KEY"', "(ann).url: must be an address that begins with"),
        ('url = "https://"\nkey = "KEY"', "(ann).url: must be an address that begins with"),
        ('key = "KEY"', "evidence.witnesses.0 (ann).url: must be given"),
    ],
)
def test_a_witness_that_could_not_be_asked_is_refused(more: str, expected: str) -> None:
    listed = f'[[evidence.witnesses]]\nname = "ann"\n{more.replace("KEY", WITNESS_KEY)}'
    with pytest.raises(ConfigError, match=re.escape(expected)):
        parse(listed, "site.toml")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("ann", "ann"), "must list each witness once: ann is there twice"),
        (("ann", "bob"), f"must list each witness once: {WITNESS_KEY} is there twice"),
        (("monitor-1",), "evidence.witnesses.0 (monitor-1).name: a machine is called so"),
        (("monitors",), "evidence.witnesses.0 (monitors).name: must be a word"),
        (("a b",), "evidence.witnesses.0 (a b).name: must be a word"),
    ],
)
def test_a_witness_has_a_name_and_a_key_of_its_own(names: tuple[str, ...], expected: str) -> None:
    listed = "".join(
        f'[[evidence.witnesses]]\nname = "{name}"\nkey = "{WITNESS_KEY}"\nurl = "http://a.b"\n'
        for name in names
    )
    with pytest.raises(ConfigError, match=re.escape(expected)):
        parse(listed, "site.toml")


def authority(name: str = "time", url: str = "https://tsa.example/tsr", ca: str = "") -> str:
    return f'[[evidence.timestamps]]\nname = "{name}"\nurl = "{url}"\nca = """{ca or ROOT}"""\n'


ROOT = made_root().pem.decode()


def test_a_time_stamp_authority_is_known_by_its_root() -> None:
    said = "[evidence]\ntimestamps_every_h = 12\n" + authority()
    evidence = parse(said, "site.toml").evidence
    assert evidence.timestamps_every_h == 12
    (listed,) = evidence.timestamps
    assert listed.ca == ROOT
    assert listed.authority.pem.decode() == ROOT


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (authority(name="a/b"), "evidence.timestamps.0 (a/b).name: must be a word of letters"),
        (authority(url="ftp://a"), "(time).url: must be an address that begins with http://"),
        (authority(ca="tsa.pem"), "(time).ca: must be the authority's root in PEM form: this is"),
        (authority(ca=ROOT + ROOT), "(time).ca: must be the authority's root in PEM form: this is"),
        (authority() + authority(), "must list each time-stamp authority once: time is there"),
        ("[evidence]\ntimestamps_every_h = 0\n", "evidence.timestamps_every_h: must be greater"),
        (
            "".join(authority(name=f"t{number}") for number in range(4)),
            "evidence.timestamps: must have at most 3",
        ),
    ],
)
def test_a_time_stamp_authority_that_could_not_be_believed_is_refused(
    said: str, expected: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(expected)):
        parse(said, "site.toml")
