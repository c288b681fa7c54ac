"""What `status` says of a machine whose disk fills up or whose clock is wrong."""

from datetime import timedelta
from typing import Any

import pytest

from standfast.cli.health import ailments, machine_health
from standfast.core.units import parse_stamp, stamp

NOW = parse_stamp("2026-11-25T03:00:00.000Z")


def facts(
    *,
    used: float = 0.4,
    off_s: float = 0,
    settable: bool = True,
    synchronized: bool = True,
    outdated: tuple[str, ...] = (),
) -> dict[str, Any]:
    level = "full" if used >= 0.95 else "filling" if used >= 0.8 else "fine"
    return {
        "disks": [
            {"folder": "/", "used": 0.3, "level": "fine"},
            {"folder": "/var/lib/postgresql", "used": used, "level": level},
        ],
        "now": stamp(NOW + timedelta(seconds=off_s)),
        "clock": {"settable": settable, "synchronized": synchronized},
        "outdated": outdated,
    }


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (facts(), []),
        (facts(used=0.91), ["disk 91% full (/var/lib/postgresql)"]),
        (facts(off_s=-3600), ["clock 60 min behind"]),
        (facts(off_s=1.5), []),
        (facts(synchronized=False), ["clock follows no time server"]),
        (facts(synchronized=False, settable=False), []),
        (facts(outdated=("haproxy",)), ["wants a restart after an update (standfast update)"]),
        ({"hostname": "web-1"}, []),
    ],
)
def test_an_ailment_is_said_in_words(told: dict[str, Any], said: list[str]) -> None:
    assert list(ailments(machine_health(told, NOW))) == said
