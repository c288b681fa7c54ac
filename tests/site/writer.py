"""Writes rows through the machine's own listener, as the service does, and says what became of it.

Run on a web machine with the programs' Python: `writer.py SECONDS` prints, as JSON, how many writes
were acknowledged, the longest pause between two, and how many are missing or there without a word.
"""

import json
import os
import sys
import time
from itertools import pairwise

import psycopg

PAUSE_S = 0.02


def written(url: str, seconds: float) -> dict[str, float]:
    acknowledged: list[int] = []
    moments: list[float] = []
    connection, end, number = None, time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        try:
            if connection is None:
                connection = psycopg.connect(url, connect_timeout=3, autocommit=True)
            connection.execute("INSERT INTO written VALUES (%s)", (number,))
            acknowledged.append(number)
            moments.append(time.monotonic())
        except psycopg.Error:
            if connection is not None:
                connection.close()
            connection = None
        time.sleep(PAUSE_S)
    found = stored(url)
    return {
        "acknowledged": len(acknowledged),
        "outage_s": max(later - sooner for sooner, later in pairwise(moments)),
        "lost": len(set(acknowledged) - found),
        "ghosts": len(found - set(acknowledged)),
    }


def stored(url: str) -> set[int]:
    with psycopg.connect(url, connect_timeout=3) as connection:
        return {row[0] for row in connection.execute("SELECT number FROM written")}


def main() -> None:
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE IF EXISTS written")
        connection.execute("CREATE TABLE written (number int PRIMARY KEY)")
    print(json.dumps(written(url, float(sys.argv[1]))))


if __name__ == "__main__":
    main()
