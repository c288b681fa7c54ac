"""The table of contents of the product: every promise a site can make."""

from datetime import timedelta

from standfast.promises.model import Grade, Promise

REDUNDANT_WEB = Promise(
    id="redundant-web",
    statement="Any web server can fail without interrupting access.",
    proof=(
        "The power of one web server is cut while signed-in visitors read and save through the "
        "public address. No request that may be repeated fails, and nothing is saved twice."
    ),
    objective={"failed_requests": 0, "doubled_writes": 0},
    period=timedelta(hours=24),
    calibrated_within=timedelta(days=7),
    grades=frozenset({Grade.REAL, Grade.REHEARSED}),
    mechanism="edge",
    drill="web-server",
    fault="blind-edge",
    fault_words=(
        "the edge no longer asks whether web servers are well, and tries no request a second time"
    ),
)

CATALOG = (REDUNDANT_WEB,)


def promise(promise_id: str) -> Promise | None:
    return next((each for each in CATALOG if each.id == promise_id), None)
