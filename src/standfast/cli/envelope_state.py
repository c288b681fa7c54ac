"""What may be said of a recovery envelope: what is in it, and whether that still counts."""

from collections.abc import Mapping
from datetime import datetime
from textwrap import wrap
from typing import Any

from standfast.cli.app import App
from standfast.cli.progress import WIDTH
from standfast.core.errors import Refused, StandfastError
from standfast.core.units import duration, parse_stamp
from standfast.mechanisms.keys.custody import LOG_KEY
from standfast.mechanisms.keys.envelope import staleness
from standfast.mechanisms.keys.envelope.contents import RECORD, Content
from standfast.mechanisms.keys.envelope.staleness import WORDS, Judgement, State, Written, judge


def compared(app: App, content: Content, file: str) -> Judgement:
    """With what an envelope should hold now; `unknown` where the site's secrets are not here, or
    where whoever asks cannot open them: that may be why the envelope was fetched."""
    written = Written(at=content.written_at, digests=of_content(content))
    try:
        known = app.keys.vault.get(LOG_KEY)
    except StandfastError:
        return Judgement(state=State.UNKNOWN, written_at=content.written_at)
    if known is not None and known != content.secrets.get(LOG_KEY):
        raise Refused(
            f"{file} is the envelope of another site that is called {content.site}, too: its "
            "evidence log has another key",
            remedy="Name that site's standfast.toml with --file.",
        )
    return judge(written, digests(app))


def of_content(content: Content) -> staleness.Digests:
    return staleness.digests(content.settings, content.operators, content.secrets)


def digests(app: App) -> staleness.Digests:
    vault = app.keys.vault
    return staleness.digests(app.settings, vault.operators, vault.contents.kept)


def of_site(app: App) -> Judgement:
    """Whether the last envelope still holds what it should, for `status`."""
    try:
        record = app.keys.vault.get(RECORD)
    except StandfastError:
        return Judgement(state=State.UNKNOWN)
    return judge(Written.from_json(record) if record else None, digests(app))


def judged(judgement: Judgement) -> Mapping[str, Any]:
    return {
        "state": judgement.state,
        "written_at": judgement.written_at,
        "changed": list(judgement.changed),
    }


def document(content: Content, judgement: Judgement) -> Mapping[str, Any]:
    """Nothing in it is secret."""
    return {
        "site": content.site,
        **judged(judgement),
        "settings_bytes": len(content.settings.encode()),
        "operators": [each.name for each in content.operators],
        "secrets": sorted(content.secrets),
        "log_key": content.log_key,
        "versions": dict(content.versions),
    }


def lines(file: str, content: Content, judgement: Judgement, now: datetime) -> list[str]:
    """For people, at 80 columns; the log's key is one word, to be compared and copied."""
    installed = ", ".join(f"{name} {value}" for name, value in sorted(content.versions.items()))
    settings = f"{len(content.settings.encode())} bytes" if content.settings else "there was none"
    return [
        f"{file}: the recovery envelope of {content.site}",
        *indented(f"written {when(content.written_at, now)}, at {content.written_at}"),
        *indented(said(judged(judgement))),
        *indented(f"standfast.toml: {settings}"),
        *indented(f"operators: {', '.join(each.name for each in content.operators)}"),
        *indented(f"secrets: {', '.join(WORDS.get(each, each) for each in content.secrets)}"),
        f"  log: {content.log_key}",
        *indented(f"versions: {installed}"),
    ]


def said(found: Mapping[str, Any]) -> str:
    """`found`: as `judged` has it. One sentence, for `status` as well."""
    match found["state"]:
        case State.NEVER:
            return "none was ever written: `standfast keys envelope` writes one"
        case State.UNKNOWN:
            return "whether it is stale cannot be said: the site's secrets are not open here"
        case State.CURRENT:
            return "holds what the site has now"
        case _:
            changed = ", ".join(found["changed"])
            return f"stale, changed since: {changed}; `standfast keys envelope` writes another"


def when(written_at: str, now: datetime) -> str:
    return f"{duration(now - parse_stamp(written_at))} ago"


def indented(text: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
