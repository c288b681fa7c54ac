"""While one authority takes the place of another, nobody is ever shown what he does not trust."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from standfast.core.errors import Refused
from standfast.mechanisms.keys import custody, rotation
from standfast.mechanisms.keys.authority import (
    ISSUED,
    Authority,
    Subject,
    common_name,
    is_current,
    make,
    operator_identity,
)
from standfast.mechanisms.keys.rotation import Stage
from standfast.mechanisms.keys.vault import Place, Vault

from .conftest import RUNNER, Person

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEB = Subject(name="web-1")
REQUEST = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(common_name("web-1"))
    .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    .public_bytes(serialization.Encoding.PEM)
)


@pytest.fixture
def vault(place: Place, people: Callable[[str], Person]) -> Vault:
    vault = Vault.begin(place, people("anna").operator, RUNNER)
    custody.ensure(vault)
    custody.vantage_signer(vault)
    operator_identity(vault, authority(vault), now=NOW)
    return vault


def authority(vault: Vault) -> Authority:
    return Authority.ensure(vault, site="shop", now=NOW)


def accepts(trusted: bytes, shown: bytes) -> bool:
    certificate = x509.load_pem_x509_certificate(shown)
    known = x509.load_pem_x509_certificates(trusted)
    any_key = make("none", NOW)
    return any(replace(any_key, certificate=each).has_signed(certificate) for each in known)


def test_at_each_stage_machines_of_this_stage_and_of_the_one_before_trust_each_other(
    vault: Vault,
) -> None:
    stages = []
    rotation.begin(vault, site="shop", grace=HOUR, now=NOW + HOUR)
    stages.append((authority(vault).trusted, authority(vault).issue(REQUEST, WEB, now=NOW)))
    while rotation.advance(vault):
        now = authority(vault)
        assert now.trusted == rotation.trusted(vault)
        stages.append((now.trusted, now.issue(REQUEST, WEB, now=NOW)))
    assert len(stages) == 3
    for before, after in pairwise(stages):
        for (trusted, _), (_, shown) in product((before, after), (before, after)):
            assert accepts(trusted, shown)
    assert not accepts(stages[-1][0], stages[0][1])


def test_certificates_of_the_former_authority_are_issued_anew(vault: Vault) -> None:
    pem = authority(vault).issue(REQUEST, WEB, now=NOW)
    rotation.begin(vault, site="shop", grace=HOUR, now=NOW + HOUR)
    assert is_current(pem, REQUEST, WEB, authority(vault), now=NOW)
    rotation.advance(vault)
    assert not is_current(pem, REQUEST, WEB, authority(vault), now=NOW)


def test_every_step_has_every_certificate_issued_anew(vault: Vault) -> None:
    name = f"{ISSUED}web-1-identity.pem"
    vault.put(name, "issued before")
    rotation.begin(vault, site="shop", grace=HOUR, now=NOW + HOUR)
    assert vault.get(name) is None
    for _ in range(2):
        vault.put(name, "issued at this stage")
        assert rotation.advance(vault)
        assert vault.get(name) is None


def test_all_that_an_operator_knew_is_drawn_anew(vault: Vault) -> None:
    before = dict(vault.contents.kept)
    rotation.begin(vault, site="shop", grace=HOUR, now=NOW)
    operator_identity(vault, authority(vault), now=NOW)
    custody.vantage_signer(vault)
    while rotation.advance(vault):
        operator_identity(vault, authority(vault), now=NOW)
    same = {name for name, text in vault.contents.kept.items() if before.get(name) == text}
    assert same == {"drawn/backup_secret", "drawn/offsite_secret"}, (
        "copies that are kept could not be read any more"
    )
    assert vault.get("drawn/service_secret_before") == before["drawn/service_secret"]
    assert rotation.stage(vault) is Stage.STEADY


def test_the_former_secret_of_the_service_is_accepted_until_its_grace_ends(vault: Vault) -> None:
    rotation.begin(vault, site="shop", grace=HOUR, now=NOW)
    rotation.end_grace(vault, now=NOW + HOUR / 2)
    assert custody.ensure(vault).service_secret_before
    rotation.end_grace(vault, now=NOW + HOUR)
    assert not custody.ensure(vault).service_secret_before


def test_a_second_rotation_waits_for_the_first(vault: Vault) -> None:
    rotation.begin(vault, site="shop", grace=HOUR, now=NOW)
    with pytest.raises(Refused, match="a rotation is under way"):
        rotation.begin(vault, site="shop", grace=HOUR, now=NOW)
