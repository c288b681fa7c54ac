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

REPORT = f"{OFFSITE}/report.json"
LAST = f"{OFFSITE}/last.json"
"""The restore that the next snapshot is taken of, and the last snapshot that was taken."""

RESTORE_UNIT = "standfast-offsite-restore.service"
UPLOAD_UNIT = "standfast-offsite.service"
TIMER = "standfast-offsite.timer"
