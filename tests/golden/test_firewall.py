"""The kernel accepts every firewall that we write."""

import os
from pathlib import Path

import pytest

from .refusal import changed, golden_files, refusal

FIREWALLS = golden_files("standfast/nftables.conf")
WEB = "eleven-machines/web-1: /etc/standfast/nftables.conf"


def refused(path: Path) -> str:
    """Asked in a network namespace of its own, which has no rules: this computer's firewall stays
    untouched even if nft should do more than check. Whoever is not root is root in there."""
    own = ("unshare", "--net", *(() if os.geteuid() == 0 else ("--map-root-user",)))
    return refusal(*own, "nft", "--check", "--file", str(path))


def test_every_golden_machine_has_a_firewall() -> None:
    assert len(FIREWALLS) == 14


@pytest.mark.parametrize("name", FIREWALLS)
def test_nft_accepts_it(name: str) -> None:
    assert not refused(FIREWALLS[name])


@pytest.mark.parametrize(
    ("good", "mistake"),
    [
        ("policy drop", "policy shut"),
        ("dport 8443", "dport 84430"),
        ("ip saddr { ", "ip saddr { 10.77.0.300, "),
        ("counter name dropped", "counter name discarded"),
    ],
)
def test_nft_refuses_a_planted_mistake(good: str, mistake: str, tmp_path: Path) -> None:
    path = tmp_path / "nftables.conf"
    path.write_text(changed(FIREWALLS[WEB], good, mistake))
    assert "Error" in refused(path)
