"""Why restic or a store failed, by its own words, and what to try. Pure.

restic 0.14 ends every failure with status 1, so its words decide; 0.18 has numbers for some and
the same words. What another says in passing comes first: a store that refuses makes restic ask
whether there is a repository.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from standfast.core.command import Command, Result, failed
from standfast.core.errors import CommandFailed, StandfastError, Unreachable


class Trouble(StrEnum):
    FULL = "full"
    REFUSED = "refused"
    UNTRUSTED = "untrusted"
    UNAVAILABLE = "unavailable"
    WRONG_KEY = "wrong-key"
    LOCKED = "locked"
    NO_REPOSITORY = "no-repository"
    OTHER = "other"


WORDS: Mapping[Trouble, str] = {
    Trouble.FULL: (
        r"no space left|disk quota|quotaexceeded|storagefull|insufficientstorage"
        r"|insufficient storage|\b507\b|exceeds the capacity"
    ),
    Trouble.UNTRUSTED: (
        r"x509:|certificate signed by|certificate verify failed|host key verification failed"
    ),
    Trouble.REFUSED: (
        r"access ?denied|accessdenied|forbidden|\b403\b|signaturedoesnotmatch|invalidaccesskeyid"
        r"|signature we calculated does not match|access key id you provided does not exist"
        r"|authenticationfailed|authorizationfailure|authorizationpermissionmismatch"
        r"|permission denied|not authorized|objectlocked|worm protected"
    ),
    Trouble.UNAVAILABLE: (
        r"\b50[0234]\b|service ?unavailable|serviceunavailable|slowdown|reduce your request rate"
        r"|internal error|connection (refused|reset|timed out)|no such host|i/o timeout"
        r"|network is unreachable|no route to host|tls handshake timeout"
        r"|connection lost|unexpected eof"
        r"|could not resolve|unable to start the sftp session"
    ),
    Trouble.WRONG_KEY: r"wrong password or no key found|ciphertext verification failed",
    Trouble.LOCKED: r"already locked|unable to create lock",
    Trouble.NO_REPOSITORY: (
        r"is there a repository at|repository does not exist|unable to open config file"
        r"|specified (key|bucket) does not exist"
    ),
}
"""In this order, by restic's source, minio-go's, and what stores answer (S3: "Error responses")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    problem: str
    remedy: str
    heals: bool = False
    """By itself, later: the store did not answer."""


SENTENCES: Mapping[Trouble, Said] = {
    Trouble.FULL: Said(
        problem="the store off site is full",
        remedy="Make it larger, or run retention with the second key.",
    ),
    Trouble.UNTRUSTED: Said(
        problem="the store off site is not the one that is known",
        remedy="Compare its certificate or host key with what standfast.toml says.",
    ),
    Trouble.REFUSED: Said(
        problem="the store off site refuses us",
        remedy="Is the key still valid, and does its policy allow this? "
        "`standfast backup offsite policy` prints what it needs.",
    ),
    Trouble.UNAVAILABLE: Said(
        problem="the store off site does not answer",
        remedy="It is tried again by itself. Is it down, or the way to it closed?",
        heals=True,
    ),
    Trouble.WRONG_KEY: Said(
        problem="the repository off site does not open with this site's key",
        remedy="Is it another site's? Give each site a folder of its own.",
    ),
    Trouble.LOCKED: Said(
        problem="somebody else works on the repository off site",
        remedy="Wait until retention or the other upload is done.",
        heals=True,
    ),
    Trouble.NO_REPOSITORY: Said(
        problem="there is no repository at that place off site",
        remedy="Is the location the one that was written before? The first snapshot makes one.",
    ),
}


TIMED_OUT = 124
"""timeout(1): the program was ended because its time was over."""


def trouble(result: Result) -> Trouble:
    """Of a run that failed. What it said until its time was over comes first."""
    found = found_in(f"{result.complaint}\n{result.text}")
    if found is Trouble.OTHER and result.status == TIMED_OUT:
        return Trouble.UNAVAILABLE
    return found


def found_in(said: str) -> Trouble:
    """In a program's own words, or a store's."""
    small = said.lower()
    return next((each for each, words in WORDS.items() if re.search(words, small)), Trouble.OTHER)


def error(command: Command, result: Result) -> StandfastError:
    """In words for people, with the program's own behind them."""
    own = failed(command, result)
    return explained(trouble(result), own.problem) or own


def explained(each: Trouble, own: str) -> StandfastError | None:
    """`own` are the words of whoever failed. None for what is not known."""
    said = SENTENCES.get(each)
    if said is None:
        return None
    kind = Unreachable if said.heals else CommandFailed
    return kind(f"{said.problem}: {own}", remedy=said.remedy)
