"""The rules hold, and each of them has been seen red."""

import pytest

from .rules import (
    PRODUCT_RULES,
    Rule,
    banned_names,
    broad_excepts,
    globals_rebound,
    mocks,
    module_state,
    shells,
    unseeded_chance,
)
from .tree import PRODUCT, report, source, sources


@pytest.mark.parametrize("rule", PRODUCT_RULES, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_rule(rule: Rule) -> None:
    found = [line for each in sources(PRODUCT) for line in report(each.path, rule(each))]
    assert not found, "\n" + "\n".join(found)


def test_tests_use_no_mock_library() -> None:
    found = [line for each in sources("tests/") for line in report(each.path, mocks(each))]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (banned_names, "import subprocess"),
        (banned_names, "from subprocess import run"),
        (banned_names, "from multiprocessing import Pool"),
        (banned_names, "import os\nos.system('true')"),
        (banned_names, "from datetime import datetime\ndatetime.now()"),
        (banned_names, "import datetime as dt\ndt.datetime.utcnow()"),
        (banned_names, "import time\nwait = time.sleep"),
        (banned_names, "from time import monotonic"),
        (banned_names, "import random"),
        (banned_names, "from random import choice"),
        (banned_names, "import uuid\nuuid.uuid4()"),
        (banned_names, "import secrets"),
        (banned_names, "from os import urandom"),
        (shells, "runner(('ls',), shell=True)"),
        (unseeded_chance, "from random import Random\nRandom()"),
        (broad_excepts, "try:\n    f()\nexcept Exception:\n    pass"),
        (broad_excepts, "try:\n    f()\nexcept (OSError, BaseException) as error:\n    log(error)"),
        (broad_excepts, "try:\n    f()\nexcept:\n    pass"),
        (broad_excepts, "with suppress(Exception):\n    f()"),
        (globals_rebound, "def f() -> None:\n    global seen\n    seen = 1"),
        (module_state, "SEEN = []"),
        (module_state, "SEEN: dict[str, int] = {}"),
        (module_state, "from collections import defaultdict\nSEEN = defaultdict(list)"),
        (mocks, "from unittest import mock"),
        (mocks, "from unittest.mock import Mock"),
    ],
)
def test_a_planted_fault_turns_the_rule_red(rule: Rule, code: str) -> None:
    assert len(list(rule(source(f"{PRODUCT}proofs/planted.py", code)))) == 1


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        (banned_names, "core/command.py", "import subprocess"),
        (banned_names, "core/copies.py", "from multiprocessing import get_context"),
        (banned_names, "core/clock.py", "import time\ntime.sleep(1)"),
        (banned_names, "mechanisms/keys/custody.py", "import secrets"),
        (banned_names, "daemons/keeper.py", "from random import Random"),
        (banned_names, "proofs/load.py", "def f(time: Clock) -> None:\n    time.sleep(1)"),
        (banned_names, "a.py", "if TYPE_CHECKING:\n    from subprocess import Popen"),
        (unseeded_chance, "proofs/load.py", "from random import Random\nRandom(7)"),
        (
            broad_excepts,
            "core/files.py",
            "try:\n    f()\nexcept BaseException:\n    raise",
        ),
        (broad_excepts, "daemons/keeper.py", "try:\n    f()\nexcept Exception:\n    record()"),
        (module_state, "proofs/table.py", "TABLE: Mapping[str, int] = {'a': 1}"),
        (module_state, "proofs/table.py", "NAMES = ('a', 'b')\nSET = frozenset({'a'})"),
        (module_state, "proofs/table.py", "class A:\n    def f(self) -> None:\n        x = []"),
    ],
)
def test_what_has_a_good_reason_stays_green(rule: Rule, path: str, code: str) -> None:
    assert not list(rule(source(f"{PRODUCT}{path}", code)))


def test_a_daemon_may_catch_everything_once() -> None:
    twice = "try:\n    f()\nexcept Exception:\n    pass\n" * 2
    found = list(broad_excepts(source(f"{PRODUCT}daemons/keeper.py", twice)))
    assert [finding.line for finding in found] == [7]
