"""An envelope holds what a lost site needs and nothing else, and a changed key makes it stale."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from standfast.core.errors import ConfigError, StandfastError
from standfast.mechanisms.keys import custody, rotation
from standfast.mechanisms.keys.authority import Authority, operator_identity
from standfast.mechanisms.keys.custody import DRAWN, ORIGIN, SiteSecrets
from standfast.mechanisms.keys.envelope.contents import (
    LEFT_OUT,
    NEEDED,
    RECORD,
    Content,
    gathered,
    is_left_out,
    needed,
)
from standfast.mechanisms.keys.envelope.staleness import (
    Digests,
    State,
    Written,
    digests,
    judge,
)
from standfast.mechanisms.keys.operators import Operator
from standfast.mechanisms.keys.vault import FILES, Place, Vault
from standfast.mechanisms.rollout import roster

from .conftest import RUNNER, Person

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SETTINGS = 'name = "shop"\n'
VERSIONS = {"standfast": "0.1.0"}


@pytest.fixture
def vault(place: Place, people: Callable[[str], Person]) -> Vault:
    """As `up` leaves it."""
    vault = Vault.begin(place, people("anna").operator, RUNNER)
    custody.ensure(vault)
    custody.vantage_signer(vault)
    custody.log_key(vault)
    vault.put(ORIGIN, "shop.localhost/trust/log")
    vault.put(roster.NAME, "[]")
    operator_identity(vault, Authority.ensure(vault, site="shop", now=NOW), now=NOW)
    vault.put(f"{FILES}operator_key", "ssh")
    vault.put("certificates/web-1-identity.pem", "issued")
    vault.put(RECORD, "{}")
    return vault


def content(vault: Vault) -> Content:
    return gathered(
        vault.contents,
        site="shop",
        settings=SETTINGS,
        versions=VERSIONS,
        written_at="2026-11-25T12:00:00.000Z",
    )


def of(vault: Vault, settings: str = SETTINGS) -> Digests:
    return digests(settings, vault.operators, vault.contents.kept)


def written(vault: Vault) -> Written:
    return Written(at="2026-11-25T12:00:00.000Z", digests=of(vault))


def test_only_what_is_needed_goes_in(vault: Vault) -> None:
    assert set(content(vault).secrets) == set(NEEDED)
    assert content(vault).secrets["ca.key"] == vault.get("ca.key")


def test_somebody_has_decided_about_every_secret_that_a_site_has(vault: Vault) -> None:
    rotation.begin(vault, site="shop", grace=timedelta(hours=1), now=NOW)
    undecided = [each for each in vault.names if each not in NEEDED and not is_left_out(each)]
    assert not undecided, f"put into NEEDED or LEFT_OUT of keys/envelope/contents.py: {undecided}"
    drawn = {f"{DRAWN}{each.name}" for each in fields(SiteSecrets)}
    assert drawn <= set(NEEDED) | set(LEFT_OUT)
    assert not set(NEEDED) & set(LEFT_OUT)


def test_what_nobody_has_decided_about_goes_in() -> None:
    assert needed({"drawn/of_a_newer_version": "x", "offsite.key": "y"}) == {
        "drawn/of_a_newer_version": "x",
        "offsite.key": "y",
    }


def test_it_comes_back_as_it_went_in_and_shows_no_secret(vault: Vault) -> None:
    made = content(vault)
    assert Content.from_json(made.to_json()) == made
    assert made.secrets["drawn/backup_secret"] not in repr(made)
    newer = made.to_json().replace(b'"format": 1', b'"format": 2')
    with pytest.raises(ConfigError, match="format 2"):
        Content.from_json(newer)


def test_the_key_that_readers_have_pinned_is_the_public_half_of_the_logs(vault: Vault) -> None:
    assert content(vault).log_key.startswith("shop.localhost/trust/log+")


def test_a_site_that_was_never_up_has_nothing_to_keep(
    place: Place, people: Callable[[str], Person]
) -> None:
    young = Vault.begin(place, people("anna").operator, RUNNER)
    with pytest.raises(StandfastError, match=r"the authority's key, .* the service's secret"):
        content(young)


def test_before_the_first_there_is_none(vault: Vault) -> None:
    assert judge(None, of(vault)).state is State.NEVER


def test_one_that_was_just_written_is_current_and_remembers_that(vault: Vault) -> None:
    record = Written.from_json(written(vault).to_json())
    assert record == written(vault)
    found = judge(record, of(vault))
    assert (found.state, found.changed) == (State.CURRENT, ())
    assert found.written_at == "2026-11-25T12:00:00.000Z"


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_each_key_that_changes_makes_it_stale_and_is_named(vault: Vault, name: str) -> None:
    before = written(vault)
    vault.put(name, "another")
    found = judge(before, of(vault))
    assert (found.state, found.changed) == (State.STALE, (NEEDED[name],))


def test_a_rotation_makes_it_stale_from_its_first_step_to_its_end(vault: Vault) -> None:
    before = written(vault)
    rotation.begin(vault, site="shop", grace=timedelta(hours=1), now=NOW)
    assert judge(before, of(vault)).changed == ("the service's secret",)
    while rotation.advance(vault):
        assert judge(before, of(vault)).state is State.STALE
    changed = ("the authority's key", "the authority's certificate", "the service's secret")
    assert set(judge(before, of(vault)).changed) == set(changed)


def test_operators_who_come_go_or_have_another_key_make_it_stale(vault: Vault) -> None:
    before = written(vault)
    anna, ben = vault.operators[0], Operator(name="ben", key="age1ben")
    kept = vault.contents.kept
    for operators in ((anna, ben), (ben,), (replace(anna, key="age1other"),)):
        found = judge(before, digests(SETTINGS, operators, kept))
        assert found.changed == ("the operators",)
    two = digests(SETTINGS, (anna, ben), kept)
    assert two == digests(SETTINGS, (ben, anna), kept), "their order is nobody's business"


def test_another_standfast_toml_makes_it_stale(vault: Vault) -> None:
    found = judge(written(vault), of(vault, SETTINGS + "port = 9443\n"))
    assert (found.state, found.changed) == (State.STALE, ("standfast.toml",))


def test_a_repository_key_that_is_new_or_gone_makes_it_stale(vault: Vault) -> None:
    before = written(vault)
    vault.put("offsite.key", "new")
    assert judge(before, of(vault)).changed == ("offsite.key",)
    after = written(vault)
    vault.drop("offsite.key")
    assert judge(after, of(vault)).changed == ("offsite.key",)


@pytest.mark.parametrize(
    "name", ["drawn/database_password", "files/operator.key", "certificates/web-1-identity.pem"]
)
def test_what_is_not_in_it_does_not_make_it_stale(vault: Vault, name: str) -> None:
    before = written(vault)
    vault.put(name, "another")
    assert judge(before, of(vault)).state is State.CURRENT
