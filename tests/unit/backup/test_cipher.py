"""Every repository has a key of its own."""

from base64 import b64decode

from standfast.mechanisms.backup.cipher import repository_key


def test_keys_have_256_bits_and_differ_by_machine_and_by_secret() -> None:
    keys = {repository_key(secret, name) for secret in "ab" for name in ("backup-1", "backup-2")}
    assert len(keys) == 4
    assert {len(b64decode(key)) for key in keys} == {32}


def test_a_machine_that_is_replaced_by_one_of_its_name_has_its_key() -> None:
    assert repository_key("a", "backup-1") == repository_key("a", "backup-1")
