"""Where things lie on every machine, and on which ports Standfast itself speaks.

Standard library only: the agent and the applier read it too.
"""

IDENTITY = "/etc/standfast/identity"
IDENTITY_FILES = (f"{IDENTITY}/cert.pem", f"{IDENTITY}/ca.pem")
"""What is renewed: whoever reads them says so with a `bundle.Reader`."""

SIGNING_KEY = f"{IDENTITY}/signing.pem"
"""With which the machine signs what it has measured itself; made there, and read by root alone."""
WITNESS_KEY = f"{IDENTITY}/witness.pem"
"""A monitor's: cosigns the log. It never leaves the machine."""

PUBLIC_IDENTITY = "/etc/standfast/public"
BROUGHT = "/etc/standfast/certificates"
"""On edges: what the operator has brought for the site's names (keys/certificates)."""

ISSUED = "/var/lib/standfast-certificate"
"""On edges: what was issued by ACME (keys/certificates/acme)."""

ISSUED_CHAIN = f"{ISSUED}/chain.pem"
"""For everybody who asks what is shown."""

KEYS_GROUP = "standfast-keys"
"""Who may read the machine's private key besides root: programs that cannot be handed it."""

AGENT_PORT = 7443
PAGES_PORT = 7445
MONITOR_PORT = 7446
WEB_PORT = 8443
DATABASE_PORT = 5432
PATRONI_PORT = 8008
ETCD_CLIENT_PORT = 2379
ETCD_PEER_PORT = 2380
BACKUP_PORT = 8432
"""On backup machines: database machines send WAL there."""

COPYING_PORT = 8433
"""On database machines: backup machines read the database's files there."""

RECEIVER_ROLE = "wal_receiver"
"""As whom a backup machine receives WAL from the primary. No machine is called so: Patroni names
those that acknowledge by their machines, and a receiver is none of them."""

PRIMARY = "primary"
"""Under this name a web machine reaches the database primary, whichever machine that is."""

LISTENER_PORT = 6432
"""Where, on the web machine itself."""

SERVICE_USER = "service"
SERVICE_HOME = "/srv/service"
SERVICE_IDENTITY = "/etc/standfast/service"
"""The key pair with which the service shows itself to the database."""

FAULTS = "/etc/standfast/faults"
"""Where rooms declare what may be planted (agent/faults.py)."""

HEARTBEAT_SOCKET = "/run/standfast-heartbeat/asked"
"""Where a database machine's heartbeat does its part in a look at both copies: the agent asks."""

OPERATORS = "/etc/standfast/operators"
"""Their SSH keys, as in `authorized_keys` (keys/plan.py)."""

SECRETS_MARK = "/etc/standfast/secrets.mark"
"""Of the sealed secrets with which the machine was last brought up (keys/lineage.py)."""

AUTHORITY = "/etc/standfast/ca.pem"
"""The site's authority, where every program may read it."""
