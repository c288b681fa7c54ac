"""When a service may stop, and when its edges are back: decided by what each edge was told."""

from dataclasses import replace

import pytest

from standfast.mechanisms.web.drain import SILENT_S, Seen, is_admitted, may_stop, parse

BEFORE = Seen(passed={"e": 100, "f": 50}, refused={"e": 0, "f": 7}, under_way=4)

STAT = (
    "# pxname,svname,scur,hrsp_2xx,hrsp_5xx,\n"
    "edges,FRONTEND,3,140,9,\n"
    "service,service,2,90,0,\n"
    "service,BACKEND,2,90,0,\n"
    "check-e,service,0,30,0,\n"
    "check-e,BACKEND,1,30,4,\n"
    "check-edge-2,BACKEND,0,,,\n\n"
)


def test_what_the_proxy_counts_is_read() -> None:
    assert parse(STAT) == Seen(
        passed={"e": 30, "edge-2": 0}, refused={"e": 4, "edge-2": 0}, under_way=2
    )


@pytest.mark.parametrize(
    ("refused", "under_way", "waited_s", "may"),
    [
        ({"e": 3, "f": 10}, 0, 1, True),
        ({"e": 2, "f": 10}, 0, 1, False),
        ({"e": 3, "f": 10}, 1, 1, False),
        ({"e": 3, "f": 10}, 1, 14, False),
        ({"e": 3, "f": 7}, 0, SILENT_S - 1, False),
        ({"e": 3, "f": 7}, 0, SILENT_S, True),
        ({"e": 3, "f": 8}, 0, SILENT_S, False),
    ],
)
def test_a_service_stops_when_every_living_edge_has_left_and_is_answered(
    refused: dict[str, int], under_way: int, waited_s: float, may: bool
) -> None:
    now = replace(BEFORE, refused=refused, under_way=under_way)
    assert may_stop(BEFORE, now, waited_s=waited_s) is may


@pytest.mark.parametrize(
    ("passed", "waited_s", "is_back"),
    [
        ({"e": 103, "f": 53}, 1, True),
        ({"e": 103, "f": 52}, 1, False),
        ({"e": 103, "f": 50}, 1, False),
        ({"e": 103, "f": 50}, SILENT_S, True),
        ({"e": 103, "f": 51}, SILENT_S, False),
    ],
)
def test_edges_are_back_when_every_living_one_has_heard_that_it_is_well(
    passed: dict[str, int], waited_s: float, is_back: bool
) -> None:
    assert is_admitted(BEFORE, replace(BEFORE, passed=passed), waited_s=waited_s) is is_back
