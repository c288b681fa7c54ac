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

FORM = "txn.form"
"""HAProxy's variable for what the customer can read; not set for a page."""


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


def error_map() -> bytes:
    """Keys are `STATUS:` for a page and `STATUS:json` for a document."""
    return "".join(f"{line}\n" for words in WORDS for line in lines(words)).encode()


def lines(words: Words) -> tuple[str, str]:
    return f"{words.status}: {page(words)}", f"{words.status}:json {document(words)}"


def page(words: Words) -> str:
    """HTML of one line."""
    text = render(__package__, "error.html", html=True, words=words)
    return " ".join(line.strip() for line in text.splitlines())


def document(words: Words) -> str:
    later = {"retry_after_s": RETRY_AFTER_S} if words.later else {}
    said = {"status": words.status, "error": words.title, "detail": words.text, **later}
    return json.dumps(said)
