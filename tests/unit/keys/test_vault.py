"""One sealed file that several people can open, and nobody else."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from standfast.core import files
from standfast.core.command import Command, Result
from standfast.core.errors import ConfigError, Refused
from standfast.mechanisms.keys import custody
from standfast.mechanisms.keys.identities import Identity, named_by, public_half
from standfast.mechanisms.keys.operators import Operator
from standfast.mechanisms.keys.unsealed import Unsealed
from standfast.mechanisms.keys.vault import Place, Vault

from .conftest import RUNNER, Person, reopened

People = Callable[[str], Person]


class Detached:
    """Runs programs where there is no terminal, whoever runs the tests."""

    def run(self, command: Command, *, check: bool = True) -> Result:
        return RUNNER.run(replace(command, argv=("setsid", "-w", *command.argv)), check=check)


def begun(place: Place, person: Person) -> Vault:
    vault = Vault.begin(place, person.operator, RUNNER)
    vault.put("word", "open sesame")
    vault.save()
    return vault


def test_what_one_operator_sealed_another_reads_and_adds_to(place: Place, people: People) -> None:
    vault = begun(place, people("anna"))
    vault.admit(people("ssh-ben").operator)
    vault.save()
    assert b"sesame" not in place.sealed.read_bytes()
    hers = reopened(place, people("ssh-ben"))
    hers.put("second", "hers")
    hers.save()
    assert reopened(place, people("anna")).get("second") == "hers"


def test_an_operator_who_was_removed_opens_only_what_he_copied(
    place: Place, people: People
) -> None:
    vault = begun(place, people("anna"))
    vault.admit(people("ssh-ben").operator)
    vault.save()
    copy = place.sealed.with_name("copy.age")
    copy.write_bytes(place.sealed.read_bytes())
    vault.dismiss("ssh-ben")
    vault.save()
    with pytest.raises(Refused, match=r"none of your keys opens it.*it is sealed to: anna"):
        reopened(place, people("ssh-ben"))
    old = Place(sealed=copy, listed=place.listed)
    assert reopened(old, people("ssh-ben")).get("word") == "open sesame"


def test_whoever_is_not_among_them_is_told_whom_to_ask(place: Place, people: People) -> None:
    begun(place, people("anna"))
    with pytest.raises(Refused) as refused:
        reopened(place, people("carl"))
    assert "sealed to: anna" in refused.value.problem
    assert "Ask anna to run `standfast operator add" in refused.value.remedy
    with pytest.raises(Refused, match="there is no key of yours here"):
        Vault.open(place, (), RUNNER)


def test_a_key_of_another_kind_among_ones_own_does_not_stand_in_the_way(
    place: Place, people: People, tmp_path: Path
) -> None:
    begun(place, people("anna"))
    broken = tmp_path / "id_rsa"
    broken.write_text("-----BEGIN RSA PRIVATE KEY-----\nno\n-----END RSA PRIVATE KEY-----\n")
    mine = people("anna").identity
    vault = Vault.open(place, (Identity(path=broken), people("carl").identity, mine), RUNNER)
    assert vault.get("word") == "open sesame"
    with pytest.raises(ConfigError, match="a key of yours cannot be read"):
        Vault.open(place, (Identity(path=broken),), RUNNER)


def test_a_passphrase_that_nobody_can_be_asked_for_is_told(
    place: Place, people: People, tmp_path: Path
) -> None:
    key = tmp_path / "locked"
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "forgotten", "-f", str(key))
    subprocess.run(words, check=True)
    identity = Identity(path=key)
    vault = begun(place, people("anna"))
    vault.admit(Operator(name="ben", key=public_half(identity, RUNNER)))
    vault.save()
    with pytest.raises(Refused, match="was not opened: failed to obtain passphrase"):
        Vault.open(place, (identity,), Detached())


def test_a_job_is_given_its_key_by_the_environment(place: Place, people: People) -> None:
    begun(place, people("anna"))
    path = people("anna").identity.path
    assert path is not None
    given = named_by(path.read_text())
    assert given == Identity(words=path.read_text().strip() + "\n")
    assert "AGE-SECRET-KEY" not in repr(given)
    assert Vault.open(place, (given,), RUNNER).get("word") == "open sesame"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"words", "is damaged"),
        (b"<<<<<<< ours\n", "a merge was left unfinished"),
    ],
)
def test_a_file_that_is_no_sealed_one_is_named(
    content: bytes, said: str, place: Place, people: People
) -> None:
    place.sealed.write_bytes(content)
    with pytest.raises(Refused, match=said):
        reopened(place, people("anna"))


@pytest.mark.parametrize("kept", [0.5, 0.98])
def test_a_file_that_was_cut_off_or_altered_is_damaged(
    kept: float, place: Place, people: People
) -> None:
    begun(place, people("anna"))
    whole = place.sealed.read_bytes()
    place.sealed.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(Refused, match="is damaged"):
        reopened(place, people("anna"))
    place.sealed.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(Refused, match="is damaged"):
        reopened(place, people("anna"))


def test_an_interrupted_write_leaves_the_former_file(
    place: Place, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = begun(place, people("anna"))
    vault.put("word", "lost")

    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            vault.save()
    assert reopened(place, people("anna")).get("word") == "open sesame"
    assert {path.name for path in place.sealed.parent.iterdir()} == {"operators", "secrets.age"}


def test_a_change_that_somebody_else_made_meanwhile_is_not_overwritten(
    place: Place, people: People
) -> None:
    begun(place, people("anna"))
    first, second = reopened(place, people("anna")), reopened(place, people("anna"))
    first.put("word", "first")
    first.save()
    second.put("word", "second")
    with pytest.raises(Refused, match="has changed while this command was at work"):
        second.save()
    assert reopened(place, people("anna")).get("word") == "first"


def test_nothing_is_sealed_when_nothing_has_changed(place: Place, people: People) -> None:
    begun(place, people("anna"))
    before = place.sealed.read_bytes()
    again = reopened(place, people("anna"))
    again.put("word", "open sesame")
    assert not again.save()
    assert place.sealed.read_bytes() == before


def test_a_line_added_by_hand_opens_nothing(place: Place, people: People) -> None:
    vault = begun(place, people("anna"))
    with place.listed.open("a") as listed:
        listed.write(f"{people('mallory').operator.line}\n")
    vault.put("word", "new")
    vault.save()
    assert "mallory" in place.listed.read_text(), "a person judges it, nobody removes it silently"
    with pytest.raises(Refused, match="none of your keys"):
        reopened(place, people("mallory"))


def test_who_is_listed_before_the_first_sealing_can_open_it(place: Place, people: People) -> None:
    place.listed.write_text(f"{people('ci').operator.line}\n")
    begun(place, people("anna"))
    assert [each.name for each in reopened(place, people("ci")).operators] == ["anna", "ci"]


def test_a_key_that_age_does_not_take_is_refused_before_anything_is_sealed(
    place: Place, people: People
) -> None:
    vault = begun(place, people("anna"))
    with pytest.raises(ConfigError, match="the key of ben is none that age takes"):
        vault.admit(Operator(name="ben", key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"))
    assert [each.name for each in vault.operators] == ["anna"]


def test_the_owner_of_the_folder_owns_the_file(place: Place, people: People) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    os.chown(place.sealed.parent, 65534, 65534)
    begun(place, people("anna"))
    assert place.sealed.stat().st_uid == place.listed.stat().st_uid == 65534


def test_a_secret_that_is_new_to_an_old_file_is_drawn_and_then_stays(
    place: Place, people: People
) -> None:
    vault = begun(place, people("anna"))
    vault.put("drawn/database_password", "as it was")
    vault.put("drawn/of_a_newer_version", "kept")
    vault.save()
    first = custody.ensure(vault)
    vault.save()
    second = custody.ensure(reopened(place, people("anna")))
    assert first == second
    assert first.database_password == "as it was"
    assert len(first.service_secret) >= 40
    assert reopened(place, people("anna")).get("drawn/of_a_newer_version") == "kept"


def test_secrets_stand_in_no_repr(place: Place, people: People) -> None:
    vault = begun(place, people("anna"))
    secrets = custody.ensure(vault)
    assert secrets.database_password not in repr((vault, vault.contents, secrets))


def test_what_programs_left_in_the_folder_is_sealed_and_laid_again(
    tmp_path: Path, place: Place, people: People
) -> None:
    vault = begun(place, people("anna"))
    unsealed = Unsealed(tmp_path / "memory" / "site" / "unsealed")
    unsealed.lay(vault, alone=True)
    (unsealed.folder / "host_keys").mkdir()
    (unsealed.folder / "host_keys" / "web-1").write_bytes(b"key \xff\n")
    unsealed.gather(vault)
    vault.save()
    unsealed.leave()
    assert not unsealed.folder.exists()
    unsealed.lay(reopened(place, people("anna")))
    laid = unsealed.folder / "host_keys" / "web-1"
    assert laid.read_bytes() == b"key \xff\n"
    assert (laid.stat().st_mode & 0o777, unsealed.folder.stat().st_mode & 0o777) == (0o600, 0o700)
    unsealed.leave()
    assert not (tmp_path / "memory").exists()


def test_the_last_command_to_leave_removes_the_folder(
    tmp_path: Path, place: Place, people: People
) -> None:
    vault = begun(place, people("anna"))
    vault.put("files/operator.key", "key")
    first, second = (Unsealed(tmp_path / "memory" / "site" / "unsealed") for _ in range(2))
    first.lay(vault)
    second.lay(vault)
    first.leave()
    assert second.left_over
    second.leave()
    assert not second.left_over
