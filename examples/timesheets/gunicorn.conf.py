"""Sized for a small machine that shares two cores with others.

Two processes keep answering while one is recycled; eight threads each are sixteen connections to
the database, which two web machines multiply to a third of PostgreSQL's default of a hundred.
"""

import os
from pathlib import Path

bind = f"{os.environ['ADDRESS']}:{os.environ['PORT']}"
worker_class = "gthread"
workers = 2
threads = 8
preload_app = True  # one copy of the code in memory; a broken start ends the unit with its reason

timeout = 30
graceful_timeout = 10
keepalive = 75  # longer than the proxy keeps an idle connection: the proxy is the one that closes

max_requests = 50_000  # whatever leaks, leaks for some minutes of full load only
max_requests_jitter = 10_000

limit_request_line = 4094
limit_request_fields = 50
control_socket_disable = True  # the service has no folder to write to, and needs none
accesslog = None  # the proxy keeps the log of requests; query strings may hold what people wrote
errorlog = "-"

memory = Path("/dev/shm")  # the workers' heartbeat must not wait for a disk
worker_tmp_dir = str(memory) if os.access(memory, os.W_OK) else None
