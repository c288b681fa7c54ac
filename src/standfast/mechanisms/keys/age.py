"""Seal to keys and open again, by the program `age` (age(1), format age-encryption.org/v1).

Only what is public stands in an argument. What is sealed goes through stdin and comes back through
stdout; an SSH key with a passphrase is asked for at the terminal by `age` itself.
"""

from collections.abc import Sequence
from pathlib import Path

from standfast.core.command import Command, Result, Runner
from standfast.core.errors import ConfigError, Refused, StandfastError
from standfast.mechanisms.keys.identities import Identity
from standfast.mechanisms.keys.operators import Operator

PASSPHRASE_TIMEOUT_S = 300.0
"""A person types."""

INTRO = b"age-encryption.org/"
NO_MATCH = "no identity matched"
"""As age says that a key is not among those that the file is sealed to."""


def sealing(operators: Sequence[Operator], plain: bytes) -> Command:
    keys = (word for each in operators for word in ("--recipient", each.key))
    return Command(argv=("age", "--encrypt", *keys), stdin=plain)


def opening(sealed: Path, identity: Identity) -> Command:
    """An identity that is no file goes through stdin."""
    return Command(
        argv=("age", "--decrypt", "--identity", identity.argument, str(sealed)),
        stdin=identity.words.encode(),
        timeout_s=PASSPHRASE_TIMEOUT_S,
    )


def seal(plain: bytes, operators: Sequence[Operator], runner: Runner) -> bytes:
    if not operators:
        raise Refused("nobody is left to seal the secrets to", remedy="Keep one operator.")
    return runner.run(sealing(operators, plain)).stdout


def check(operator: Operator, runner: Runner) -> None:
    """Whether age takes this key, asked of age itself."""
    done = runner.run(sealing([operator], b""), check=False)
    if done.status != 0:
        raise ConfigError(
            f"the key of {operator.name} is none that age takes: {said(done)}",
            remedy="Was it copied whole? Its .pub file is one line.",
        )


def unseal(
    sealed: Path,
    identities: Sequence[Identity],
    listed: Sequence[Operator],
    runner: Runner,
) -> bytes:
    """`listed` are those whom the error names when none of the identities opens the file.

    One after the other: a key of another kind that lies among a person's own, or one whose
    passphrase is forgotten, must not stand before the one that opens it.
    """
    beginning = sealed.read_bytes()[:64]
    if not beginning.startswith(INTRO):
        raise damaged(sealed, beginning)
    if not identities:
        raise nobody(sealed, "there is no key of yours here", identities, listed)
    failures = []
    for identity in identities:
        done = runner.run(opening(sealed, identity), check=False)
        if done.status == 0:
            return done.stdout
        if NO_MATCH not in said(done):
            failures.append(explained(sealed, said(done)))
    if failures:
        raise failures[0]
    raise nobody(sealed, "none of your keys opens it", identities, listed)


def explained(sealed: Path, why: str) -> StandfastError:
    if "passphrase" in why:
        return Refused(
            f"{sealed} was not opened: {why}",
            remedy="Run it in a terminal, or name a key without a passphrase with --identity.",
        )
    if "identity" in why or "reading" in why:
        return ConfigError(f"a key of yours cannot be read: {why}", remedy="Name another one.")
    return damaged(sealed, why.encode())


def nobody(
    sealed: Path, what: str, identities: Sequence[Identity], listed: Sequence[Operator]
) -> Refused:
    names = ", ".join(each.name for each in listed) or "nobody that is listed"
    tried = ", ".join(str(each) for each in identities)
    friend = listed[0].name if listed else "an operator"
    return Refused(
        f"{sealed}: {what}{f' (tried: {tried})' if tried else ''}; it is sealed to: {names}",
        remedy=f"Ask {friend} to run `standfast operator add YOU KEY`, or name your key "
        "with --identity.",
    )


def damaged(sealed: Path, why: bytes) -> Refused:
    if why.startswith(b"<<<<<<<"):
        return Refused(
            f"{sealed}: a merge was left unfinished, and sealed files cannot be merged",
            remedy="Take one side (`git checkout --theirs` or `--ours`), then do the other "
            "side's change again.",
        )
    words = why.decode("utf-8", "replace").strip()
    return Refused(
        f"{sealed} is damaged: {words!r}" if words else f"{sealed} is empty",
        remedy="Take the last good one from the repository: git log -- the file.",
    )


def said(done: Result) -> str:
    lines = [
        line.removeprefix("age: error: ")
        for line in done.complaint.splitlines()
        if line.startswith("age: error: ")
    ]
    return "; ".join(lines) or done.complaint.strip()
