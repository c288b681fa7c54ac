"""A witness has one key, one name and one folder."""

from pathlib import Path

import pytest

from standfast.core.errors import ConfigError
from standfast.mechanisms.witness.place import KEY, signer


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "witness"
    made = signer(folder, "ann.example/witness", default="unused")
    assert (folder / KEY).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    again = signer(folder, None, default="unused")
    assert (again.name, again.public_key) == ("ann.example/witness", made.public_key)


def test_a_name_that_is_not_given_is_the_default_and_stays(tmp_path: Path) -> None:
    assert signer(tmp_path, None, default="here/witness").name == "here/witness"
    assert signer(tmp_path, None, default="renamed/witness").name == "here/witness"
    with pytest.raises(ConfigError, match="is called here/witness, not other"):
        signer(tmp_path, "other", default="here/witness")


@pytest.mark.parametrize("name", ["a b", "a+b", "", "a\nb"])
def test_a_name_that_no_key_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="--name"):
        signer(tmp_path / "new", name or " ", default="unused")
    assert not (tmp_path / "new").exists()
