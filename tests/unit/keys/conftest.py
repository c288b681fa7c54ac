"""People with keys of their own, and a site folder that they share. Sealing is done by real age."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from standfast.core.command import SystemRunner
from standfast.mechanisms.keys.identities import Identity, public_half
from standfast.mechanisms.keys.operators import Operator
from standfast.mechanisms.keys.vault import Place, Vault

RUNNER = SystemRunner()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    operator: Operator
    identity: Identity


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Person]:
    """By name; whoever is called `ssh…` has an SSH key, the others one of age's."""
    folder = tmp_path_factory.mktemp("people")

    def person(name: str) -> Person:
        path = folder / name
        if not path.exists():
            ssh = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path))
            own = ("age-keygen", "-o", str(path))
            subprocess.run(ssh if name.startswith("ssh") else own, check=True, capture_output=True)
        identity = Identity(path=path)
        return Person(
            operator=Operator(name=name, key=public_half(identity, RUNNER)), identity=identity
        )

    return person


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(sealed=tmp_path / "secrets.age", listed=tmp_path / "operators")


def reopened(place: Place, person: Person) -> Vault:
    return Vault.open(place, (person.identity,), RUNNER)
