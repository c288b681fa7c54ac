"""Answers to a questionnaire: never more than the record shows."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from standfast.evidence.state import derive
from standfast.evidence.statement import ScopeNotice, Unpromised
from standfast.pages.questionnaire import render
from standfast.pages.questionnaire.answers import Answer, Answers, Verdict, answered
from standfast.pages.questionnaire.questions import QUESTIONS
from standfast.pages.trust.render import source
from standfast.promises.catalog import CATALOG, ENCRYPTED_IN_TRANSIT, REDUNDANT_WEB

from .conftest import NOON, Story, hours

ALONE, WITH_OTHERS = "IVS-03.2", "CEK-03.1"
"""Questions that ask for `encrypted-in-transit` and nothing else, and for more."""

Prove = Callable[[Story], Story]


@pytest.fixture
def links(story: Story) -> Story:
    """`encrypted-in-transit` with the drill that the stories have."""
    story.promise = replace(REDUNDANT_WEB, id="encrypted-in-transit")
    start = NOON - hours(3)
    return story.enrolled(start).due(start).calibrated(start + hours(0.2))


def answers(story: Story, now: datetime = NOON) -> Answers:
    record = story.record()
    return answered(record, derive(record.entries, now=now), now=now)


def to(found: Answers, question: str) -> Answer:
    return next(each for each in found.answers if each.question.id == question)


def proven(story: Story) -> Story:
    return story.proven(NOON - hours(2), stand_ins=())


def rehearsed(story: Story) -> Story:
    return story.proven(NOON - hours(2))


def broken(story: Story) -> Story:
    return story.proven(NOON - hours(2), failed=37)


STORIES: Mapping[Verdict, Prove] = {
    Verdict.YES: proven,
    Verdict.REHEARSED: rehearsed,
    Verdict.UNPROVEN: lambda story: story,
    Verdict.NO: broken,
}


@pytest.mark.parametrize("verdict", STORIES)
def test_an_answer_says_what_the_record_shows(links: Story, verdict: Verdict) -> None:
    assert to(answers(STORIES[verdict](links)), ALONE).verdict is verdict


def test_a_yes_expires_with_its_proof(links: Story) -> None:
    found = answers(proven(links), NOON + timedelta(days=3))
    assert to(found, ALONE).verdict is Verdict.UNPROVEN
    assert "The newest proof is more than 24 h old." in render.text(found)


def test_half_of_what_is_asked_is_no_yes(links: Story) -> None:
    found = answers(proven(links))
    assert to(found, WITH_OTHERS).verdict is Verdict.NOT_PROMISED
    assert render.in_words(to(found, WITH_OTHERS)) == render.IN_PART
    assert render.in_words(to(found, "IAM-15.1")) == "Not promised"


def test_dates_and_figures_stand_beside_what_was_promised(links: Story) -> None:
    text = re.sub(r"\s+", " ", render.text(answers(rehearsed(links))))
    assert "Kept · rehearsed, to be proven again by 10 Mar 2026, 10:00 UTC." in text
    assert "failed requests 0 (promised: none), changes saved twice 0 (promised: none)" in text
    assert "its check seen red 9 Mar 2026, 09:12 UTC" in text
    assert "stand-ins: edge-1, monitor-1, web-1, web-2 share one kernel" in text


def test_an_explanation_stands_beside_the_proof_and_makes_it_no_better(links: Story) -> None:
    broken(links).noticed("The broken proof in entry 3 is explained: a cable was pulled", NOON)
    found = to(answers(links), ALONE)
    assert found.verdict is Verdict.NO
    assert found.grounds[0].said[-1] == "Explained on 9 Mar 2026 in entry 4: a cable was pulled"


def test_what_was_withdrawn_is_said_with_its_reason_and_date(links: Story) -> None:
    left = Unpromised(
        promise="encrypted-in-transit",
        statement=ENCRYPTED_IN_TRANSIT.statement,
        why="there is no link between machines",
    )
    proven(links).tell(ScopeNotice(text="less is promised", at=NOON, not_promised=(left,)))
    found = to(answers(links, NOON + hours(1)), ALONE)
    assert found.verdict is Verdict.NOT_PROMISED
    assert found.grounds[0].said == (
        "This site makes no such promise: there is no link between machines (since 9 Mar 2026).",
    )


def test_an_empty_record_answers_every_question_with_not_promised(story: Story) -> None:
    found = answers(story.enrolled(NOON))
    assert {each.verdict for each in found.answers} == {Verdict.NOT_PROMISED}


def test_every_promise_of_the_catalogue_answers_a_question() -> None:
    asked = {promise for question in QUESTIONS for promise in question.promises}
    assert {each.id for each in CATALOG} <= asked


def test_questions_are_in_order_and_each_is_there_once() -> None:
    names = [each.id for each in QUESTIONS]
    assert names == sorted(set(names))
    assert all(re.fullmatch(r"[A-Z]{3}-\d\d\.\d", each) for each in names)
    assert all(each.promises for each in QUESTIONS)


def test_text_page_and_json_say_the_same(links: Story) -> None:
    found = answers(broken(links))
    text, page = render.text(found), render.html(found)
    document = render.document(found)
    assert len(document["answers"]) == len(QUESTIONS)
    flat = re.sub(r"\s+", " ", text)
    for answer in document["answers"]:
        assert f"{answer['id']} " in flat
        assert f"{answer['id']} · {answer['asks']}" in page
        for ground in answer["grounds"]:
            for said in ground["said"]:
                assert said in flat
                assert said in page
    assert max(map(len, text.splitlines())) <= 80


def test_the_page_allows_its_own_style_alone_and_escapes_what_the_record_says(
    story: Story,
) -> None:
    statement = "<script>alert(1)</script> & more"
    story.promise = replace(REDUNDANT_WEB, id="encrypted-in-transit", statement=statement)
    page = render.html(answers(proven(story.enrolled(NOON - hours(3)).due(NOON - hours(3)))))
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert f"default-src 'none'; style-src {source(style)}" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page
    assert "<script" not in page
