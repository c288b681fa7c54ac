"""Which private key opens the secrets: the one that is named, or those where people keep them.

A job without a home is given its key by the environment: STANDFAST_IDENTITY holds the name of a
file, or the key itself.
"""

import pwd
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from standfast.core.command import Command, Runner
from standfast.core.errors import ConfigError
from standfast.mechanisms.keys.operators import NAME, Operator, key_of

VARIABLE = "STANDFAST_IDENTITY"
OWN = Path("standfast") / "identity"
SSH = ("id_ed25519", "id_rsa")
KEY_ITSELF = ("AGE-SECRET-KEY-", "-----BEGIN ", "# created:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A file, or the `words` of a key that lies in none."""

    path: Path | None = None
    words: str = field(default="", repr=False)

    @property
    def argument(self) -> str:
        return "-" if self.path is None else str(self.path)

    def __str__(self) -> str:
        return VARIABLE if self.path is None else str(self.path)


def named_by(given: str) -> Identity:
    if given.lstrip().startswith(KEY_ITSELF):
        return Identity(words=given.strip() + "\n")
    path = Path(given).expanduser()
    if not path.is_file():
        raise ConfigError(
            f"{path} is not there, and should hold the key that opens the secrets",
            remedy=f"Name a file with --identity or {VARIABLE}.",
        )
    return Identity(path=path)


def own(environment: Mapping[str, str]) -> Path:
    """Where this user's own key lies, or would."""
    config = environment.get("XDG_CONFIG_HOME")
    return (Path(config) if config else Path.home() / ".config") / OWN


def choose(given: str | None, environment: Mapping[str, str]) -> tuple[Identity, ...]:
    """What is named is the only one; else all that are found, also those of whoever called sudo."""
    said = given or environment.get(VARIABLE)
    if said:
        return (named_by(said),)
    places = (
        own(environment),
        *(home / ".ssh" / name for home in homes(environment) for name in SSH),
    )
    return tuple(Identity(path=path) for path in dict.fromkeys(places) if path.is_file())


def homes(environment: Mapping[str, str]) -> Iterator[Path]:
    yield Path.home()
    try:
        yield Path(pwd.getpwnam(environment.get("SUDO_USER", "root")).pw_dir)
    except KeyError:
        return


def first_operator(given: str | None, environment: Mapping[str, str], runner: Runner) -> Operator:
    """Whoever makes a site is its first operator, by the named key or by his own, which is made
    now if there is none. An SSH key is not taken without being named: it may ask for a passphrase
    at every command."""
    said = given or environment.get(VARIABLE)
    identity = named_by(said) if said else Identity(path=made(own(environment), runner))
    name = environment.get("SUDO_USER") or environment.get("USER") or ""
    return Operator(
        name=name if NAME.fullmatch(name) else "operator", key=public_half(identity, runner)
    )


def made(path: Path, runner: Runner) -> Path:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        runner.run(Command(argv=("age-keygen", "-o", str(path))))
    return path


def public_half(identity: Identity, runner: Runner) -> str:
    beside = identity.path and identity.path.with_name(f"{identity.path.name}.pub")
    if beside and beside.is_file():
        return key_of(beside.read_text())[0]
    text = identity.words or (identity.path.read_text() if identity.path else "")
    if "AGE-SECRET-KEY-" in text:
        done = runner.run(Command(argv=("age-keygen", "-y"), stdin=text.encode()))
        return done.text.strip()
    if identity.path is None:
        raise ConfigError(
            f"the public half of the SSH key in {VARIABLE} is not known here",
            remedy="Name a file that has its .pub beside it.",
        )
    done = runner.run(Command(argv=("ssh-keygen", "-y", "-f", str(identity.path))))
    return key_of(done.text)[0]
