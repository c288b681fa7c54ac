"""The trust page: a pure function of the record, the states derived from it, and the time.

The page carries its own policy (Content Security Policy Level 3, W3C): it may use this one style
and this one script, both named by their hash, and nothing else from anywhere.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from standfast.core import templates, units
from standfast.evidence.read import Record
from standfast.evidence.state import PromiseState
from standfast.pages.trust import words
from standfast.pages.trust.machine import document
from standfast.pages.trust.model import Page
from standfast.pages.trust.view import page

PACKAGE = "standfast.pages.trust"

CLOCK_SLACK = timedelta(minutes=10)
"""How far a reader's clock may be behind ours before the page says that they disagree."""


def pages(
    record: Record,
    states: Sequence[PromiseState],
    *,
    site: str,
    service: str,
    log_url: str,
    vkey: str,
    now: datetime,
) -> Mapping[str, bytes]:
    """The files of the page by name. Both forms come from one model, so they cannot disagree."""
    made = page(record, states, site=site, service=service, log_url=log_url, vkey=vkey, now=now)
    return {"index.html": html(made).encode(), "trust.json": machine_form(made).encode()}


def html(made: Page) -> str:
    style = templates.render(PACKAGE, "page.css")
    script = templates.render(PACKAGE, "page.js")
    return templates.render(
        PACKAGE,
        "page.html",
        html=True,
        page=made,
        words=words,
        stamp=units.stamp,
        earliest=made.made_at - CLOCK_SLACK,
        policy=policy(style, script),
        style=style,
        script=script,
    )


def machine_form(made: Page) -> str:
    return json.dumps(document(made), indent=2, ensure_ascii=False) + "\n"


def policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {source(style)}; script-src {source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
