"""From a monitor's real pages, over mutual TLS, into real stores, and read back as customers do."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from http.client import HTTPSConnection
from ipaddress import IPv4Address
from pathlib import Path
from ssl import create_default_context

import pytest
from click.testing import CliRunner

from standfast.cli import standfast
from standfast.core.clock import SystemClock
from standfast.core.command import Command, Result, SystemRunner
from standfast.core.errors import CommandFailed, StandfastError, Unreachable
from standfast.evidence.note import vkey
from standfast.mechanisms.backup.offsite.commands import PASSWORD, Access
from standfast.mechanisms.backup.offsite.machine import Files
from standfast.mechanisms.backup.offsite.page import names
from standfast.mechanisms.backup.offsite.page.elsewhere import Elsewhere, Item
from standfast.mechanisms.backup.offsite.page.opening import opened
from standfast.mechanisms.backup.offsite.page.sftp import Sftp
from standfast.mechanisms.backup.offsite.publish import Monitor as Shows
from standfast.mechanisms.backup.offsite.publish import PageSettings, publisher
from standfast.mechanisms.backup.offsite.repository import OffsiteRepository
from standfast.mechanisms.backup.offsite.store import Kind, Store
from standfast.mechanisms.hosts.local.names import Names
from standfast.mechanisms.hosts.local.store.permission import Holder
from standfast.mechanisms.hosts.local.store.rented import Rented
from standfast.mechanisms.hosts.local.store.serve import Store as Server
from standfast.mechanisms.hosts.local.store.serve import bucket_in
from standfast.mechanisms.hosts.machine import Folders
from standfast.mechanisms.hosts.tls import Identity
from standfast.mechanisms.keys.stranger import papers

from .stores import KEY, LOOPBACK, NOON, Monitor, Office, pages_of, running, static

SECRETS = {Holder.FIRST: "of-the-first-key", Holder.SECOND: "of-the-second-key"}
SFTP_SERVER = "/usr/lib/openssh/sftp-server"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDFAST_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A monitor whose pages are served, and a backup machine that may read them."""

    monitor: Monitor
    office: Office
    backup: Identity
    folder: Path
    port: int

    def publish(self, store: Store, words: dict[str, str], *, by: Identity | None = None) -> str:
        """As the unit does, from files."""
        files = Files(store=self.folder / "store.json", keys=self.folder / "keys.json")
        files.store.write_bytes(store.to_json())
        files.keys.write_text(json.dumps({**words, PASSWORD: "the-key"}))
        shows = Shows(name="monitor-1", address=LOOPBACK, port=self.port)
        settings = PageSettings(position=0, monitors=(shows,))
        memory = self.folder / "page.json"
        return publisher(settings, files, by or self.backup, memory, SystemClock()).turn()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    monitor, office = Monitor(tmp_path / "home"), Office.open(tmp_path / "office")
    monitor.grow(3, NOON)
    with pages_of(monitor, office.identity("monitor-1"), "backup-1") as port:
        yield Site(
            monitor=monitor,
            office=office,
            backup=office.identity("backup-1"),
            folder=tmp_path,
            port=port,
        )


def verified(address: str, authority: Path) -> tuple[int, str]:
    words = ("evidence", "verify", address, "--key", vkey(KEY), "--ca-file", str(authority))
    done = CliRunner().invoke(standfast, words, standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, done.stdout


@pytest.mark.parametrize("suffix", ["", "/", "/log", "/index.html"])
def test_a_copy_at_a_server_like_s3_verifies_by_any_address_of_it(site: Site, suffix: str) -> None:
    """It refuses what it does not have, as a bucket does that not everybody may list."""
    away = site.folder / "away"
    site.publish(Store(kind=Kind.FOLDER, location=str(away)), {})
    own = site.office.identity("store")
    with static(away, own) as url:
        status, said = verified(f"{url}/trust{suffix}", own.ca)
    assert status == 0
    assert "3 entries of example.localhost/trust/log" in said
    assert "Every entry is where it was signed to be" in said
    assert "page" in said


def test_a_changed_byte_in_the_copy_is_found(site: Site) -> None:
    away = site.folder / "away"
    site.publish(Store(kind=Kind.FOLDER, location=str(away)), {})
    tile = away / names.FOLDER / "log/tile/entries/000.p/3"
    content = bytearray(tile.read_bytes())
    content[40] ^= 1
    tile.write_bytes(content)
    own = site.office.identity("store")
    with static(away, own) as url:
        status, said = verified(f"{url}/trust", own.ca)
    assert status == 1
    assert "WRONG" in said


def test_only_a_backup_machine_of_the_site_is_shown_the_page(site: Site) -> None:
    store = Store(kind=Kind.FOLDER, location=str(site.folder / "away"))
    with pytest.raises(Unreachable, match=r"monitor-1: .* answered 403"):
        site.publish(store, {}, by=site.office.identity("web-1"))
    strangers = Office.open(site.folder / "strangers").identity("backup-1")
    with pytest.raises(Unreachable, match="no monitor shows its page"):
        site.publish(store, {}, by=strangers)
    assert not (site.folder / "away").exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """The store that is made here, and where it answers."""

    rented: Rented
    url: str

    @property
    def store(self) -> Store:
        return Store(
            kind=Kind.S3,
            location=f"{self.url}/standfast/shop",
            region="elsewhere",
            authority=str(self.rented.authority),
        )

    def words(self, holder: Holder = Holder.FIRST) -> dict[str, str]:
        return dict(self.rented.words(holder))

    def place(self, **words: str) -> Elsewhere:
        said = {**self.words(), **words}
        return opened(self.store, said, runner=SystemRunner(), clock=SystemClock())


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    folders = Folders(site="shop", state=tmp_path, cache=tmp_path, run=tmp_path)
    rented = Rented(
        folders=folders,
        names=Names(site="shop", home=folders.home),
        runner=SystemRunner(),
        clock=SystemClock(),
    )
    rented.make(SECRETS)
    rented.certify(papers("store.shop", IPv4Address(LOOPBACK), now=SystemClock().now()))
    server = Server((LOOPBACK, 0), bucket_in(rented.folder), rented.folder, SystemClock())
    with running(server):
        yield Here(rented=rented, url=f"https://{LOOPBACK}:{server.server_address[1]}")


def test_a_copy_in_the_store_of_a_site_made_here_verifies_without_a_key(
    site: Site, here: Here
) -> None:
    assert site.publish(here.store, here.words()) == ""
    later = NOON + timedelta(minutes=5)
    site.monitor.grow(2, later)
    site.publish(here.store, here.words())
    status, said = verified(f"{here.store.location}/trust", here.rented.authority)
    assert (status, "5 entries of" in said) == (0, True)


def test_restic_never_stumbles_over_the_page_beside_it(
    site: Site, here: Here, tmp_path: Path
) -> None:
    """Nor does the page over restic: what lies below its folder is all that is written there."""
    access = Access(store=here.store, words=here.words(), password="the-key", answer_limit_s=20)
    repository = OffsiteRepository(access=access, runner=SystemRunner())
    site.publish(here.store, here.words())
    repository.prepare()
    site.monitor.show(NOON + timedelta(minutes=5))
    site.publish(here.store, here.words())
    repository.check(every_byte=True)
    assert repository.snapshots() == ()
    assert (here.rented.folder / "objects/shop/trust/index.html").exists()
    second = replace(access, words=here.words(Holder.SECOND))
    OffsiteRepository(access=second, runner=SystemRunner()).prune()
    assert verified(f"{here.store.location}/trust", here.rented.authority)[0] == 0


def ask(here: Here, path: str) -> tuple[int, str]:
    """As a browser does: without a key."""
    context = create_default_context(cafile=here.rented.authority)
    line = HTTPSConnection(here.url.removeprefix("https://"), context=context, timeout=5)
    line.request("GET", f"/standfast/shop/{path}")
    answer = line.getresponse()
    answer.read()
    return answer.status, answer.headers["Content-Type"]


def test_everybody_reads_the_page_in_that_store_and_nothing_else(site: Site, here: Here) -> None:
    site.publish(here.store, here.words())
    here.place().send([])
    assert ask(here, "trust/index.html") == (200, "text/html; charset=utf-8")
    assert ask(here, "trust/log/checkpoint") == (200, "text/plain; charset=utf-8")
    for path in ("config", "keys/x", "trust", "trusty/x", "?list-type=2&prefix=shop/trust/"):
        assert ask(here, path)[0] == 403


def test_a_store_that_refuses_is_said_in_words_and_without_a_secret(here: Here) -> None:
    with pytest.raises(
        CommandFailed, match="refuses us: it answered 403 SignatureDoesNotMatch"
    ) as e:
        here.place(AWS_SECRET_ACCESS_KEY="another-secret").read(names.PAGE)
    assert "another-secret" not in e.value.words
    assert "`standfast backup offsite policy`" in e.value.words


def test_a_store_of_another_authority_or_none_is_not_spoken_to(here: Here, tmp_path: Path) -> None:
    other = Office.open(tmp_path / "other").identity("x").ca
    for authority in (str(other), ""):
        store = replace(here.store, authority=authority)
        place = opened(store, here.words(), runner=SystemRunner(), clock=SystemClock())
        with pytest.raises(CommandFailed, match="is not the one that is known"):
            place.read(names.PAGE)


def test_a_store_that_is_away_is_waited_for(here: Here) -> None:
    store = replace(here.store, location=f"https://{LOOPBACK}:1/standfast/shop")
    place = opened(store, here.words(), runner=SystemRunner(), clock=SystemClock())
    with pytest.raises(Unreachable, match="does not answer"):
        place.read(names.PAGE)


class WithoutNetwork:
    """Runs sftp(1) as it is told, but for the way to the server, which is started here as sshd
    starts it on the other side."""

    def run(self, command: Command, *, check: bool = True) -> Result:
        argv = (*command.argv[:4], "-D", SFTP_SERVER)
        assert argv[1:4] == ("-q", "-b", "-")
        return SystemRunner().run(replace(command, argv=argv), check=check)


def by_sftp(folder: Path) -> Elsewhere:
    store = Store(kind=Kind.SFTP, location=f"shop@store.example.test:22{folder}")
    return Sftp(store=store, runner=WithoutNetwork())


def in_folder(folder: Path) -> Elsewhere:
    store = Store(kind=Kind.FOLDER, location=str(folder))
    return opened(store, {}, runner=SystemRunner(), clock=SystemClock())


@pytest.mark.parametrize("place_in", [by_sftp, in_folder])
def test_every_place_keeps_the_same_contract(
    place_in: Callable[[Path], Elsewhere], tmp_path: Path
) -> None:
    place = place_in(tmp_path / "away" / "shop")
    keeps_the_contract(place)
    lying = sorted(each.name for each in (tmp_path / "away").rglob("*") if each.is_file())
    assert lying == ["checkpoint", "index.html"], "no unfinished file stays"


def test_so_does_the_store_that_is_made_here(here: Here) -> None:
    keeps_the_contract(here.place())


def keeps_the_contract(place: Elsewhere) -> None:
    tile = "log/tile/entries/000.p/3"
    assert place.read(names.PAGE) is None
    place.send([])
    place.send([Item(name=tile, content=bytes(range(256))), Item(name=names.PAGE, content=b"one")])
    place.send([Item(name=names.PAGE, content=b"two"), Item(name=names.CHECKPOINT, content=b"c")])
    assert place.read(tile) == bytes(range(256))
    assert (place.read(names.PAGE), place.read(names.CHECKPOINT)) == (b"two", b"c")
    place.remove([tile, "log/tile/0/000.p/3"])
    assert place.read(tile) is None


def test_a_folder_and_an_sftp_server_that_refuse_say_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"no folder")
    for place in (by_sftp(tmp_path / "file"), in_folder(tmp_path / "file")):
        assert place.read(names.PAGE) is None
        with pytest.raises(StandfastError):
            place.send([Item(name=names.PAGE, content=b"one")])
