"""The second opinion must itself be right: it is what the drill is checked with."""

import ast
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CLIENT = Path(__file__).resolve().parents[2] / "site" / "second_client.py"
Serve = Callable[..., Any]


def opinion(service: Any, *, rows: Callable[[], list[str]] | None = None) -> dict[str, Any]:
    plan = service.plan()
    orders = {
        "connect": ["127.0.0.1", service.port],
        "name": "127.0.0.1",
        "ca": plan["ca_file"],
        "canary": {name: plan[name] for name in ("sign_in", "read", "write", "find")},
        "account": plan["account"],
        "password": plan["password"],
        "every_s": 0.01,
        "seconds": 30,
    }
    with subprocess.Popen(
        (sys.executable, "-I", str(CLIENT)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        print(json.dumps(orders), file=process.stdin, flush=True)
        wait_until_saved(service, 12)
        print('"stop"', file=process.stdin, flush=True)
        assert json.loads(process.stdout.readline())["stopped"].startswith("second-")
        if rows is not None:
            print(json.dumps({"rows": rows()}), file=process.stdin, flush=True)
        process.stdin.close()
        verdict: dict[str, Any] = json.loads(process.stdout.readline())
    return verdict


def wait_until_saved(service: Any, count: int) -> None:
    end = time.monotonic() + 10
    while len(service.arrived) < count:
        assert time.monotonic() < end, "the second client saves nothing"
        time.sleep(0.01)


def test_it_finds_nothing_wrong_with_a_service_that_is_well(serve: Serve) -> None:
    service = serve()
    verdict = opinion(service, rows=lambda: [each for each, _ in service.rows])
    assert verdict["requests"] > verdict["writes"] > 10
    assert (verdict["failed"], verdict["doubled"], verdict["missing"]) == (0, 0, 0)
    assert len(service.rows) == verdict["writes"]


def test_it_sees_requests_that_fail_or_are_not_answered(serve: Serve) -> None:
    verdict = opinion(serve(fails=2, swallows=3))
    assert (verdict["failed"], verdict["doubled"], verdict["missing"]) == (5, 0, 0)


def test_it_sends_nothing_twice(serve: Serve) -> None:
    service = serve(swallows=3)
    opinion(service)
    assert set(service.arrived.values()) == {1}


def test_it_sees_what_is_stored_twice(serve: Serve) -> None:
    verdict = opinion(serve(doubles=True))
    assert verdict["doubled"] == verdict["writes"] > 10


def test_it_sees_what_was_acknowledged_and_never_stored(serve: Serve) -> None:
    verdict = opinion(serve(forgets=True))
    assert verdict["missing"] == verdict["writes"] > 10


@pytest.mark.parametrize(
    ("change", "key"), [(lambda ids: ids[1:], "missing"), (lambda ids: [*ids, ids[0]], "doubled")]
)
def test_it_believes_the_rows_over_the_service(
    serve: Serve, change: Callable[[list[str]], list[str]], key: str
) -> None:
    service = serve()
    verdict = opinion(service, rows=lambda: change([each for each, _ in service.rows]))
    assert verdict[key] == 1


def test_it_says_how_long_before_the_silence_the_first_missing_one_was_saved() -> None:
    """Six writes: one a second, then seven seconds of silence; what of them is missing."""
    spec = importlib.util.spec_from_file_location("second_client", CLIENT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    moments = dict(zip("abcdef", (0.0, 1.0, 2.0, 3.0, 10.0, 11.0), strict=True))
    client = module.SecondClient.__new__(module.SecondClient)
    client.run, client.reads, client.trouble = "one", 0, {}
    client.acknowledged = dict.fromkeys(moments, True)
    client.moment_of, client.moments = moments, list(moments.values())

    def lost(stored: str) -> tuple[int, float]:
        verdict = client.verdict([list(stored)])
        assert verdict["silence_s"] == 7.0
        return verdict["missing"], verdict["lost_s"]

    assert lost("abcdef") == (0, 0.0)
    assert lost("abef") == (2, 1.0)
    assert lost("acef") == (2, 2.0)
    assert lost("abcde") == (1, 0.0), "it was lost after the silence"


def test_it_shares_no_code_with_the_drill() -> None:
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(CLIENT.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else names(node))
    }
    assert imported <= sys.stdlib_module_names


def names(node: ast.Import) -> list[str]:
    return [each.name for each in node.names]
