"""What the edge itself answers when it has to refuse: a page for people, a document for programs.

Pure. Both are in a map of HAProxy's (configuration manual, section 7.3.1, `map`), a line each,
because an answer that HAProxy makes by itself can look its body up there, and cannot choose between
two files.
"""

import json
from dataclasses import dataclass

from standfast.core.templates import render

MAP = "/etc/haproxy/errors.map"
RETRY_AFTER_S = 5
"""A web server that died is left out after one second, one that restarts is back after five."""

TRUST = "/trust/"

FORM = "txn.form"
"""HAProxy's variable for what the customer can read, `json` or `trust`; not set for a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """`later`: trying the same again may help, and does no harm."""

    status: int
    title: str
    text: str
    later: bool = False


UNSURE = (
    "It may have been carried out or not: please look before you send anything again. "
    "It was not sent a second time from here."
)

WORDS = (
    Words(
        status=403,
        title="This request is not let through",
        text="It looks like an attack on the service. If it is none, please tell us.",
    ),
    Words(
        status=413,
        title="This is too much at once",
        text="The request is larger than is accepted here, or does not say how large it is.",
    ),
    Words(
        status=429,
        title="Too many requests",
        text="More came from your address than is answered at once. Please wait a moment.",
        later=True,
    ),
    Words(
        status=502,
        title="The answer was cut off",
        text=f"The server that worked on your request broke off. {UNSURE}",
    ),
    Words(
        status=503,
        title="The service is not available at the moment",
        text="No server could take your request. Please try again in a moment.",
        later=True,
    ),
    Words(
        status=504,
        title="The answer took too long",
        text=f"The server that works on your request did not answer in time. {UNSURE}",
    ),
)


RECORD = "The record is kept by several machines, none of which answers at the moment. "
ELSEWHERE = "A copy of it lies elsewhere, and can be read and verified there."
AWAY = "Nothing is lost by that: whoever has a copy can verify it without us."


def error_map(elsewhere: str = "") -> bytes:
    """Keys are `STATUS:` for a page, `STATUS:json` for a document, and `STATUS:trust` for a page in
    place of the trust page, which leads to the one `elsewhere`, if there is one."""
    return "".join(f"{line}\n" for words in WORDS for line in lines(words, elsewhere)).encode()


def lines(words: Words, elsewhere: str) -> tuple[str, str, str]:
    return (
        f"{words.status}: {page(words, TRUST, 'the trust page')}",
        f"{words.status}:json {document(words)}",
        f"{words.status}:trust {page(of_record(words, elsewhere), elsewhere, 'the copy')}",
    )


def of_record(words: Words, elsewhere: str) -> Words:
    """What is said in place of the trust page; whoever is refused for what they do hears that."""
    if words.status < 500:
        return words
    return Words(
        status=words.status,
        title="The trust page cannot be shown at the moment",
        text=RECORD + (ELSEWHERE if elsewhere else AWAY),
        later=words.later,
    )


def page(words: Words, address: str, name: str) -> str:
    """HTML of one line. `address`, if any, is where promises can be read, and `name` is what a
    reader calls it."""
    text = render(__package__, "error.html", html=True, words=words, address=address, called=name)
    return " ".join(line.strip() for line in text.splitlines())


def document(words: Words) -> str:
    later = {"retry_after_s": RETRY_AFTER_S} if words.later else {}
    said = {"status": words.status, "error": words.title, "detail": words.text, **later}
    return json.dumps(said)
