"""Why restic failed, by words recorded from restic 0.14 and from stores."""

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import CommandFailed, Unreachable
from standfast.mechanisms.backup.offsite.trouble import SENTENCES, Trouble, error, trouble

ASKING = "Is there a repository at the following location?\ns3:https://s3.example.test/b/f"
SAID = {
    "Fatal: wrong password or no key found": Trouble.WRONG_KEY,
    f"Fatal: unable to open config file: Stat: Access Denied.\n{ASKING}": Trouble.REFUSED,
    f"Fatal: unable to open config file: Stat: 503 Service Unavailable\n{ASKING}": (
        Trouble.UNAVAILABLE
    ),
    f"Fatal: unable to open config file: Stat: The specified key does not exist.\n{ASKING}": (
        Trouble.NO_REPOSITORY
    ),
    f"Fatal: unable to open config file: stat /x/config: no such file or directory\n{ASKING}": (
        Trouble.NO_REPOSITORY
    ),
    'Fatal: Get "https://s3.example.test/": x509: certificate signed by unknown authority': (
        Trouble.UNTRUSTED
    ),
    "Fatal: dial tcp 192.0.2.1:443: connect: connection refused": Trouble.UNAVAILABLE,
    "Fatal: dial tcp: lookup s3.example.test: no such host": Trouble.UNAVAILABLE,
    "Save(<data/1c>) returned error, retrying after 1s: write: no space left on device": (
        Trouble.FULL
    ),
    "Fatal: The bucket quota: QuotaExceeded, 403 Forbidden": Trouble.FULL,
    "unable to create lock in backend: repository is already locked by PID 1 on x": Trouble.LOCKED,
    "The request signature we calculated does not match the signature you provided": (
        Trouble.REFUSED
    ),
    "Fatal: number of snapshots must be positive": Trouble.OTHER,
}
COMMAND = Command(argv=("restic", "backup"), secrets=("hush",))


def result(words: str) -> Result:
    return Result(status=1, stdout=b"", stderr=words.encode())


@pytest.mark.parametrize(("words", "expected"), SAID.items())
def test_restics_words_tell_what_is_wrong(words: str, expected: Trouble) -> None:
    assert trouble(result(words)) is expected


@pytest.mark.parametrize("each", SENTENCES)
def test_each_says_what_is_wrong_and_what_to_try(each: Trouble) -> None:
    words = next(words for words, found in SAID.items() if found is each)
    found = error(COMMAND, result(words))
    assert found.problem.startswith(SENTENCES[each].problem)
    assert words.splitlines()[-1] in found.problem
    assert found.remedy


def test_what_heals_by_itself_is_no_failure_of_ours() -> None:
    assert isinstance(error(COMMAND, result("503 Service Unavailable")), Unreachable)
    assert isinstance(error(COMMAND, result("Access Denied.")), CommandFailed)


def test_a_secret_in_what_restic_said_is_masked() -> None:
    assert "hush" not in error(COMMAND, result("403 for hush")).problem


def test_a_program_whose_time_was_over_met_a_store_that_does_not_answer() -> None:
    ended = Result(status=124, stdout=b"", stderr=b"signal interrupt received, cleaning up")
    assert trouble(ended) is Trouble.UNAVAILABLE
    refused = Result(status=124, stdout=b"", stderr=b"returned error, retrying: Access Denied")
    assert trouble(refused) is Trouble.REFUSED
