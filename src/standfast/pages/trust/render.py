"""The trust page and what goes with it: a pure function of the record, the states derived from it,
and the time.

The page carries its own policy (Content Security Policy Level 3, W3C): it may use this one style
and this one script, both named by their hash, and nothing else from anywhere; the script may read
the log that lies beside the page.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from standfast.core import templates, units
from standfast.evidence import certificates
from standfast.evidence.policy import Policy
from standfast.evidence.read import Record
from standfast.evidence.state import PromiseState
from standfast.evidence.timestamp.shelf import Stamped, command, root_path
from standfast.pages.trust import words
from standfast.pages.trust.entries import path_of
from standfast.pages.trust.machine import document
from standfast.pages.trust.model import Mark, Page
from standfast.pages.trust.seal import seal
from standfast.pages.trust.security import security_txt
from standfast.pages.trust.view import page

PACKAGE = "standfast.pages.trust"

SECURITY_TXT = "security.txt"
POLICY_TXT = "policy.txt"
SOMETIMES = frozenset({SECURITY_TXT, POLICY_TXT})
"""Files that are made of some records only: where they are not, an older one is out of date."""

VERSIONS_SHOWN = 10
"""Older versions of the text on the page, each with its differences; `trust.json` has more."""

LINES_SHOWN = 8
"""Of what a version added, which stands above in the same words unless it was changed again; what
a version took away is shown whole."""

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
    policy: Policy | None = None,
    timestamps: Sequence[Stamped] = (),
    elsewhere: str = "",
) -> Mapping[str, bytes]:
    """The files of the page by name. All come from one model, so they cannot disagree. `policy`
    says whose cosignatures are looked for; `timestamps` were checked. `elsewhere`: where
    else the page is, or empty."""
    made = page(
        record,
        states,
        site=site,
        service=service,
        log_url=log_url,
        vkey=vkey,
        now=now,
        policy=policy,
        timestamps=timestamps,
        elsewhere=elsewhere,
    )
    return {name: text.encode() for name, text in texts(made).items()}


def texts(made: Page) -> Mapping[str, str]:
    always = {
        "index.html": html(made),
        "trust.json": machine_form(made),
        "feed.atom": feed(made),
        "seal.svg": templates.render(PACKAGE, "seal.svg", html=True, seal=seal(made)),
    }
    if made.policy:
        always[POLICY_TXT] = made.policy
    security = made.company.said.security if made.company else None
    if security is not None:
        always[SECURITY_TXT] = security_txt(security, made.security_url)
    return always


def html(made: Page) -> str:
    style = compact(templates.render(PACKAGE, "page.css"))
    scripts = templates.render(PACKAGE, "page.js") + templates.render(PACKAGE, "check.js")
    script = re.sub(r"\n\s+", "\n", re.sub(r"(?m)^\s*//.*\n", "", scripts))
    return templates.render(
        PACKAGE,
        "page.html",
        html=True,
        page=made,
        words=words,
        stamp=units.stamp,
        short=short,
        marks=marks(made),
        compare=certificates,
        root_path=root_path,
        stamp_command=command,
        path_of=path_of,
        versions_shown=VERSIONS_SHOWN,
        lines_shown=LINES_SHOWN,
        earliest=made.made_at - CLOCK_SLACK,
        policy=policy(style, script),
        style=style,
        script=script,
    )


def compact(style: str) -> str:
    """The same to a browser, in an eighth less: no space is left where CSS needs none."""
    return re.sub(r"\s*([{};,])\s*", r"\1", style).replace(": ", ":").replace(";}", "}")


def marks(made: Page) -> Sequence[Mark]:
    """Those that stand on the page, each drawn once; whatever is kept may expire there."""
    of_lines, of_claims = (
        (line.mark for line in made.headlines),
        (claim.mark for claim in made.claims),
    )
    return tuple(dict.fromkeys((Mark.UNPROVEN, *of_lines, *of_claims)))


def short(number: float) -> str:
    """Of a drawing: whole pixels without a fraction."""
    return f"{number:g}"


def feed(made: Page) -> str:
    """Atom (RFC 4287)."""
    return templates.render(
        PACKAGE, "feed.atom", html=True, page=made, words=words, stamp=units.stamp
    )


def machine_form(made: Page) -> str:
    return json.dumps(document(made), indent=2, ensure_ascii=False) + "\n"


def policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {source(style)}; script-src {source(script)}; "
        "connect-src 'self'; "
        "base-uri 'none'; form-action 'none'"
    )


def source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
