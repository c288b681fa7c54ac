"""What a lost site brings along, how it is led to, and what a rehearsal of it may not see. Pure."""

import json
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from standfast.config import judge
from standfast.core.errors import ConfigError, Refused
from standfast.mechanisms.keys.custody import LOG_KEY
from standfast.mechanisms.keys.envelope.contents import Content
from standfast.mechanisms.keys.operators import Operator
from standfast.mechanisms.recovery.lose_site import brought, naming, planted, rehearsed
from standfast.mechanisms.recovery.lose_site.asked import Asked
from standfast.mechanisms.recovery.lose_site.brought import Underway
from standfast.mechanisms.recovery.lose_site.pace import Pace
from standfast.mechanisms.recovery.lose_site.rehearsed import Walls, mounts, still_there
from standfast.mechanisms.recovery.lose_site.settings import DnsSettings, Way

ANNA = Operator(name="anna", key="age1anna")
SECRETS = {
    LOG_KEY: "the log's",
    "offsite/AWS_ACCESS_KEY_ID": "who",
    "offsite/AWS_SECRET_ACCESS_KEY": "now",
    "drawn/offsite_secret": "of the repository",
}
CONTENT = Content(
    site="shop",
    written_at="2026-11-29T06:00:00.000Z",
    settings='name = "shop"\n',
    operators=(ANNA,),
    secrets=SECRETS,
    log_key="shop.example.com/trust/log+1+key",
    versions={},
)
UNDERWAY = Underway(
    run="aa", snapshot="aabbcc", data_at="t", entries=7, root="ff", begun="2026-11-29T06:00:00.000Z"
)
EDGES = ("192.0.2.7", "192.0.2.8")


def test_the_operators_of_the_site_can_open_it_and_so_can_whoever_brings_it_back() -> None:
    mine = Operator(name="ben", key="age1ben")
    made = brought.contents(CONTENT, mine)
    assert made.operators == (ANNA, mine)
    assert made.kept == SECRETS
    assert brought.contents(CONTENT, ANNA).operators == (ANNA,)


def test_two_of_one_name_are_told_apart() -> None:
    made = brought.contents(CONTENT, Operator(name="anna", key="age1another"))
    assert [each.name for each in made.operators] == ["anna", "anna-recovering"]


def test_an_envelope_of_another_site_is_refused() -> None:
    brought.must_be_of(CONTENT, "shop", "file")
    with pytest.raises(ConfigError, match="envelope of shop, and the file describes other"):
        brought.must_be_of(CONTENT, "other", "file")


def test_secrets_of_another_site_beside_the_file_are_not_overwritten() -> None:
    brought.must_be_the_same_site("the log's", CONTENT, "secrets.age")
    with pytest.raises(Refused, match="would be lost"):
        brought.must_be_the_same_site("another's", CONTENT, "secrets.age")


def test_what_was_begun_goes_on_and_what_is_whole_is_left_alone() -> None:
    noted = UNDERWAY.to_json()
    assert brought.goes_on(noted, "shop", None) == UNDERWAY
    assert brought.goes_on(noted, "shop", "aabb") == UNDERWAY
    with pytest.raises(Refused, match="from snapshot aabbcc is under way"):
        brought.goes_on(noted, "shop", "dd")
    with pytest.raises(Refused, match="is here already"):
        brought.goes_on(None, "shop", None)


def test_a_stale_envelope_has_the_store_s_key_of_before_and_all_else_as_it_is() -> None:
    old = planted.stale(SECRETS)
    assert {name for name in SECRETS if old[name] != SECRETS[name]} == {
        "offsite/AWS_SECRET_ACCESS_KEY"
    }
    folder = {name: text for name, text in SECRETS.items() if not name.startswith("offsite/")}
    assert planted.stale(folder)["drawn/offsite_secret"] == planted.STALE


def test_an_update_replaces_what_there_was_of_every_name_at_once() -> None:
    settings = DnsSettings(
        way=Way.UPDATE, server="192.0.2.53:5353", zone="example.com", key_file="/root/key"
    )
    (command,) = naming.commands(settings, ("example.com", "www.example.com"), EDGES)
    assert command.argv[:2] == ("/usr/bin/nsupdate", "-t")
    assert command.stdin.decode().splitlines() == [
        "server 192.0.2.53 5353",
        "zone example.com.",
        *(f"update delete example.com. {kind}" for kind in ("A", "AAAA", "CNAME")),
        *(f"update add example.com. 60 A {each}" for each in EDGES),
        *(f"update delete www.example.com. {kind}" for kind in ("A", "AAAA", "CNAME")),
        *(f"update add www.example.com. 60 A {each}" for each in EDGES),
        "send",
    ]


def test_a_program_is_told_each_name_and_where_it_leads() -> None:
    settings = DnsSettings(way=Way.COMMAND, command=("set", "{name}", "--to={addresses}"))
    made = naming.commands(settings, ("a.example", "b.example"), EDGES)
    assert [each.argv for each in made] == [
        ("set", "a.example", "--to=192.0.2.7,192.0.2.8"),
        ("set", "b.example", "--to=192.0.2.7,192.0.2.8"),
    ]


def test_a_person_is_told_what_to_enter() -> None:
    assert not list(naming.commands(DnsSettings(), ("a.example",), EDGES))
    assert "  a.example  A  192.0.2.7, 192.0.2.8" in naming.instructions(["a.example"], EDGES)


@pytest.mark.parametrize(
    ("found", "leads"),
    [((), False), (EDGES, True), (EDGES[:1], True), ((*EDGES, "198.51.100.1"), False)],
)
def test_a_name_leads_here_when_it_leads_nowhere_else(found: tuple[str, ...], leads: bool) -> None:
    assert naming.leads_here(found, EDGES) is leads


@pytest.mark.parametrize("given", [{"way": "rfc2136"}, {"way": "command"}])
def test_a_way_without_what_it_takes_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="must name"):
        DnsSettings.model_validate(given)


def test_bytes_rate_and_what_is_left_are_said() -> None:
    pace = Pace(whole=4_000_000)
    assert pace.words("receiving") == "receiving … 0 bytes of 4.0 MB"
    pace.seen(10.0, 0)
    pace.seen(12.0, 1_000_000)
    assert pace.words("receiving") == "receiving … 1.0 MB of 4.0 MB, 500.0 kB/s, 6 s left"
    pace.seen(18.0, 4_000_000)
    assert pace.words("receiving") == "receiving … 4.0 MB of 4.0 MB, 500.0 kB/s"


BEFORE = {
    "name": "shop",
    "port": 8443,
    "names": ["shop.example.com"],
    "machines": [{"name": "old", "roles": ["edge"]}],
    "drills": {"windows": ["mon 02:00-03:00"]},
    "service": {
        "name": "shop",
        "source": ".",
        "web": ["run", 'with "quotes"\x7f'],
        "environment": {"A B": "ü\n"},
        "canary": {
            "account": ["enter"],
            "sign_in": {"method": "POST", "path": "/in"},
            "read": [{"method": "GET", "path": "/"}],
            "write": {"method": "PUT", "path": "/{id}", "json": {"n": 1, "yes": True}},
            "find": {"method": "GET", "path": "/?{run}"},
        },
    },
}


def test_the_new_site_is_small_and_serves_the_same_under_the_same_name(tmp_path: Path) -> None:
    text = rehearsed.file_of(BEFORE, name="drill-aa", port=4711, source=tmp_path, known_as="x")
    said = tomllib.loads(text)
    assert said["service"] == {**BEFORE["service"], "source": str(tmp_path)}  # type: ignore[dict-item]
    assert said["names"] == ["shop.example.com"]
    assert "drills" not in said
    settings = judge(said, "new.toml")
    assert (settings.name, settings.port, len(settings.machines)) == ("drill-aa", 4711, 3)


def test_a_site_without_a_name_has_one_for_the_rehearsal(tmp_path: Path) -> None:
    text = rehearsed.file_of(
        {}, name="drill-aa", port=4711, source=tmp_path, known_as="shop.example.com"
    )
    settings = judge(tomllib.loads(text), "new.toml")
    assert settings.names == ("shop.example.com",)
    assert settings.dns is not None
    assert settings.dns.way is Way.COMMAND


def walls(tmp_path: Path) -> Walls:
    state, own = tmp_path / "state", tmp_path / "state" / "sites" / "shop" / "rehearsal"
    return Walls(
        over={state: own / "state", tmp_path / "netns": own / "netns"},
        fresh=(tmp_path / "run", tmp_path / "absent"),
        blank=(tmp_path / "key", tmp_path / "no-key"),
        stays=(tmp_path / "netns" / "store",),
    )


def test_what_stays_is_fetched_first_and_what_holds_the_rehearsal_is_hidden_last(
    tmp_path: Path,
) -> None:
    made = walls(tmp_path)
    there = [*made.over, tmp_path / "run", tmp_path / "key"]
    done = [each.argv for each in mounts(made, there)]
    own = tmp_path / "state" / "sites" / "shop" / "rehearsal"
    assert done[0] == (
        *("mount", "--rbind", str(tmp_path / "netns" / "store")),
        str(own / "netns" / "store"),
    )
    assert done[-1] == ("mount", "--rbind", str(own / "state"), str(tmp_path / "state"))
    assert ("mount", "--bind", "/dev/null", str(tmp_path / "key")) in done
    assert not any(
        str(tmp_path / "no-key") in each or str(tmp_path / "absent") in each for each in done
    )


def test_what_can_be_opened_is_still_there(tmp_path: Path) -> None:
    (tmp_path / "secrets.age").write_text("secret")
    gone = (tmp_path / "secrets.age", tmp_path / "missing", Path("/dev/null"))
    assert still_there(gone) == (tmp_path / "secrets.age",)


def test_what_is_asked_behind_the_walls_arrives_as_it_was_and_shows_no_secret(
    tmp_path: Path,
) -> None:
    asked = Asked(
        walls=walls(tmp_path),
        gone=(tmp_path / "home",),
        file=tmp_path / "new.toml",
        envelope=tmp_path / "lost.envelope",
        ca_file=tmp_path / "ca.pem",
        passphrase="of-the-envelope",
        password="of-the-customer",
    )
    assert Asked.from_json(asked.to_json()) == asked
    assert "of-the-" not in repr(asked)
    assert json.loads(asked.to_json())["gone"] == [str(tmp_path / "home")]
