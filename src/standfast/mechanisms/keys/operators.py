"""Who shares a site: names and public keys, one line each in the file `operators` beside the sealed
secrets, in the manner of `authorized_keys` (sshd(8)): a key, then a name.

The list that counts lies inside the sealed file. This one is for people, for reviews, and for those
who cannot open the other: a line that somebody adds by hand opens nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from standfast.core.errors import ConfigError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}")
SSH_TYPES = ("ssh-ed25519", "ssh-rsa")
"""What age can seal to (age(1), "SSH keys"): neither ecdsa nor a security key."""

HEADER = """\
# Who can open secrets.age. Written by `standfast operator add NAME KEY` and `operator remove NAME`.
# A line that is added by hand opens nothing; one that is taken out by hand closes nothing.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """`key` is a recipient of age: `age1…`, or `ssh-ed25519 …`, or `ssh-rsa …`, without comment."""

    name: str
    key: str

    @property
    def line(self) -> str:
        return f"{self.key} {self.name}"

    @property
    def is_ssh(self) -> bool:
        return self.key.startswith("ssh-")


def named(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot be an operator's name",
            remedy="Letters, digits and . _ @ - will do, for example anna or anna@laptop.",
        )
    return name


def key_of(words: str) -> tuple[str, str]:
    """A public key, and the comment that stood behind it. Raises `ConfigError`."""
    if "PRIVATE KEY" in words or "AGE-SECRET-KEY" in words:
        raise ConfigError(
            "that is a private key, which nobody should have been given",
            remedy="Give the public half: the .pub file, or what `age-keygen -y FILE` prints.",
        )
    first, _, rest = words.strip().partition(" ")
    if first.startswith("age1"):
        return first, rest.strip()
    if first in SSH_TYPES and rest:
        body, _, comment = rest.strip().partition(" ")
        return f"{first} {body}", comment.strip()
    raise ConfigError(
        f"no key that secrets can be sealed to: {words.strip()[:40]!r}",
        remedy="age1…, ssh-ed25519 … and ssh-rsa … will do (ecdsa and security keys will not).",
    )


def parse(text: str, where: str) -> tuple[Operator, ...]:
    found: dict[str, Operator] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(("<<<<<<<", "=======", ">>>>>>>")):
            raise ConfigError(
                f"{where}: line {number}: a merge was left unfinished",
                remedy="Take one side of it, together with that side's secrets.age.",
            )
        try:
            key, comment = key_of(line)
            name = named(comment)
        except ConfigError as error:
            raise ConfigError(
                f"{where}: line {number}: {error.problem}", remedy=error.remedy
            ) from None
        if name in found:
            raise ConfigError(
                f"{where}: line {number}: {name} is there twice",
                remedy="One line for each key: call the second anna@laptop, for example.",
            )
        found[name] = Operator(name=name, key=key)
    return tuple(found.values())


def written(operators: Iterable[Operator]) -> bytes:
    return (HEADER + "".join(f"{each.line}\n" for each in operators)).encode()


def disagreements(
    sealed: tuple[Operator, ...], listed: tuple[Operator, ...], file: str
) -> tuple[str, ...]:
    """What a person should know when the list for people is not the one that counts."""
    strangers = [each for each in listed if each not in sealed]
    hidden = [each for each in sealed if each not in listed]
    return (
        *(
            f"{file} lists {each.name}, who cannot open the secrets: "
            f"`standfast operator add {each.name}`, or take the line out"
            for each in strangers
        ),
        *(
            f"{file} does not list {each.name}, who can open the secrets: "
            f"`standfast operator remove {each.name}`, or put the line back"
            for each in hidden
        ),
    )
