"""One-way hashes of passwords: argon2id, at OWASP's strength or better.

OWASP's Password Storage Cheat Sheet asks for at least 19 MiB, 2 passes and 1 lane. The third pass
is ours.
"""

from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    memory_cost = 19 * 1024
    time_cost = 3
    parallelism = 1

    turns = BoundedSemaphore(2)
    """A crowd that signs in at once waits in line instead of taking the machine's memory."""

    def encode(self, password, salt):
        with self.turns:
            return super().encode(password, salt)

    def verify(self, password, encoded):
        with self.turns:
            return super().verify(password, encoded)
