"""What the drill `lose-site` needs of another place: one is made beside the site, behind walls, and
the site comes back there. How it is walled off: mechanisms/recovery/lose_site/rehearsed.py.
"""

import json
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Timer
from typing import Any

from standfast.cli import envelope_state
from standfast.cli.app import App
from standfast.cli.at_vantage import OURS
from standfast.cli.envelope import wanted
from standfast.cli.progress import Progress
from standfast.core.command import Command, start
from standfast.core.errors import CannotVerify, Refused
from standfast.core.files import write_atomically
from standfast.core.units import parse_stamp
from standfast.mechanisms.hosts.local import document
from standfast.mechanisms.hosts.local.cgroup import Group
from standfast.mechanisms.hosts.local.names import namespace_path
from standfast.mechanisms.hosts.local.needs import Wanted
from standfast.mechanisms.hosts.local.place import OURS as GROUPS
from standfast.mechanisms.hosts.local.refusal import first_missing
from standfast.mechanisms.hosts.local.survey import survey
from standfast.mechanisms.hosts.memory import SHARED
from standfast.mechanisms.keys import custody, identities
from standfast.mechanisms.keys.envelope import form, passphrase
from standfast.mechanisms.keys.envelope.contents import Content
from standfast.mechanisms.keys.envelope.staleness import State
from standfast.mechanisms.recovery.lose_site import planted, rehearsed
from standfast.mechanisms.recovery.lose_site.asked import Asked
from standfast.mechanisms.recovery.lose_site.rehearsed import ENTER, MACHINES, Walls
from standfast.proofs.drills.ground import Returned

FOLDER = "rehearsal"
"""In the site's folder: all that a rehearsal leaves on a disk, until it has ended."""

LIMIT_S = 3000.0
LAST_WORDS = 600

OWN: Mapping[State, str] = {
    State.CURRENT: "holds what the site has now",
    State.STALE: "is from before some key changed",
    State.NEVER: "was never written",
    State.UNKNOWN: "is not known here",
}
"""How the envelope stands that the operators keep, for everybody to read."""

NAMES = Path("/run/netns")
"""Where network namespaces have their names (ip-netns(8))."""

SYSTEMD = (Path("/run/systemd/system"), Path("/run/systemd/nspawn"))
"""Behind the walls no systemd answers: what it started would run before them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """`run` is the drill's random number. `stale`: with an envelope from before the store's key
    changed, as the planted fault has it."""

    app: App
    progress: Progress
    run: str
    stale: bool = False

    def must_be_possible(self) -> None:
        if not self.app.site.made_here or self.app.site.offsite is None:
            raise Refused("only a site that is made here, with a store off site, is tried so")
        refused = first_missing(self._needs, survey(self._needs))
        if refused is not None:
            raise refused
        wanted(self.app, self.app.clock.now())

    def rehearse(self) -> Returned:
        """The envelope is written before the site is taken for lost, as it must be."""
        forget(self.app)
        asked = self._made_ready()
        lost_at = self.app.clock.now()
        try:
            ended = self._behind_walls(asked)
        finally:
            forget(self.app)
        return replace(returned(ended, lost_at), envelope=self._own_envelope)

    @property
    def folder(self) -> Path:
        return folder_of(self.app)

    @property
    def name(self) -> str:
        return rehearsed.name_of(self.run)

    @property
    def _needs(self) -> Wanted:
        """As for a site that is brought up here for the first time, all of it on one disk."""
        folders = self.app.site.folders
        return Wanted(
            site=self.name,
            machines=tuple(MACHINES),
            port=free_port(),
            folders=replace(folders, cache=folders.state),
            suites=(self.app.site.suite,),
            mirrored=False,
            images=1,
        )

    @property
    def _own_envelope(self) -> str:
        return OWN[envelope_state.of_site(self.app).state]

    def _made_ready(self) -> Asked:
        app, walls = self.app, self._walls()
        self.folder.mkdir(mode=0o700, parents=True)
        for own in (*walls.over.values(), *(walls.own(each) for each in walls.stays)):
            own.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        for hidden, own in walls.over.items():
            made_like(own, hidden)
        for each in walls.stays:
            made_like(walls.own(each), each)
        (self.folder / "hosts").write_bytes(Path(rehearsed.HOSTS).read_bytes())
        write_atomically(self.folder / "name", self.name.encode())
        site, phrase = self._content(), passphrase.draw()
        sealed = form.seal(site.to_json(), phrase, site=site.site, written_at=site.written_at)
        brought = walls.over[app.site.folders.state]
        before = document.parse(site.settings.encode(), "the envelope's standfast.toml")
        text = rehearsed.file_of(
            before,
            name=self.name,
            port=free_port(),
            source=app.site.source,
            known_as=f"{app.site.name}.example.com",
        )
        for name, content in (
            ("new.toml", text.encode()),
            ("lost.envelope", sealed),
            ("customer.pem", (app.site.folders.home / "ca.pem").read_bytes()),
        ):
            write_atomically(brought / name, content, mode=0o600)
        there = app.site.folders.state
        return Asked(
            walls=walls,
            gone=self._gone(),
            file=there / "new.toml",
            envelope=there / "lost.envelope",
            ca_file=there / "customer.pem",
            passphrase=phrase,
            password=custody.ensure(app.keys.vault).canary_password,
        )

    def _content(self) -> Content:
        content = wanted(self.app, self.app.clock.now())
        return replace(content, secrets=planted.stale(content.secrets)) if self.stale else content

    def _walls(self) -> Walls:
        app, folders = self.app, self.app.site.folders
        names = (app.site.local_names.store,) if app.site.store_here else ()
        own_python = Path(sys.prefix)
        return Walls(
            over={
                folders.state: self.folder / "state",
                folders.cache: self.folder / "cache",
                NAMES: self.folder / "netns",
                Path(rehearsed.HOSTS): self.folder / "hosts",
            },
            fresh=(folders.run, SHARED, *SYSTEMD),
            blank=self._personal,
            stays=(
                *(Path(namespace_path(each)) for each in names),
                *((own_python,) if own_python.is_relative_to(folders.cache) else ()),
            ),
        )

    @property
    def _personal(self) -> tuple[Path, ...]:
        """What an operator has of the site: its file, its secrets, and the keys that open them."""
        site, session = self.app.site, self.app.keys
        named = identities.choose(session.identity, session.environment)
        keys = (each.path for each in (*named, *identities.choose(None, {})))
        files = (self.app.file or Path(document.FILE), site.sealed.sealed, site.sealed.listed)
        return tuple(dict.fromkeys(each.resolve() for each in (*files, *keys) if each is not None))

    def _gone(self) -> tuple[Path, ...]:
        site = self.app.site
        machines = (site.local_names.machine_namespace(each.name) for each in site.machines)
        return (
            site.folders.home,
            site.folders.secrets,
            site.folders.sockets,
            self.app.here.image.folder,
            site.folders.cache / "releases",
            *(Path(namespace_path(each)) for each in machines),
            *(each for each in self._personal if each.exists()),
        )

    def _behind_walls(self, asked: Asked) -> Mapping[str, Any]:
        words = (sys.executable, "-c", "from standfast.cli import main; main()")
        environment = {
            **OURS,
            identities.VARIABLE: "",
            "XDG_CONFIG_HOME": str(self.app.site.folders.state / "person"),
            "SUDO_USER": "",
        }
        argv = (*ENTER, *words, "recover", "rehearse")
        command = Command(argv=argv, environment=environment)
        with (self.folder / "said").open("wb") as said:
            process = start(command, stderr=said)
        assert process.stdin is not None
        assert process.stdout is not None
        watch = Timer(LIMIT_S, process.kill)
        watch.start()
        ended: Mapping[str, Any] = {}
        try:
            with process.stdin as pipe:
                pipe.write(asked.to_json())
            for each in map(json.loads, process.stdout):
                if "tell" in each:
                    self.progress.tell(*each["tell"])
                else:
                    ended = each
            process.wait()
        finally:
            watch.cancel()
            process.kill()
        if not ended:
            last = (self.folder / "said").read_text(errors="replace").strip()[-LAST_WORDS:]
            raise CannotVerify(f"the rehearsal ended without a word: {last or 'it said nothing'}")
        return ended


def returned(ended: Mapping[str, Any], lost_at: datetime) -> Returned:
    """Of what was said at the end."""
    if "problem" in ended:
        return Returned(lost_at=lost_at, problem=ended["problem"])
    said = ended["ended"]
    answer, newest = said["answer"], said["answer"]["newest_change_at"]
    return Returned(
        lost_at=lost_at,
        signed_in_at=parse_stamp(said["signed_in"]["at"]),
        newest=parse_stamp(newest) if newest else None,
        snapshot=answer["snapshot"],
        name=said["name"],
        addresses=tuple(said["signed_in"]["addresses"]),
        entries=answer["log"]["entries"],
        root=answer["log"]["root"],
        gone=tuple(said["gone"]),
        seconds=answer["seconds"],
    )


def folder_of(app: App) -> Path:
    return app.site.folders.home / FOLDER


def forget(app: App) -> None:
    """What a rehearsal has left, also one that was killed: its processes have ended with it, or end
    now. Safe to repeat."""
    folder = folder_of(app)
    named = folder / "name"
    if named.is_file():
        group = Group(path=f"{GROUPS}/{named.read_text()}")
        group.kill()
        group.wait_until_empty(app.clock)
        group.remove()
    if folder.exists():
        shutil.rmtree(folder)


def made_like(own: Path, place: Path) -> None:
    """Something of its kind, to lay over it or to have it laid there."""
    if place.is_dir():
        own.mkdir(exist_ok=True)
    else:
        own.touch()


def free_port() -> int:
    """Of this computer's loopback, at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
