"""The site's secrets as one command uses them: unsealed once, when first needed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import click

from standfast.config import sealed_in
from standfast.core.command import Runner
from standfast.core.errors import Refused, StandfastError
from standfast.core.files import write_atomically
from standfast.mechanisms.keys import identities
from standfast.mechanisms.keys.authority import CERTIFICATE
from standfast.mechanisms.keys.certificates import brought
from standfast.mechanisms.keys.certificates.account import ANCHOR
from standfast.mechanisms.keys.custody import ORIGIN
from standfast.mechanisms.keys.operators import disagreements
from standfast.mechanisms.keys.rotation import trusted
from standfast.mechanisms.keys.unsealed import Unsealed
from standfast.mechanisms.keys.vault import Contents, Place, Vault

KEPT_AT = "secrets-at"
"""In the site's folder: which sealed secrets this computer last used for it."""


@dataclass(slots=True, kw_only=True)
class Session:
    """`home` is where the site's state rests on this computer; `identity` what --identity said."""

    place: Place
    home: Path
    unsealed: Unsealed
    runner: Runner
    identity: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    _vault: Vault | None = field(default=None, repr=False)
    _sealed: bool = False
    _turn: Lock = field(default_factory=Lock, repr=False)

    @property
    def vault(self) -> Vault:
        """Opened now, if it was not. Raises what `age.unseal` does, and for a site without one."""
        with self._turn:
            if self._vault is None:
                if not self.place.sealed.exists():
                    raise self._not_there()
                self._vault = self._opened()
                self.unsealed.lay(self._vault)
                self._hand_down(self._vault)
            return self._vault

    def begin(self) -> Vault:
        """For a command that may change the site: opened, or begun with whoever runs it as the
        first operator."""
        if not self.place.sealed.exists() and self._vault is None and not self._moved_in():
            mine = identities.first_operator(self.identity, self.environment, self.runner)
            self._vault = Vault.begin(self.place, mine, self.runner)
        self.unsealed.lay(self.vault, alone=True)
        for line in self.disagreements:
            click.echo(f"standfast: {line}", err=True)
        return self.vault

    def found(self, contents: Contents) -> Vault:
        """For a site that comes back: begun with what its envelope held, and sealed at once."""
        if (elsewhere := self._elsewhere()) is not None:
            raise Refused(
                f"this computer has secrets of this site already: {elsewhere}",
                remedy="Recover it on another computer, or `standfast destroy` it here first.",
            )
        self._vault = Vault(place=self.place, runner=self.runner, contents=contents)
        self.save()
        return self._vault

    @property
    def disagreements(self) -> tuple[str, ...]:
        """Between the list that counts and the one for people, once both have been written."""
        if self.vault.saved is None:
            return ()
        listed = self.place.operators()
        return disagreements(self.vault.operators, listed, self.place.listed.name)

    def files(self) -> None:
        """See that the files lie there. Those of a command that is at work, or that was killed,
        will do: `heal` may run where nobody can be asked for a passphrase."""
        try:
            _ = self.vault
        except StandfastError:
            if not self.unsealed.left_over:
                raise
            with self._turn:
                self.unsealed.enter()

    def save(self) -> None:
        """Seal what has changed, before anything outside goes by it."""
        vault = self.vault
        self._sealed = vault.save() or self._sealed
        self.unsealed.lay(vault, alone=True)
        self._hand_down(vault)

    def gather(self) -> None:
        self.unsealed.gather(self.vault)

    def leave(self) -> None:
        """The end of the command. What others must have is told last, so that it is seen."""
        self._vault = None
        self.unsealed.leave()
        if self._sealed and self.place.sealed.exists() and self.place.sealed.parent != self.home:
            click.echo(
                f"standfast: {self.place.sealed.name} has changed; commit it, so that the other "
                "operators have it",
                err=True,
            )

    def _moved_in(self) -> bool:
        """Whether they were kept for a site without a file, and lie beside its file from now on."""
        elsewhere = self._elsewhere()
        if elsewhere is None:
            return False
        if elsewhere.parent != self.home:
            raise self._not_there()
        self.place.take(sealed_in(self.home))
        click.echo(
            f"standfast: the site's secrets are in {self.place.sealed} from now on", err=True
        )
        return True

    def _elsewhere(self) -> Path | None:
        """Where the secrets are that the site was last used with, if that is another file."""
        at = self.home / KEPT_AT
        known = [Path(at.read_text().rstrip("\n"))] if at.is_file() else []
        others = (path for path in (*known, sealed_in(self.home).sealed) if path.is_file())
        return next((path for path in others if path != self.place.sealed), None)

    def _not_there(self) -> StandfastError:
        elsewhere = self._elsewhere()
        if elsewhere is None or elsewhere.parent == self.home:
            return StandfastError(
                f"{self.place.sealed} is not there", remedy="Run `standfast up` first."
            )
        return StandfastError(
            f"{self.place.sealed} is not there; the site's secrets are in {elsewhere}",
            remedy="Use the site's file that lies beside them (--file), or copy it with them.",
        )

    def _opened(self) -> Vault:
        mine = identities.choose(self.identity, self.environment)
        return Vault.open(self.place, mine, self.runner)

    def _hand_down(self, vault: Vault) -> None:
        """What is public, to where commands and readers of this computer look for it."""
        self.home.mkdir(mode=0o755, parents=True, exist_ok=True)
        if self.place.sealed.exists():
            put_down(self.home / KEPT_AT, f"{self.place.sealed}\n".encode())
        if vault.get(CERTIFICATE):
            put_down(self.home / "ca.pem", vouching(vault))
        if vault.get(ORIGIN):
            put_down(self.home / "origin", vault.read(ORIGIN) + b"\n")


def vouching(vault: Vault) -> bytes:
    """Who vouches for what edges show: the site's own authority, and whoever signed what was
    brought."""
    issuing = (vault.get(ANCHOR) or "").encode()
    return trusted(vault) + brought.anchors(brought.every(vault)) + issuing


def put_down(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        write_atomically(path, content)
