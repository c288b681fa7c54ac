"""The recovery envelope from the command line: written, checked, and stale when a key changes."""

import json
import os
import pty
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from standfast.cli.envelope import retried, typed_back
from standfast.core.clock import SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import ConfigError, Refused, StandfastError
from standfast.mechanisms.keys import custody, rotation
from standfast.mechanisms.keys.authority import Authority
from standfast.mechanisms.keys.envelope import passphrase
from standfast.mechanisms.keys.envelope.contents import NEEDED
from standfast.mechanisms.keys.identities import Identity
from standfast.mechanisms.keys.vault import Place, Vault

from .test_operator import Desk, made

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="sites are root's")

OTHER = "0" * 28


def a_site(folder: Path, desk: str, name: str) -> Desk:
    """Whose secrets are those that `up` makes."""
    folder.mkdir()
    (folder / "standfast.toml").write_text(f'name = "{name}"\n')
    anna = Desk(folder.parent / desk, folder)
    anna.says("operator", "add", "ben", made(anna.folder / "ben"))
    vault = opened(anna)
    custody.ensure(vault)
    custody.log_key(vault)
    vault.put(custody.ORIGIN, f"{name}.localhost/trust/log")
    Authority.ensure(vault, site=name, now=SystemClock().now())
    vault.save()
    return anna


def opened(desk: Desk) -> Vault:
    place = Place(sealed=desk.shared / "secrets.age", listed=desk.shared / "operators")
    mine = Identity(path=desk.folder / "config" / "standfast" / "identity")
    return Vault.open(place, (mine,), SystemRunner())


@pytest.fixture
def anna(tmp_path: Path) -> Desk:
    return a_site(tmp_path / "shared", "anna", f"e{os.getpid()}")


def written(desk: Desk, name: str = "shop.envelope") -> tuple[Path, str]:
    """The file, and its passphrase."""
    file = desk.folder / name
    said = desk.says("keys", "envelope", "-o", str(file), "--print-passphrase", "--json")
    return file, json.loads(said.stdout)["passphrase"]


def checked(desk: Desk, file: Path, phrase: str) -> tuple[int, str]:
    done = desk.says("keys", "envelope", "--check", str(file), stdin=phrase)
    return done.return_value, done.stdout


def test_what_was_written_opens_and_says_what_is_in_it(anna: Desk) -> None:
    file, phrase = written(anna)
    assert file.stat().st_mode & 0o777 == 0o600
    status, said = checked(anna, file, phrase)
    assert status == 0
    assert "holds what the site has now" in said
    assert "operators: anna, ben" in said
    assert "the secret of the repositories' keys" in " ".join(said.split())
    assert all(len(line) <= 80 for line in said.splitlines()[1:] if "log: " not in line)
    vault = opened(anna)
    for name in {*NEEDED} - {custody.ORIGIN}:
        assert vault.read(name).decode() not in said


def test_it_holds_the_file_and_the_keys_of_the_site(anna: Desk) -> None:
    file, phrase = written(anna)
    done = anna.says("keys", "envelope", "--check", str(file), "--json", stdin=phrase)
    found = json.loads(done.stdout)
    assert (found["state"], found["operators"]) == ("current", ["anna", "ben"])
    assert found["settings_bytes"] == (anna.shared / "standfast.toml").stat().st_size
    assert "passphrase" not in found
    assert {"standfast", "programs", "packages", "suite", "release"} == set(found["versions"])


def test_the_key_by_which_names_are_led_elsewhere_goes_along(anna: Desk, tmp_path: Path) -> None:
    key = tmp_path / "dns.key"
    with (anna.shared / "standfast.toml").open("a") as file:
        file.write('[dns]\nway = "rfc2136"\nserver = "192.0.2.53"\nzone = "example.com"\n')
        file.write(f'key_file = "{key}"\n')
    envelope, phrase = written(anna)
    done = anna.says("keys", "envelope", "--check", str(envelope), "--json", stdin=phrase)
    assert custody.DNS_KEY not in json.loads(done.stdout)["secrets"]
    key.write_text('key "standfast" { };\n')
    envelope, phrase = written(anna)
    status, said = checked(anna, envelope, phrase)
    assert status == 0
    assert "the key by which its names are led elsewhere" in " ".join(said.split())
    assert opened(anna).get(custody.DNS_KEY) == key.read_text()


def test_a_key_that_changes_makes_it_stale_and_writing_it_anew_heals_that(anna: Desk) -> None:
    file, phrase = written(anna)
    vault = opened(anna)
    vault.put("drawn/service_secret", "another")
    vault.save()
    anna.says("operator", "remove", "ben")
    status, said = checked(anna, file, phrase)
    assert status == 1
    assert "stale, changed since: the service's secret, the operators" in " ".join(said.split())
    file, phrase = written(anna)
    assert checked(anna, file, phrase)[0] == 0


def test_an_older_envelope_of_the_site_is_stale_however_new_another_is(anna: Desk) -> None:
    older, phrase = written(anna)
    anna.says("operator", "remove", "ben")
    written(anna, "newer.envelope")
    assert checked(anna, older, phrase)[0] == 1


def test_status_says_it_in_words_and_in_json(anna: Desk) -> None:
    home = anna.folder / "state" / "sites" / f"e{os.getpid()}"
    home.mkdir(parents=True, exist_ok=True)
    (home / "known_hosts").touch()  # by which a site that was made here is known

    def status() -> tuple[dict[str, Any], str]:
        found = json.loads(anna.says("status", "--json").stdout)["envelope"]
        return found, " ".join(anna.says("status").stdout.split())

    found, words = status()
    assert found == {"state": "never", "written_at": None, "changed": []}
    assert "recovery envelope: none was ever written: `standfast keys envelope`" in words
    written(anna)
    found, words = status()
    assert (found["state"], found["changed"]) == ("current", [])
    assert "recovery envelope: holds what the site has now" in words
    anna.says("operator", "remove", "ben")
    found, words = status()
    assert (found["state"], found["changed"]) == ("stale", ["the operators"])
    assert "recovery envelope: stale, changed since: the operators;" in words


def test_on_a_computer_without_the_site_it_opens_and_is_compared_with_nothing(
    anna: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, phrase = written(anna)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    away = Desk(tmp_path / "away", elsewhere)
    done = away.says("keys", "envelope", "--check", str(file), stdin=phrase, named=False)
    assert done.return_value == 3
    assert "whether it is stale cannot be said" in " ".join(done.stdout.split())


def test_whoever_has_lost_his_key_still_sees_what_is_in_it(anna: Desk, tmp_path: Path) -> None:
    file, phrase = written(anna)
    carl = Desk(tmp_path / "carl", anna.shared)
    status, said = checked(carl, file, phrase)
    assert status == 3
    assert "operators: anna, ben" in said
    assert "whether it is stale cannot be said" in " ".join(said.split())


def test_another_sites_envelope_is_refused_by_name_and_by_key(anna: Desk, tmp_path: Path) -> None:
    other = a_site(tmp_path / "other", "otto", f"o{os.getpid()}")
    file, phrase = written(anna)
    with pytest.raises(Refused, match=r"is the envelope of e\d+, and this site is o\d+"):
        checked(other, file, OTHER)
    namesake = a_site(tmp_path / "namesake", "nora", f"e{os.getpid()}")
    with pytest.raises(Refused, match="another site that is called"):
        checked(namesake, file, phrase)


def test_a_typing_error_and_a_wrong_passphrase_are_two_things(anna: Desk) -> None:
    file, phrase = written(anna)
    with pytest.raises(Refused, match="mistyped"):
        checked(anna, file, phrase[:-1] + ("2" if phrase[-1] != "2" else "3"))
    with pytest.raises(Refused, match="this passphrase does not open it"):
        checked(anna, file, OTHER)


def test_without_a_terminal_nothing_is_written_unless_it_is_asked_for(anna: Desk) -> None:
    before = (anna.shared / "secrets.age").read_bytes()
    file = anna.folder / "unseen.envelope"
    with pytest.raises(Refused, match="nobody would see the passphrase"):
        anna.says("keys", "envelope", "-o", str(file), "--json")
    assert not file.exists()
    assert (anna.shared / "secrets.age").read_bytes() == before


def test_a_file_that_is_no_envelope_is_not_overwritten(anna: Desk) -> None:
    file = anna.folder / "letters.txt"
    file.write_text("dear")
    with pytest.raises(Refused, match="is there, and is no recovery envelope"):
        anna.says("keys", "envelope", "-o", str(file), "--print-passphrase")
    with pytest.raises(ConfigError, match="is no folder"):
        anna.says("keys", "envelope", "-o", str(file / "x" / "y"), "--print-passphrase")
    assert file.read_text() == "dear"


def test_another_sites_envelope_is_not_overwritten_and_ones_own_is(
    anna: Desk, tmp_path: Path
) -> None:
    other = a_site(tmp_path / "other", "otto", f"o{os.getpid()}")
    file, phrase = written(other)
    with pytest.raises(Refused, match=r"is the envelope of o\d+, and would be lost"):
        anna.says("keys", "envelope", "-o", str(file), "--print-passphrase")
    assert checked(other, file, phrase)[0] == 0
    _, newer = written(other)
    with pytest.raises(Refused, match="does not open it"):
        checked(other, file, phrase)
    assert checked(other, file, newer)[0] == 0


def test_none_is_written_while_keys_are_rotated_and_the_last_one_is_stale(anna: Desk) -> None:
    file, phrase = written(anna)
    vault = opened(anna)
    rotation.begin(vault, site="shop", grace=timedelta(hours=1), now=SystemClock().now())
    vault.save()
    with pytest.raises(Refused, match="the keys are being rotated"):
        written(anna, "meanwhile.envelope")
    assert not (anna.folder / "meanwhile.envelope").exists()
    assert checked(anna, file, phrase)[0] == 1


def test_a_site_that_is_not_up_has_none(tmp_path: Path) -> None:
    folder = tmp_path / "young"
    folder.mkdir()
    (folder / "standfast.toml").write_text(f'name = "y{os.getpid()}"\n')
    with pytest.raises(StandfastError, match="is not there"):
        Desk(tmp_path / "yara", folder).says("keys", "envelope", "--print-passphrase")


def answers(*typed: str) -> Callable[[str], str]:
    left = iter(typed)
    return lambda words: next(left)


def test_the_groups_are_asked_back_until_they_are_right_and_not_for_ever() -> None:
    drawn = passphrase.draw()
    groups = tuple(passphrase.groups(drawn))
    typed_back(drawn, (2, 5), answers("nope", groups[1].lower(), groups[4]))
    with pytest.raises(Refused, match="group 5 was typed otherwise, so nothing was written"):
        typed_back(drawn, (2, 5), answers(groups[1], groups[1], "", "nope"))


def test_what_was_mistyped_is_asked_for_again() -> None:
    drawn = passphrase.draw()
    typed = iter(["nope", passphrase.written(drawn)])
    assert retried(lambda: next(typed)) == drawn
    with pytest.raises(Refused, match="mistyped"):
        retried(lambda: "nope")


def test_on_a_terminal_it_is_shown_once_and_asked_back(anna: Desk) -> None:
    """A real one: two groups are typed back unseen, and stdout has no word of it."""
    file, out = anna.folder / "seen.envelope", anna.folder / "stdout"
    words = ["--file", str(anna.shared / "standfast.toml"), "keys", "envelope", "-o", str(file)]
    program = "from standfast.cli import main; main()"
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover
        os.environ.update({name: text for name, text in anna.environment.items() if text})
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT), 1)
        os.execv(sys.executable, [sys.executable, "-c", program, *words])
    seen = ""
    typed = 0
    while True:
        try:
            seen += os.read(terminal, 1000).decode()
        except OSError:
            break
        wanted = re.findall(r"Its group (\d) of 7: ", seen)
        if len(wanted) > typed:
            phrase = re.findall(r"(?:[0-9A-Z]{4}-){6}[0-9A-Z]{4}", seen)[0]
            os.write(terminal, f"{phrase.split('-')[int(wanted[-1]) - 1]}\n".encode())
            typed += 1
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, seen
    assert (typed, seen.count(phrase)) == (2, 1)
    assert phrase not in out.read_text()
    assert checked(anna, file, phrase)[0] == 0
