"""Patroni goes back to the voters of its file, as they are now."""

import inspect
from pathlib import Path
from types import SimpleNamespace

import pytest
from patroni.dcs.etcd import AbstractEtcdClientWithFailover as Client

from standfast.mechanisms.database.patroni_start import follow

ASKED = "_get_machines_cache_from_config"


def written(file: Path, *hosts: str) -> None:
    lines = "".join(f"    - {each}\n" for each in hosts)
    file.write_text(f"scope: shop\netcd3:\n  hosts:\n{lines}")


def test_voters_are_those_of_the_file_whenever_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, ASKED, getattr(Client, ASKED))  # taken back afterwards
    file = tmp_path / "patroni.yml"
    follow(file)
    client = SimpleNamespace(protocol="https")
    for hosts in (("10.0.0.1:2379", "10.0.0.2:2379"), ("10.0.0.7:2379",)):
        written(file, *hosts)
        assert getattr(Client, ASKED)(client) == [f"https://{each}" for each in hosts]


def test_this_patroni_asks_there_when_nobody_answers() -> None:
    """Upstream's own method: a release that names it otherwise would go unnoticed for long."""
    assert f"self.{ASKED}()" in inspect.getsource(Client._load_machines_cache)
