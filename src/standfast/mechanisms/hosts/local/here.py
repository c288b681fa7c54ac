"""A site's machines, made on this computer.

Everything is looked for before it is made, so a run that was killed is finished by the next. After
`prepare` and `power_on` nothing above knows where the machines stand.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from standfast.core.clock import Clock
from standfast.core.command import Command, Runner
from standfast.core.errors import Refused
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.local import addresses, image, network
from standfast.mechanisms.hosts.local.builder import Builder
from standfast.mechanisms.hosts.local.container import IMAGE, Container
from standfast.mechanisms.hosts.local.image import Image, suite_of
from standfast.mechanisms.hosts.local.mounted import MOUNTS, below
from standfast.mechanisms.hosts.local.names import Names, inside
from standfast.mechanisms.hosts.local.place import forget_site
from standfast.mechanisms.hosts.local.published import Published
from standfast.mechanisms.hosts.local.store.rented import Rented
from standfast.mechanisms.hosts.local.volume import Volume
from standfast.mechanisms.hosts.machine import Folders, Machine, Reach, Role

LEFT_S = 2.0
"""For what was asked of an edge before visitors were led elsewhere."""


def must_fit(name: str, root: Path, wanted: Image) -> None:
    """Refuse a machine whose disk lies over another system than the file says, or over none."""
    if root == wanted.root:
        return
    if not root.is_dir():
        raise Refused(
            f"the image on which {name} was made is gone: {root}",
            remedy="Its disk cannot be read without it. Put the cache back, or give the machine "
            "another name in the file: then it is made anew.",
        )
    if suite_of(root) != wanted.suite:
        raise Refused(
            f"{name} was made of Debian {suite_of(root)}, and the file says {wanted.suite}",
            remedy="Set `suite` back, or give the machine another name: then it is made anew.",
        )


def reach(folders: Folders, names: Names, address: str) -> Reach:
    """SSH from inside the site's namespace, by keys that belong to the site alone."""
    return Reach(
        host=address,
        through=inside(names.namespace),
        options=(
            f"IdentityFile={folders.secrets / 'operator_key'}",
            "IdentitiesOnly=yes",
            f"UserKnownHostsFile={folders.home / 'known_hosts'}",
            "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=yes",
            "Ciphers=aes256-gcm@openssh.com,aes128-gcm@openssh.com",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """`image`: what the site's machines are made of, and its releases in. `suites`: of the machines
    that are of another suite, by name. `mirrored`: those that are made with a mirrored volume, each
    of its disks of `disk_bytes`."""

    machines: tuple[Machine, ...]
    data: Mapping[str, tuple[str, ...]]
    folders: Folders
    names: Names
    image: Image
    suites: Mapping[str, str]
    mirrored: frozenset[str]
    disk_bytes: int
    runner: Runner
    clock: Clock

    def prepare(self, tell: Callable[[str], None]) -> None:
        """Image, keys, networks and disks: all but power."""
        for machine in self.machines:
            must_fit(machine.name, self._root_below(machine.name), self.image_of(machine.name))
        for each in self.images:
            image.ensure(each, self.runner, tell)
        self.folders.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.make_keys()
        addresses.note(self.folders.home, {each.name: each.address for each in self.machines})
        self.retire(tell)
        network.make_site(self.names, self.runner)
        for machine in self.machines:
            self._make(machine)
        self._write_known_hosts()

    def make_keys(self) -> None:
        """Those by which the operator and the machines know each other, if they are missing."""
        host_keys = self.folders.secrets / "host_keys"
        host_keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.key(self.folders.secrets / "operator_key", "operator")
        for machine in self.machines:
            self.key(host_keys / machine.name, machine.name)

    def retire(self, tell: Callable[[str], None]) -> None:
        """Power off, in good order, what the file no longer names. Its disk stays until `destroy`,
        and it is itself again when the file names it again."""
        named = {machine.name for machine in self.machines}
        gone = [name for name in self._names_of_all() if name not in named]
        retiring = [each for each in map(self._leftover, gone) if each.is_on()]
        staying = [
            each
            for each in self.machines
            if each.is_a(Role.EDGE) and self.container(each.name).is_on()
        ]
        if retiring and staying:
            self.published.lead_to(staying)
            self.clock.sleep(LEFT_S)
        for container in retiring:
            tell(f"powering off {container.machine.name}, which the file no longer names")
            container.ask_to_power_off()
        for container in retiring:
            container.power_off()

    def power_on(self) -> None:
        for machine in self.machines:
            self.container(machine.name).power_on()

    @property
    def images(self) -> tuple[Image, ...]:
        """What the machines that are not made yet will stand on, one for each suite."""
        new = (each.name for each in self.machines if not self._below(each.name).exists())
        return tuple(dict.fromkeys(self.image_of(name) for name in new))

    def image_of(self, name: str) -> Image:
        return replace(self.image, suite=self.suites.get(name, self.image.suite))

    def programs(self, name: str, folder: str, tell: Callable[[str], None]) -> Path:
        """`folder` of the newest image: what machines of older ones have no way to fetch."""
        image.ensure(self.image_of(name), self.runner, tell)
        return self.image_of(name).root / folder.lstrip("/")

    def _below(self, name: str) -> Path:
        return self.names.folder(name) / IMAGE

    def _root_below(self, name: str) -> Path:
        """A machine stays on the image on which it was made."""
        noted = self._below(name)
        return Path(noted.read_text()) if noted.exists() else self.image_of(name).root

    def container(self, name: str) -> Container:
        return self._container(next(each for each in self.machines if each.name == name))

    def _container(self, machine: Machine) -> Container:
        return Container(
            machine=machine,
            names=self.names,
            image=self._root_below(machine.name),
            data=self.data.get(machine.name, ()),
            volume=self._volume(machine.name),
            runner=self.runner,
            clock=self.clock,
        )

    def _volume(self, name: str) -> Volume | None:
        """A machine keeps the disks with which it was made, and gets no others."""
        volume = Volume(
            folder=self.names.folder(name),
            size_bytes=self.disk_bytes,
            runner=self.runner,
            clock=self.clock,
        )
        is_new = name in self.mirrored and not self._below(name).exists()
        return volume if volume.is_begun or is_new else None

    def builder(self, tell: Callable[[str], None]) -> Builder:
        """On the base image, which is made now if no machine here has needed it before."""
        image.ensure(self.image, self.runner, tell)
        return self._builder()

    def _builder(self) -> Builder:
        scratch = self.folders.cache / f"builder-{self.folders.site}"
        return Builder(base=self.image.root, runner=self.runner, scratch=scratch)

    @property
    def store(self) -> Rented:
        """Off site. Who names another one in the file never makes it."""
        return Rented(folders=self.folders, names=self.names, runner=self.runner, clock=self.clock)

    @property
    def published(self) -> Published:
        return Published(
            folders=self.folders, names=self.names, runner=self.runner, clock=self.clock
        )

    def down(self) -> None:
        """Power off in good order. Disks stay; so does all data."""
        self.published.stop()
        for machine in self.machines:
            self.container(machine.name).ask_to_power_off()
        for machine in self.machines:
            self.container(machine.name).power_off()
        self.store.stop()
        for namespace in network.of_site(self.names):
            network.remove(namespace, self.runner)

    def must_be_ours_alone(self) -> None:
        """Raises `Refused` where a disk of somebody's is mounted among what `destroy` deletes."""
        home = self.folders.home
        machines = [self._leftover(name) for name in self._names_of_all()]
        own = {place for each in machines for place in (each.root, each.disk)}
        for path in below(MOUNTS.read_text(), home):
            if path not in own:
                raise Refused(
                    f"{path} is a disk of its own, and everything on it would be deleted",
                    remedy=f"umount {path}, then again. Nothing was touched.",
                )

    def destroy(self) -> None:
        """Nothing is left but the image cache."""
        self.published.stop()
        self.store.stop()
        self._builder().clear()
        for name in self._names_of_all():
            self._leftover(name).destroy()
        for namespace in network.of_site(self.names):
            network.remove(namespace, self.runner)
        memory = self.folders.secrets.parent
        for folder in (self.folders.home, self.folders.sockets, memory):
            if folder.exists():
                shutil.rmtree(folder)
        forget_site(self.folders.site)
        above = (self.folders.home.parent, self.folders.state, self.folders.run, memory.parent)
        for parent in above:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()

    def key(self, path: Path, comment: str) -> None:
        if not path.exists():
            words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path))
            self.runner.run(Command(argv=words))

    def _make(self, machine: Machine) -> None:
        path = self.folders.secrets / "host_keys" / machine.name
        self.container(machine.name).make(
            host_key=path.read_bytes(),
            host_key_public=path.with_suffix(".pub").read_bytes(),
            authorized=(self.folders.secrets / "operator_key.pub").read_bytes(),
        )

    def _write_known_hosts(self) -> None:
        keys = self.folders.secrets / "host_keys"
        lines = "".join(
            f"{machine.address} {' '.join(public.read_text().split()[:2])}\n"
            for machine in self.machines
            for public in (keys / f"{machine.name}.pub",)
        )
        write_atomically(self.folders.home / "known_hosts", lines.encode())

    def _names_of_all(self) -> tuple[str, ...]:
        """Those of the file, and those that an earlier file named."""
        folder = self.folders.home / "machines"
        found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        return tuple(sorted(found | {machine.name for machine in self.machines}))

    def _leftover(self, name: str) -> Container:
        """The machine of that name, or one that only its folder still knows."""
        nobody = Machine(
            name=name,
            roles=frozenset(),
            address=self.machines[0].address,
            reach=Reach(host=""),
        )
        known = (machine for machine in self.machines if machine.name == name)
        return self._container(next(known, nobody))
