"""Where a store lies and what opens it; no secret is ever an argument."""

import json
import subprocess
from pathlib import Path

import pytest
from pydantic import ValidationError

from standfast.core.errors import ConfigError
from standfast.mechanisms.backup.offsite import commands
from standfast.mechanisms.backup.offsite.commands import Access, SshFiles
from standfast.mechanisms.backup.offsite.places import (
    FETCH_UNIT,
    PAGE_SETTINGS,
    PAGE_TIMER,
    PAGE_UNIT,
    UPLOAD_UNIT,
)
from standfast.mechanisms.backup.offsite.plan import OffsiteAsk, calendar, plan
from standfast.mechanisms.backup.offsite.publish import PageSettings
from standfast.mechanisms.backup.offsite.settings import OffsiteSettings
from standfast.mechanisms.backup.offsite.snapshots import Source
from standfast.mechanisms.backup.offsite.store import FORMS, WORDS, Kind, Store, opening
from standfast.mechanisms.hosts.bundle import File

from .seen import NOW

SECRET = "a-secret-that-nobody-may-see"
LOCATIONS = {
    Kind.S3: "https://s3.example.test:9000/bucket/some/folder",
    Kind.AZURE: "account/container/folder",
    Kind.SFTP: "shop@store.example.test:2222/srv/shop",
    Kind.FOLDER: "/srv/shop",
}
PLACES = {
    Kind.S3: "s3:https://s3.example.test:9000/bucket/some/folder",
    Kind.AZURE: "azure:container:/folder",
    Kind.SFTP: "sftp:shop@store.example.test:/srv/shop",
    Kind.FOLDER: "/srv/shop",
}

every_kind = pytest.mark.parametrize("kind", Kind)


def access(kind: Kind) -> Access:
    return Access(
        store=Store(kind=kind, location=LOCATIONS[kind], region="eu-central-1"),
        words={group[0]: f"{SECRET}-{number}" for number, group in enumerate(WORDS[kind])},
        password=SECRET,
    )


@every_kind
def test_no_secret_is_an_argument_or_shown(kind: Kind) -> None:
    mine = access(kind)
    source = Source(copy="F", position="0/5000028", data_at=NOW)
    told = (
        commands.init(mine),
        commands.backup(mine, Path("/x"), machine="backup-1", tags=source.tags, taken_at="now"),
        commands.part(mine, Path("/x"), machine="backup-1"),
        commands.snapshots(mine),
        commands.opened(mine),
        commands.restore(mine, "1", Path("/x")),
        commands.check(mine, every_byte=True),
        commands.stats(mine),
        commands.unlock(mine),
        commands.forget(mine, ["1"]),
        commands.prune(mine),
    )
    for each in told:
        assert SECRET not in f"{each.argv} {each!r} {each}"
        assert each.environment
        assert each.environment["RESTIC_PASSWORD"] == SECRET
    assert SECRET not in repr(mine)


@every_kind
def test_each_kind_has_restics_own_words(kind: Kind) -> None:
    command = commands.init(access(kind))
    assert f"--repo={PLACES[kind]}" in command.argv


def test_s3_is_asked_by_path_and_signed_for_its_region() -> None:
    command = commands.init(access(Kind.S3))
    assert "--option=s3.bucket-lookup=path" in command.argv
    assert command.environment
    assert command.environment["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert command.environment["AWS_SECRET_ACCESS_KEY"] == f"{SECRET}-1"


def test_azure_gets_its_account_and_one_way_to_open_it() -> None:
    environment = commands.init(access(Kind.AZURE)).environment
    assert environment
    assert environment["AZURE_ACCOUNT_NAME"] == "account"
    assert environment["AZURE_ACCOUNT_SAS"] == f"{SECRET}-0"


def test_the_key_of_an_sftp_server_is_a_file_and_no_environment() -> None:
    environment = commands.init(access(Kind.SFTP)).environment
    assert environment
    assert set(environment) == {"RESTIC_PASSWORD", "TZ"}


def test_ssh_understands_its_words_and_speaks_to_known_hosts_alone() -> None:
    words = commands.ssh(access(Kind.SFTP).store, SshFiles())
    asked = [words[0], "-G", *words[1:-2]]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    settings = dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
    assert settings["port"] == "2222"
    assert settings["stricthostkeychecking"] in ("true", "yes")
    assert settings["userknownhostsfile"] == "/etc/standfast/offsite-known-hosts"
    assert settings["identityfile"] == "/etc/standfast/offsite-ssh.key"
    assert settings["batchmode"] == "yes"


def test_a_known_host_is_named_with_its_port_unless_it_is_the_usual_one() -> None:
    other = Store(kind=Kind.SFTP, location="shop@store.example.test:22/srv")
    assert commands.known_host(other, "ssh-ed25519 AAAA") == "store.example.test ssh-ed25519 AAAA\n"
    mine = commands.known_host(access(Kind.SFTP).store, "ssh-ed25519 AAAA")
    assert mine == "[store.example.test]:2222 ssh-ed25519 AAAA\n"


@every_kind
def test_a_store_arrives_on_the_machine_as_it_was_planned(kind: Kind) -> None:
    store = access(kind).store
    assert Store.from_json(store.to_json()) == store


@every_kind
def test_the_form_that_is_asked_for_is_one_that_is_taken(kind: Kind) -> None:
    host_key = "ssh-ed25519 AAAA" if kind is Kind.SFTP else ""
    OffsiteSettings(kind=kind, location=FORMS[kind], host_key=host_key)


@pytest.mark.parametrize(
    ("kind", "location"),
    [
        (Kind.S3, "s3.example.test/bucket/folder"),
        (Kind.S3, "https://s3.example.test/bucket"),
        (Kind.S3, "https://key:secret@s3.example.test/bucket/folder"),
        (Kind.S3, "https://s3.example.test/bucket/../other"),
        (Kind.AZURE, "container/folder"),
        (Kind.SFTP, "store.example.test/srv"),
        (Kind.SFTP, "-oProxyCommand=x@store.example.test:22/srv"),
        (Kind.FOLDER, "srv"),
        (Kind.FOLDER, "/srv/../etc"),
    ],
)
def test_another_form_is_refused(kind: Kind, location: str) -> None:
    host_key = "ssh-ed25519 AAAA" if kind is Kind.SFTP else ""
    with pytest.raises(ValidationError, match="must have a location like"):
        OffsiteSettings(kind=kind, location=location, host_key=host_key)


def test_an_sftp_server_without_its_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="host_key"):
        OffsiteSettings(kind=Kind.SFTP, location=LOCATIONS[Kind.SFTP])


def test_a_missing_word_is_named() -> None:
    with pytest.raises(ConfigError, match="AWS_SECRET_ACCESS_KEY"):
        opening(Kind.S3, {"AWS_ACCESS_KEY_ID": "x"})
    with pytest.raises(ConfigError, match="AZURE_ACCOUNT_SAS or AZURE_ACCOUNT_KEY"):
        opening(Kind.AZURE, {})


def test_words_that_nobody_asked_for_are_not_sent_to_machines() -> None:
    assert opening(Kind.FOLDER, {"AWS_ACCESS_KEY_ID": "x"}) == {}
    chosen = opening(Kind.AZURE, {"AZURE_ACCOUNT_KEY": "k", "AZURE_ACCOUNT_SAS": "s"})
    assert chosen == {"AZURE_ACCOUNT_SAS": "s"}, "what may do less goes first"


def test_what_opens_an_sftp_server_is_for_its_user_alone() -> None:
    settings = OffsiteSettings(
        kind=Kind.SFTP, location=LOCATIONS[Kind.SFTP], host_key="ssh-ed25519 AAAA"
    )
    ask = OffsiteAsk(settings=settings, words={"SSH_KEY": "PEM"}, password=SECRET)
    made = plan(0, 2, ask, source="/src")
    files = {each.path: each for each in made.files}
    key = files["/etc/standfast/offsite-ssh.key"]
    assert (key.content, key.mode, key.owner) == (b"PEM\n", 0o600, "standfast-backup")
    words = files["/etc/standfast/offsite-keys.json"]
    assert words.mode == 0o640
    assert json.loads(words.content)["RESTIC_PASSWORD"] == SECRET
    assert SECRET not in repr(ask)
    assert b"PEM" not in files["/etc/standfast/offsite.json"].content


def test_machines_take_turns_over_the_day() -> None:
    assert calendar(0, 2, "03:30") == "*-*-* 03:30:00 UTC"
    assert calendar(1, 2, "03:30") == "*-*-* 15:30:00 UTC"
    assert calendar(2, 3, "23:00") == "*-*-* 15:00:00 UTC"


def planned(kind: Kind = Kind.S3, **said: object) -> dict[str, File]:
    settings = OffsiteSettings(kind=kind, location=LOCATIONS[kind], **said)  # type: ignore[arg-type]
    words = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
    ask = OffsiteAsk(settings=settings, words=words, password=SECRET)
    return {each.path: each for each in plan(1, 2, ask, source="/src").files}


def test_the_page_is_published_unless_that_is_switched_off() -> None:
    made = planned()
    assert PageSettings.from_json(made[PAGE_SETTINGS].content) == PageSettings(
        position=1, monitors=()
    )
    assert b"OnCalendar=*-*-* *:01/5:00" in made[f"/etc/systemd/system/{PAGE_TIMER}"].content
    off = planned(page=False)
    assert not [path for path in off if "page" in path]


@pytest.mark.parametrize(
    ("name", "home"),
    [
        (PAGE_UNIT, "/var/lib/standfast-backup/offsite"),
        (UPLOAD_UNIT, "/var/lib/standfast-backup"),
        (FETCH_UNIT, "/var/lib/standfast-backup"),
    ],
)
def test_units_may_write_in_the_folder_of_a_store_that_is_one(name: str, home: str) -> None:
    """restic locks what it reads, too."""
    unit, inside = f"/etc/systemd/system/{name}", f"ReadWritePaths={home}"
    assert f"{inside}\n" in planned()[unit].content.decode()
    where = LOCATIONS[Kind.FOLDER]
    assert f"{inside} -{where}\n" in planned(Kind.FOLDER)[unit].content.decode()


@pytest.mark.parametrize(
    "url",
    ["http://store.example.test/", "https://store.example.test", 'https://a/"><script>', "//a/"],
)
def test_where_readers_find_the_page_is_an_https_address(url: str) -> None:
    with pytest.raises(ValidationError, match="page_url"):
        planned(page_url=url)


def test_an_address_of_a_page_that_is_not_published_is_refused() -> None:
    url = "https://store.example.test/shop/trust/index.html"
    assert planned(page_url=url)
    with pytest.raises(ValidationError, match="must have page = true for a page_url"):
        planned(page_url=url, page=False)


def test_sftp_is_told_the_host_and_the_options_that_restic_is_told() -> None:
    store = Store(kind=Kind.SFTP, location="shop@store.example.test:2222/snapshots")
    words = commands.sftp_words(store, SshFiles())
    assert words[-3:] == ("-P", "2222", "shop@store.example.test")
    assert words[:-3] == commands.ssh(store, SshFiles())[1 : len(words) - 2]
