"""Where this room's things lie on a backup machine. Standard library only."""

from standfast.mechanisms.backup.places import HOME

STORE = "/etc/standfast/offsite.json"
KEYS = "/etc/standfast/offsite-keys.json"
SSH_KEY_FILE = "/etc/standfast/offsite-ssh.key"
AUTHORITY_FILE = "/etc/standfast/offsite-authority.pem"
KNOWN_HOSTS = "/etc/standfast/offsite-known-hosts"

OFFSITE = f"{HOME}/offsite"
CACHE = f"{OFFSITE}/cache"
"""restic's own, of encrypted indexes; what is lost of it is fetched again."""

PASSED = f"{OFFSITE}/passed"
"""What was restored for the next snapshot. It lies there in plain until it is off site or the next
one is restored, as `SCRATCH` does while a restore is checked."""

INSIDE = "report.json"
"""In it: what the checks found, and the digest of every table, for whoever brings it back."""

REPORT = f"{OFFSITE}/report.json"
LAST = f"{OFFSITE}/last.json"
"""The restore that the next snapshot is taken of, and the last snapshot that was taken."""

ORDER = f"{OFFSITE}/order.json"
FETCHED = f"{OFFSITE}/fetched"
RETURNED = f"{OFFSITE}/returned"
NOTE = f"{OFFSITE}/fetched.json"
RETURN_REPORT = f"{OFFSITE}/returned.json"
"""Of a snapshot that is brought back to be checked: which one, where it arrives, where it is
started, how fetching it went, and what the checks found."""

OVERRIDE = f"{OFFSITE}/override.json"
PLANTED = f"{OFFSITE}/planted"
"""What a planted fault tells whoever reads from the store, and the repository that it makes."""

PAGE_SETTINGS = "/etc/standfast/offsite-page.json"
PAGE_SENT = f"{OFFSITE}/page.json"
"""From whom the trust page is read that is published in the store, and what of it was sent."""

FETCH_UNIT = "standfast-offsite-fetch.service"
CHECK_UNIT = "standfast-offsite-check.service"
RESTORE_UNIT = "standfast-offsite-restore.service"
UPLOAD_UNIT = "standfast-offsite.service"
TIMER = "standfast-offsite.timer"
PAGE_UNIT = "standfast-offsite-page.service"
PAGE_TIMER = "standfast-offsite-page.timer"
