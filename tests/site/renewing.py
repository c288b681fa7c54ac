"""Hold Patroni's leader lease with Patroni's own client, and say how often it was refused.

Started as `python renewing.py PATRONI_START HOST…`: renews as fast as it is answered until its
input is closed, then prints how often, and how often it took the lease for lost.
"""

import json
import runpy
import sys
import threading
from collections import Counter

from patroni.dcs import get_dcs
from patroni.exceptions import DCSError


def main() -> None:
    start, *hosts = sys.argv[1:]
    runpy.run_path(start)["ask_another"]()
    dcs = get_dcs(
        {
            **{"name": "one", "scope": "shop", "namespace": "/standfast"},
            **{"ttl": 20, "loop_wait": 5, "retry_timeout": 5},
            "etcd3": {"hosts": hosts},
        }
    )
    dcs.get_cluster()
    assert dcs.attempt_to_acquire_leader()
    cluster = dcs.get_cluster()
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    print("holds", flush=True)
    said: Counter[bool] = Counter()
    while not ended.is_set():
        try:
            said[dcs.update_leader(cluster, None)] += 1
        except DCSError:
            said[False] += 1
    print(json.dumps({"renewed": said[True], "refused": said[False]}), flush=True)


if __name__ == "__main__":
    main()
