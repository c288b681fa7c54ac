"""The answers as text, as a page to print, and for programs: one model, so they cannot disagree."""

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from standfast.core import templates
from standfast.core.units import stamp
from standfast.pages.questionnaire.answers import Answer, Answers, Verdict
from standfast.pages.questionnaire.questions import VERSION
from standfast.pages.trust import words
from standfast.pages.trust.render import source

PACKAGE = "standfast.pages.questionnaire"
WIDTH = 80
INDENT = "  "

VERDICTS: Mapping[Verdict, str] = {
    Verdict.YES: "Yes",
    Verdict.ATTESTED: "Attested by a person or a document; nothing was measured",
    Verdict.REHEARSED: "Rehearsed; not shown on the real thing",
    Verdict.UNPROVEN: "Not proven at present",
    Verdict.NOT_PROMISED: "Not promised",
    Verdict.NO: "No; broken at present",
}
IN_PART = "Not promised in full"


def in_words(answer: Answer) -> str:
    """Where something else is promised, the answer does not hide it."""
    if answer.verdict is Verdict.NOT_PROMISED and any(
        each.verdict is not Verdict.NOT_PROMISED for each in answer.grounds
    ):
        return IN_PART
    return VERDICTS[answer.verdict]


def introduction(found: Answers) -> tuple[str, ...]:
    checkpoint = found.checkpoint
    return (
        f"Answers of {found.site or checkpoint.origin}, made on {words.moment(found.made_at)} from "
        f"the {checkpoint.size} entries of its signed record {checkpoint.origin}. Anybody can "
        "verify that record and derive the same answers.",
        f"The numbers are those of {VERSION}; the questions are given in other words. An answer is "
        "as good as the weakest promise below it. Rehearsed means that something stood in for the "
        "real thing, and is no yes.",
    )


def text(found: Answers) -> str:
    return "".join(f"{line}\n" for line in lines(found))


def lines(found: Answers) -> Iterator[str]:
    for paragraph in introduction(found):
        yield from wrap(paragraph, WIDTH)
        yield ""
    for answer in found.answers:
        yield from wrap(f"{answer.question.id}  {answer.question.asks}", WIDTH)
        yield f"{INDENT}{in_words(answer)}."
        for ground in answer.grounds:
            entry = "" if ground.index is None else f" [entry {ground.index}]"
            yield from indented(f"{ground.promise}: {ground.statement}".rstrip(": ") + entry, 2)
            for said in ground.said:
                yield from indented(said, 4)
        if answer.question.beyond:
            yield from indented(f"Not shown by any proof: {answer.question.beyond}", 2)
        yield ""


def indented(paragraph: str, by: int) -> Iterator[str]:
    yield from wrap(paragraph, WIDTH, initial_indent=" " * by, subsequent_indent=" " * by)


def html(found: Answers) -> str:
    """Whole in itself: it asks no other computer for anything, and its policy allows nothing but
    its own style."""
    style = templates.render(PACKAGE, "questionnaire.css")
    return templates.render(
        PACKAGE,
        "questionnaire.html",
        html=True,
        found=found,
        introduction=introduction(found),
        in_words=in_words,
        style=style,
        allowed=source(style),
    )


def document(found: Answers) -> Mapping[str, Any]:
    return {
        "site": found.site,
        "made_at": stamp(found.made_at),
        "questionnaire": VERSION,
        "answers": [
            {
                "id": answer.question.id,
                "asks": answer.question.asks,
                "answer": answer.verdict,
                "beyond": answer.question.beyond,
                "grounds": [
                    {
                        "promise": ground.promise,
                        "statement": ground.statement,
                        "answer": ground.verdict,
                        "said": list(ground.said),
                        "evidence": {"index": ground.index},
                    }
                    for ground in answer.grounds
                ],
            }
            for answer in found.answers
        ],
    }
