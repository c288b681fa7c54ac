"""An operator brings a certificate for a name of the site; no site has to be up for it."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.keys.issuing import Signer, World, issue

from standfast.core.errors import ConfigError

from .test_operator import Desk

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="sites are root's")

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def anna(tmp_path: Path) -> Desk:
    shared = tmp_path / "shared"
    shared.mkdir()
    names = 'names = ["shop.example", "www.shop.example"]'
    (shared / "standfast.toml").write_text(f'name = "t{os.getpid()}"\n{names}\n')
    return Desk(tmp_path / "anna", shared)


@pytest.fixture(scope="module")
def world() -> World:
    return World.make(now=NOW)


def laid(folder: Path, own: Signer, world: World) -> tuple[str, str, str, str]:
    """The words after `certificate import`."""
    (folder / "chain.pem").write_bytes(own.pem + world.between.pem)
    (folder / "key.pem").write_bytes(own.key_pem)
    (folder / "root.pem").write_bytes(world.root.pem)
    return (
        str(folder / "chain.pem"),
        str(folder / "key.pem"),
        "--authority",
        str(folder / "root.pem"),
    )


def test_what_was_brought_is_listed_shown_and_removed(
    anna: Desk, world: World, tmp_path: Path
) -> None:
    own = issue(
        "shop.example", by=world.between, dns=["shop.example"], starts=NOW - timedelta(days=1)
    )
    words = laid(tmp_path, own, world)
    said = anna.says("certificate", "import", *words).stdout
    assert "has a certificate for shop.example:" in said
    assert "It is not for www.shop.example: bring one for those too." in said

    (listed,) = json.loads(anna.says("certificate", "list", "--json").stdout)["certificates"]
    assert listed["names"] == ["shop.example"]
    asked = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-serial", "-in", words[0]]
    fingerprint, serial = subprocess.run(
        asked, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert listed["serial"] == serial.removeprefix("serial=")

    shown = anna.says("certificate", "show", "shop.example").stdout
    assert f"answers: {fingerprint}" in shown
    assert "-servername shop.example </dev/null" in shown
    assert "until" in anna.says("certificate", "list").stdout

    anna.says("certificate", "remove", "shop.example")
    assert json.loads(anna.says("certificate", "list", "--json").stdout)["certificates"] == []
    with pytest.raises(ConfigError, match=r"no certificate was brought for shop\.example"):
        anna.says("certificate", "remove", "shop.example")
    with pytest.raises(ConfigError, match=r"no certificate is for shop\.example"):
        anna.says("certificate", "show", "shop.example")


def test_what_will_not_do_is_refused_with_all_that_is_wrong_and_nothing_is_sealed(
    anna: Desk, world: World, tmp_path: Path
) -> None:
    own = issue("other.example", by=world.between, dns=["other.example"], days=0.001)
    chain, key, *_ = laid(tmp_path, own, world)
    with pytest.raises(ConfigError) as refused:
        anna.says("certificate", "import", chain, key)
    words = refused.value.words
    for said in (
        "is for other.example, and this site is called shop.example, www.shop.example",
        "expired on",
        "signed by Root, whom nobody here trusts",
        "\nTry: ",
    ):
        assert said in words
    assert not (anna.shared / "secrets.age").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x30\x82\x01", "holds no certificate in PEM form"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"),
    ],
)
def test_a_file_that_is_no_certificate_is_refused_by_its_name(
    anna: Desk, world: World, tmp_path: Path, content: bytes, said: str
) -> None:
    own = issue("shop.example", by=world.between, dns=["shop.example"])
    chain, key, *_ = laid(tmp_path, own, world)
    Path(chain).write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        anna.says("certificate", "import", chain, key)


def test_a_key_under_a_passphrase_is_refused_with_a_way_out(
    anna: Desk, world: World, tmp_path: Path
) -> None:
    own = issue("shop.example", by=world.between, dns=["shop.example"])
    chain, key, *_ = laid(tmp_path, own, world)
    sealed = tmp_path / "sealed.pem"
    asked = ["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:word", "-out", str(sealed)]
    subprocess.run(asked, check=True)
    with pytest.raises(ConfigError, match="under a passphrase") as refused:
        anna.says("certificate", "import", chain, str(sealed))
    assert "openssl pkey -in FILE" in refused.value.remedy
    with pytest.raises(ConfigError, match="holds no private key"):
        anna.says("certificate", "import", chain, chain)
