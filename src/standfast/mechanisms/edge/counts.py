"""What the weights need of HAProxy's admin socket: which words to say, and what the answer means.

Pure, standard library only. Shapes: HAProxy's management guide, sections 9.1 and 9.3.
"""

import csv
from collections.abc import Iterator, Mapping

from standfast.mechanisms.edge.weights import Counted

ASK = "show stat -1 4 -1\n"
"""All servers of all backends."""

COUNTED = ("web", "once")
"""Backends whose requests tell how quick a server is; slow routes would only say that they are."""

WEIGHED = ("web", "once", "slow", "once-slow")


def counts(answer: str) -> dict[str, Counted]:
    """By server, over the backends that count. Nothing where the answer is none of HAProxy's."""
    found: dict[str, Counted] = {}
    for row in rows(answer):
        if row["pxname"] in COUNTED:
            before = found.get(row["svname"], Counted(in_flight=0, begun=0))
            found[row["svname"]] = Counted(
                in_flight=before.in_flight + int(row["scur"]),
                begun=before.begun + int(row["stot"]),
            )
    return found


def setting(answer: str, weights: Mapping[str, int]) -> str:
    """What sets them in every backend that is there. To say it twice does no harm."""
    return ";".join(
        f"set server {row['pxname']}/{row['svname']} weight {weights[row['svname']]}"
        for row in rows(answer)
        if row["pxname"] in WEIGHED and row["svname"] in weights
    )


def rows(answer: str) -> Iterator[dict[str, str]]:
    """CSV whose first line begins with `# ` and names the columns."""
    lines = [line for line in answer.splitlines() if line]
    if lines and lines[0].startswith("# pxname,"):
        yield from csv.DictReader([lines[0].removeprefix("# "), *lines[1:]])
