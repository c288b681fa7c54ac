"""Figures and moments as an account administrator reads them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from standfast.core import units
from standfast.evidence.availability import Available
from standfast.evidence.sealed import details_in
from standfast.promises.model import Figures, Grade, State

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Our own, because those of `strftime` change with the locale of whoever renders."""

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

NAMES: Mapping[str, str] = {
    "failed_requests": "failed requests",
    "doubled_writes": "changes saved twice",
    "lost_writes": "changes lost",
    "ghost_writes": "changes that came back after they were refused",
    "outage_s": "time without an answer",
    "stall_s": "time for which changes waited",
    "data_age_s": "age of the newest data",
    "redundancy_s": "time until redundant again",
    "restore_s": "time to restore",
    "excess_failures": "failed requests beyond what its role allows",
    "missing_copies": "copies missing",
    "mirrored_s": "change seen on the second machine after",
    "backup_age_s": "age of the newest backup",
    "archive_lag_s": "changes not yet backed up",
    "failed_checks": "checks failed",
    "snapshot_age_s": "age of the newest snapshot",
    "missing_snapshots": "snapshots missing",
    "readable_without_key": "snapshots readable without the key",
    "same_place": "stores in the same place as the site",
    "longest_gap_s": "longest time between two snapshots",
    "unencrypted_links": "links not encrypted by AES-GCM",
    "open_links": "links that let strangers in",
    "unchecked_links": "links not looked at",
    "plain_sentences": "times the sentence could be read",
    "unheard_ways": "kinds of link not heard",
    "slow_share": "requests that still met the slow server",
    "answering_ports": "ports that answer and should not",
    "stray_listeners": "listeners that nobody planned",
    "asked_ports": "ports asked",
    "weak_offers": "weak offers taken",
    "unencrypted_doors": "front doors not encrypted by AES-GCM",
    "unverifiable_certificates": "certificates that browsers do not believe",
    "weak_certificates": "certificates with a weak key",
    "ending_certificates": "certificates that end within 14 days",
    "unlike_certificates": "certificates that this page does not name",
    "unchecked_doors": "front doors not looked at",
    "altered_copies": "copies of the record that were altered",
    "late_copies": "copies of the record that are not up to date",
    "lone_checkpoints": "copies that too few have cosigned",
    "unseen_changes": "changes that nobody noticed",
    "changes": "changes tried",
    "copies": "copies of the record",
    "links": "links",
    "packets": "packets heard",
    "doors": "front doors",
    "days_left": "days until the first certificate ends",
    "requests": "requests",
    "writes": "changes saved",
    "checks": "checks passed",
    "p99_s": "99 % of answers within",
    "worst_s": "slowest answer",
    "back_s": "server back after",
}
"""In the order in which the page shows them; the record sorts figures by their letters."""

STATES: Mapping[State, str] = {
    State.KEPT: "Kept",
    State.BROKEN: "Broken",
    State.UNPROVEN: "Unproven",
}

GRADES: Mapping[Grade, str] = {
    Grade.REAL: "real",
    Grade.REHEARSED: "rehearsed",
    Grade.ATTESTED: "attested",
}


def moment(at: datetime) -> str:
    """`24 Nov 2025, 05:04 UTC`."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}, {utc:%H:%M} UTC"


def second(at: datetime) -> str:
    """`24 Nov 2025, 05:04:31 UTC`."""
    utc = at.astimezone(UTC)
    return f"{day(utc)}, {utc:%H:%M:%S} UTC"


def day(at: datetime) -> str:
    utc = at.astimezone(UTC)
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}"


def name(key: str) -> str:
    """What a figure is called; one this page has not met keeps its own words."""
    return NAMES.get(key) or key.removesuffix("_s").removesuffix("_bytes").replace("_", " ")


def drill(name: str) -> str:
    """`database-host` as it is said."""
    return name.replace("-", " ")


def figure(key: str, value: float) -> str:
    """The value with its unit, which is the end of its name."""
    if key.endswith("_s"):
        return "0 s" if value == 0 else units.duration(value)
    if key.endswith("_bytes"):
        return units.size(value)
    if key.endswith("_share"):
        return f"{100 * value:,g} %"
    return f"{value:,.0f}" if value == int(value) else f"{value:,g}"


def limit(key: str, value: float) -> str:
    """An objective is an upper limit; a count of 0 is said as a word."""
    if value == 0:
        return "none" if not key.endswith("_s") else "0 s"
    return f"at most {figure(key, value)}"


def limit_or_none(key: str, value: float | None) -> str:
    return "nothing promised" if value is None else limit(key, value)


def in_order(figures: Figures) -> list[str]:
    """What matters most to a reader first, figures this page has not met last."""
    known = list(NAMES)
    return sorted(figures, key=lambda key: (known.index(key) if key in NAMES else len(known), key))


def share(some: int, of_all: int) -> str:
    """Rounded down: `100 %` is all of them."""
    thousandths = some * 100_000 // of_all
    return f"{thousandths / 1000:.3f}".rstrip("0").rstrip(".") + " %"


def available(of: Available) -> str:
    """All that the page says of it, with what it does not know."""
    when = f"from {moment(of.starts_at)} to {moment(of.until)}"
    unlooked = figure("unlooked_s", of.unlooked_s)
    if not of.looks:
        return f"Nobody looked {when}."
    outages = "No outage was seen."
    if of.outages:
        longest = duration_of(of.longest_outage_s)
        outages = f"Outages: {of.outages:,}, the longest {longest}."
    return (
        f"Of {of.looks:,} looks {when} the service answered {share(of.answered, of.looks)}. "
        f"For {unlooked} nobody looked, which counts as nothing. {outages} A monitor inside the "
        f"site looks every {figure('every_s', of.every_s)} at the public addresses; what lies "
        "between them and you it does not see."
    )


def duration_of(outage_s: float) -> str:
    """What one look saw, and no other one after it, has no length that is known."""
    return figure("outage_s", outage_s) if outage_s else "one look long"


def besides(measured: Figures, objective: Figures) -> str:
    """What a proof measured beyond its objective: `3,000 requests, 912 changes saved`."""
    return ", ".join(
        phrase(key, measured[key]) for key in in_order(measured) if key not in objective
    )


def phrase(key: str, value: float) -> str:
    if key.endswith(("_s", "_bytes")):
        return f"{name(key)} {figure(key, value)}"
    return f"{figure(key, value)} {name(key)}"


def exceeded(objective: Figures, measured: Figures) -> str:
    """`37 failed requests (promised: none)`."""
    return ", ".join(
        f"{phrase(key, measured[key])} (promised: {limit(key, objective[key])})"
        for key in in_order(objective)
        if key in measured and measured[key] > objective[key]
    )


def plain(reason: str) -> str:
    """A reason of the evidence room with its moments written for people."""
    return STAMP.sub(lambda found: moment(units.parse_stamp(found[0])), reason)


def state(value: State, grade: Grade | None) -> str:
    """State and grade are always said together."""
    if grade is None:
        return STATES[value]
    if value is State.UNPROVEN:
        return f"{STATES[value]} · last proof {GRADES[grade]}"
    return f"{STATES[value]} · {GRADES[grade]}"


def allowed_in_xml(text: str) -> str:
    """Without what XML 1.0 (2.2) does not allow in a document, however it is written."""
    return NO_XML.sub("", text)


def address(given: str) -> str:
    """As a person would write it down."""
    return given.removeprefix("mailto:").removeprefix("tel:").removeprefix("https://")


def notice(text: str) -> str:
    """Of one that reveals what was sealed, the story."""
    details = details_in(text)
    if details is None:
        return text
    return " ".join(("What was sealed is revealed:", *map(sentence, details.story)))


def sentence(text: str) -> str:
    """Error texts and reasons are kept in lower case without a full stop; the page wants both."""
    text = capitalised(text.strip())
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
