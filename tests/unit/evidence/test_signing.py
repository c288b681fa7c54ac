import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from standfast.core.errors import ConfigError
from standfast.evidence.signing import Ed25519Signer, signed


def pem(key, encryption=None):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        encryption or serialization.NoEncryption(),
    )


def test_the_published_vector_of_the_signature_is_reproduced():
    """RFC 8032, 7.1, test 2."""
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    signer = Ed25519Signer.from_seed("log", seed)
    assert signer.public_key.hex().startswith("3d4017c3e843895a92b70aa74d1b7ebc")
    assert signer.sign(b"\x72").hex().startswith("92a009a9f0d4cab8720e820b5f642540")


def test_a_key_from_a_file_signs_and_its_public_half_verifies():
    signer = Ed25519Signer.from_pem("log", pem(Ed25519PrivateKey.generate()))
    signature = signer.sign(b"data")
    assert signed(signer.public_key, signature, b"data")
    assert not signed(signer.public_key, signature, b"Data")


def test_a_key_of_another_kind_or_with_a_password_or_none_at_all_is_refused():
    other = pem(ec.generate_private_key(ec.SECP256R1()))
    locked = pem(Ed25519PrivateKey.generate(), serialization.BestAvailableEncryption(b"secret"))
    for content in (other, locked, b"", b"-----BEGIN PRIVATE KEY-----\n"):
        with pytest.raises(ConfigError, match="key of log is not an Ed25519"):
            Ed25519Signer.from_pem("log", content)


def test_a_signer_does_not_show_its_key():
    seed = bytes(range(32))
    assert repr(Ed25519Signer.from_seed("log", seed)) == "Ed25519Signer('log', •••)"
