import pytest

from standfast.core.errors import ConfigError, Refused
from standfast.evidence.envelope import leaf
from standfast.evidence.explanation import LONGEST, explaining, explanations
from standfast.evidence.read import read_log
from standfast.evidence.state import derive
from standfast.evidence.statement import TextNotice
from standfast.evidence.transport import FolderTransport
from standfast.promises.model import State

from .conftest import BAD, SITE
from .conftest import hour as moment


@pytest.fixture
def broken(kept):
    """The number of a broken proof after a kept one."""
    return kept.prove(1, 2, BAD)


def explain(told, index, text, at=3):
    said = explaining(told.entries(), index, text)
    return told.add(TextNotice(text=said, at=moment(at)))


def test_an_explanation_is_found_beside_its_proof(kept, broken):
    first = explain(kept, broken, "a cable\n was  pulled")
    second = explain(kept, broken, "and it is labelled now", at=4)
    found = explanations(kept.entries())
    assert [(each.index, each.text) for each in found[broken]] == [
        (first, "a cable was pulled"),
        (second, "and it is labelled now"),
    ]
    assert list(found) == [broken]


def test_a_person_can_read_the_notice_as_it_stands(kept, broken):
    assert explaining(kept.entries(), broken, "a cable was pulled") == (
        "The broken proof in entry 4 is explained: a cable was pulled"
    )


def test_it_changes_no_state(kept, broken, hour):
    before = derive(kept.entries(), now=hour(5))
    explain(kept, broken, "a cable was pulled")
    assert derive(kept.entries(), now=hour(5)) == before
    assert before[0].state is State.BROKEN


@pytest.mark.parametrize("index", [0, 1, 2, 3, 99])
def test_only_a_broken_proof_can_be_explained(kept, broken, index):
    with pytest.raises(Refused, match=f"entry {index} is no broken proof"):
        explaining(kept.entries(), index, "it was nothing")


@pytest.mark.parametrize("text", ["", " \n", "x" * (LONGEST + 1)])
def test_an_explanation_has_words_and_an_end(kept, broken, text):
    with pytest.raises(ConfigError, match="an explanation has from 1 to 1000 letters"):
        explaining(kept.entries(), broken, text)


def test_what_was_not_broken_before_is_not_explained(kept, broken, hour):
    """Neither a kept proof, nor one that the log holds only later."""
    for index in (2, 7):
        text = f"The broken proof in entry {index} is explained: it was nothing"
        kept.add(TextNotice(text=text, at=hour(3)))
    assert kept.prove(1, 4, BAD) == 7
    assert explanations(kept.entries()) == {}


def test_a_text_that_only_resembles_one_explains_nothing(kept, broken, hour):
    for text in (
        f"Drills are paused: The broken proof in entry {broken} is explained: x",
        f"The broken proof in entry 0{broken} is explained: x",
        f"The broken proof in entry {broken} is explained: ",
    ):
        kept.add(TextNotice(text=text, at=hour(3)))
    assert explanations(kept.entries()) == {}


def test_a_vantage_may_hand_one_in_and_the_log_takes_it(kept, broken, open_log, tmp_path, hour):
    """`evidence explain` signs with the key that signs proofs."""
    log = open_log(tmp_path)
    log.append(kept.leaves())
    said = explaining(kept.entries(), broken, "a cable was pulled")
    log.append([leaf(SITE, TextNotice(text=said, at=hour(3)), kept.machine)])
    record = read_log(FolderTransport(tmp_path), kept.vkey)
    assert record.complaints == ()
    assert [each.text for each in explanations(record.entries)[broken]] == ["a cable was pulled"]
