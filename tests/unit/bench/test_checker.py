"""Every verdict of the checker on a history made by hand, and random ones judged a second way."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from . import naive
from .programs import ROOT, program
from .tale import HEADER, Tale, failover

checker = program("checker")


def judged(tale: Tale) -> Any:
    return checker.judged("tale", checker.parsed(tale.text().splitlines(keepends=True)))


def test_a_failover_without_loss_is_well_and_has_its_figures() -> None:
    found = judged(failover().read(20.0, timeline=2).say("end", t=21.0))
    (fault,) = found.faults
    assert (found.verdict, found.why, fault.verdict) == ("ok", [], "ok")
    assert fault.outage_s == pytest.approx(12.01 - 9.91)
    assert fault.redundancy_s == pytest.approx(3.0)
    assert fault.single_copy_s == pytest.approx(7.5)
    assert (fault.acknowledged_before, fault.acknowledged_within) == (100, 60)
    assert fault.acknowledged_after == 20
    assert (found.acknowledged, found.lost, found.ghosts, found.unknown) == (180, [], [], 0)


def test_an_acknowledged_write_that_is_missing_is_lost() -> None:
    tale = failover()
    tale.missing.add(99)
    found = judged(tale.read(20.0, timeline=2))
    assert found.verdict == "violation"
    assert found.lost == found.faults[0].lost == [99]


def test_a_write_that_goes_later_is_lost_by_the_fault_that_lay_between_two_looks() -> None:
    tale = failover().read(20.0, timeline=2).writes(21, 24, server="b", timeline=2)
    tale.fault(2, 24.0, "crash", "db-2").mended(2, 24.0)
    tale.writes(25, 28, server="a", timeline=3).copies(2, 26.0)
    tale.missing.add(99)
    found = judged(tale.read(28.0, timeline=3))
    assert found.lost == [99]
    assert [fault.lost for fault in found.faults] == [[], [99]]
    assert [fault.verdict for fault in found.faults] == ["ok", "violation"]


def test_a_write_that_was_in_doubt_and_is_there_is_a_ghost_which_is_allowed() -> None:
    tale = failover()
    unknown = tale.write(9.9, 11.9, "unknown", stored=True)
    failed = tale.write(9.9, 11.9, "fail", stored=True)
    open_ = tale.write(9.96, None, stored=True)
    tale.write(9.9, 11.9, "fail")
    found = judged(tale.read(20.0, timeline=2))
    assert found.verdict == "ok"
    assert found.ghosts == found.faults[0].ghosts == [unknown, failed, open_]
    assert found.unknown == found.faults[0].unknown == 2


def test_a_success_with_a_warning_that_is_missing_is_unknown_and_not_lost() -> None:
    tale = failover()
    warned = tale.write(9.9, 10.1, "unknown")
    found = judged(tale.read(20.0, timeline=2))
    assert warned not in found.lost
    assert (found.verdict, found.unknown, found.ghosts) == ("ok", 1, [])


def test_an_older_timeline_that_acknowledges_after_a_newer_one_did_is_a_second_primary() -> None:
    tale = failover()
    second = tale.write(12.02, 12.05, via="db-1")
    found = judged(tale.read(20.0, timeline=2))
    assert found.verdict == "violation"
    assert found.two_primaries == found.faults[0].two_primaries == [second]


def test_a_write_that_was_under_way_when_the_newer_timeline_began_is_none() -> None:
    tale = failover()
    tale.write(12.005, 12.05, via="db-1")
    assert judged(tale.read(20.0, timeline=2)).two_primaries == []


def test_two_servers_that_acknowledge_on_one_timeline_are_two_primaries() -> None:
    tale = failover()
    second = tale.write(13.0, 13.05, via="db-3", server="c", timeline=2)
    assert judged(tale.read(20.0, timeline=2)).two_primaries == [second]


Change = Callable[[Tale], Tale]


def without(**values: Any) -> Change:
    def change(tale: Tale) -> Tale:
        tale.lines = [line for line in tale.lines if not values.items() <= line.items()]
        return tale

    return change


def no_write_before(tale: Tale) -> Tale:
    early = {line["id"] for line in tale.lines if line.get("type") == "ok" and line["t"] < 9.95}
    tale.lines = [
        line
        for line in tale.lines
        if line.get("type") not in ("invoke", "ok") or line["id"] not in early
    ]
    return tale


def no_write_after(tale: Tale) -> Tale:
    tale.lines = [
        line
        for line in tale.lines
        if line.get("type") not in ("invoke", "ok") or line["t"] < 17.985
    ]
    return tale


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (without(type="read"), "180 acknowledged writes were not looked up afterwards"),
        (without(type="mended"), "a fault has no end"),
        (without(type="copies", t=18.0), "nobody saw two copies again"),
        (no_write_before, "no acknowledged write before the fault"),
        (no_write_after, "no acknowledged write after the fault"),
        (lambda tale: tale.say("load", t=11.0), "the load began anew"),
    ],
)
def test_what_a_history_does_not_bear_is_never_well(change: Change, why: str) -> None:
    found = judged(change(failover().read(20.0, timeline=2)))
    assert found.verdict == found.faults[0].verdict == "cannot say"
    said = found.faults[0].why
    assert any(why in each or each.endswith(why.split(" ", 1)[1]) for each in said), said


def test_a_read_from_a_server_that_is_no_longer_primary_says_nothing() -> None:
    tale = failover()
    tale.missing.add(99)
    found = judged(tale.read(20.0, timeline=1))
    assert (found.verdict, found.lost) == ("cannot say", [])


def test_a_read_that_failed_says_nothing() -> None:
    tale = failover().say("read", id="1", since=20.0, t=21.0, asked=[[1, 180]], why="no answer")
    assert judged(tale).verdict == "cannot say"


def test_what_was_acknowledged_after_the_last_read_keeps_the_whole_history_in_doubt() -> None:
    tale = failover().read(20.0, timeline=2)
    tale.write(21.0, 21.1, server="b", timeline=2)
    found = judged(tale)
    assert (found.verdict, found.faults[0].verdict) == ("cannot say", "ok")


def test_without_a_last_read_of_everything_the_faults_are_judged_and_the_history_is_not() -> None:
    tale = failover().read(20.0, timeline=2).writes(21, 24, server="b", timeline=2)
    tale.fault(2, 24.0, "crash").mended(2, 24.0).writes(25, 28, server="a", timeline=3)
    found = judged(tale.copies(2, 26.0).read(28.0, low=150, timeline=3))
    assert [fault.verdict for fault in found.faults] == ["ok", "ok"]
    assert (found.verdict, found.why) == (
        "cannot say",
        ["no last read has looked up all acknowledged writes"],
    )


def test_a_history_without_a_fault_proves_nothing() -> None:
    assert judged(Tale().writes(0, 1).read(2.0)).verdict == "cannot say"


def test_a_last_line_that_was_cut_off_leaves_what_is_before_it() -> None:
    whole = failover().read(20.0, timeline=2).say("end", t=20.2).text()
    found = checker.judged("tale", checker.parsed(whole[:-3].splitlines(keepends=True)))
    assert (found.verdict, found.why) == ("cannot say", ["the last line was cut off"])
    assert found.faults[0].verdict == "ok"


def test_faults_that_overlap_share_their_end_and_what_was_lost_in_it() -> None:
    tale = Tale().copies(2, 0.0).writes(0, 10).fault(1, 9.95).copies(1, 10.5)
    tale.writes(12, 13, server="b", timeline=2).fault(2, 12.95, "cut-off", "db-2")
    tale.mended(1, 14.0).writes(16, 20, server="a", timeline=3)
    tale.mended(2, 15.0).copies(2, 18.0)
    tale.missing.add(105)
    found = judged(tale.read(20.0, timeline=3))
    assert found.lost == [105]
    assert [fault.lost for fault in found.faults] == [[105], [105]]
    assert [fault.redundancy_s for fault in found.faults] == [3.0, 3.0]
    assert [fault.outage_s for fault in found.faults] == pytest.approx([3.1, 3.1])


def test_a_flap_between_two_copies_and_one_ends_with_the_last() -> None:
    tale = failover().copies(1, 18.5).copies(2, 19.0).read(20.0, timeline=2)
    assert judged(tale).faults[0].redundancy_s == pytest.approx(4.0)


def test_a_fault_that_costs_no_copy_is_over_when_it_is_mended() -> None:
    tale = Tale().copies(2, 0.0).writes(0, 10).fault(1, 4.0, "clock").mended(1, 6.0)
    found = judged(tale.copies(2, 7.0).read(11.0)).faults[0]
    assert (found.redundancy_s, found.single_copy_s) == (0.0, 0.0)
    assert found.outage_s == pytest.approx(0.1)


MALFORMED = [
    ([], "line 1: no header"),
    (['{"type":"load","t":1}'], "line 1: the first line does not say"),
    ([HEADER, "{"], "line 2: not JSON"),
    ([HEADER, "[]"], "line 2: not an object"),
    ([HEADER, {"type": "guess"}], "line 2: no such type"),
    ([HEADER, {"type": "invoke", "id": 1, "via": "listener"}], "line 2: `t` is no time"),
    ([HEADER, '{"type":"invoke","id":1,"via":"listener","t":NaN}'], "line 2: `t` is no time"),
    ([HEADER, {"type": "invoke", "id": "1", "via": "x", "t": 1}], "line 2: `id` is no whole"),
    ([HEADER, {"type": "ok", "id": 1, "t": 1, "timeline": 1}], "line 2: write 1 was not invoked"),
    ([HEADER, {"type": "mended", "id": 1, "t": 1}], "line 2: fault 1 is mended and has not begun"),
    ([HEADER, {"type": "copies", "count": True, "t": 1}], "line 2: `count` is no whole number"),
    (
        [
            HEADER,
            {"type": "invoke", "id": 1, "via": "x", "t": 2},
            {"type": "invoke", "id": 1, "via": "x", "t": 3},
        ],
        "line 3: write 1 is invoked a second time",
    ),
    (
        [
            HEADER,
            {"type": "invoke", "id": 1, "via": "x", "t": 2},
            {"type": "ok", "id": 1, "t": 1, "timeline": 1},
        ],
        "line 3: write 1 is concluded before it was invoked",
    ),
    (
        [
            HEADER,
            {"type": "invoke", "id": 1, "via": "x", "t": 2},
            {"type": "fail", "id": 1, "t": 3},
            {"type": "ok", "id": 1, "t": 4, "timeline": 1},
        ],
        "line 4: write 1 is concluded a second time",
    ),
    (
        [
            HEADER,
            {"type": "invoke", "id": 1, "via": "x", "t": 2},
            {"type": "ok", "id": 1, "t": 3},
        ],
        "line 3: `timeline` is no whole number",
    ),
    (
        [HEADER, {"type": "read", "id": "1", "since": 1, "t": 2, "asked": [[2, 1]], "why": "…"}],
        "line 2: `asked` has no range there",
    ),
    (
        [
            HEADER,
            {
                **{"type": "read", "id": "1", "since": 1, "t": 2, "timeline": 1},
                **{"asked": [[1, 2]], "present": [[1, 3]]},
            },
        ],
        "line 2: a read found what it had not asked for",
    ),
]


@pytest.mark.parametrize(("lines", "why"), MALFORMED)
def test_what_is_no_history_is_refused_with_the_line(lines: list[Any], why: str) -> None:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    with pytest.raises(checker.MalformedError, match=why):
        checker.parsed([f"{text}\n" for text in texts])


def test_the_program_says_the_worst_with_its_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    well, lost, wrong = tmp_path / "well.gz", tmp_path / "lost", tmp_path / "wrong"
    well.write_bytes(gzip.compress(failover().read(20.0, timeline=2).text().encode()))
    tale = failover()
    tale.missing.add(99)
    lost.write_text(tale.read(20.0, timeline=2).text())
    wrong.write_text("no history\n")
    assert checker.main([str(well)]) == 0
    assert checker.main([str(well), str(wrong)]) == 2
    assert checker.main([str(tmp_path / "absent")]) == 2
    assert checker.main([str(well), str(lost), str(wrong)]) == 1
    assert "lost 1: 99" in capsys.readouterr().out
    assert checker.main([str(well), str(lost), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert [history["verdict"] for history in said["histories"]] == ["ok", "violation"]
    (kind,) = said["kinds"]
    assert (kind["kind"], kind["count"], kind["judged"], kind["lost"]) == ("power-cut", 2, 2, 1)
    assert kind["outage_worst_s"] == pytest.approx(2.1)


def test_the_table_has_the_median_and_the_worst_of_what_could_be_told() -> None:
    def fault(outage_s: float | None, redundancy_s: float | None, verdict: str) -> Any:
        return checker.FaultVerdict(
            **{"id": 1, "kind": "power-cut", "machine": "db-1", "verdict": verdict, "why": []},
            **{"outage_s": outage_s, "redundancy_s": redundancy_s, "single_copy_s": None},
            **{"acknowledged_before": 1, "acknowledged_within": 1, "acknowledged_after": 1},
            **{"lost": [], "ghosts": [1], "unknown": 2, "two_primaries": []},
        )

    told = [(2.0, 9.0, "ok"), (4.0, 7.0, "ok"), (2.5, 8.0, "violation"), (None, None, "cannot say")]
    (kind,) = checker.table([fault(*each) for each in told])
    assert (kind.count, kind.judged, kind.unknown, kind.ghosts) == (4, 3, 8, 4)
    assert (kind.outage_median_s, kind.outage_worst_s) == (2.5, 4.0)
    assert (kind.redundancy_median_s, kind.redundancy_worst_s) == (8.0, 9.0)
    (kind,) = checker.table([fault(None, None, "cannot say")])
    assert (kind.outage_median_s, kind.redundancy_worst_s) == (None, None)


def test_a_compressed_history_that_was_cut_off_is_one_that_was_cut_off(tmp_path: Path) -> None:
    packed = gzip.compress(failover().read(20.0, timeline=2).text().encode())
    (tmp_path / "cut.gz").write_bytes(packed[: len(packed) // 2])
    found = checker.checked(tmp_path / "cut.gz")
    assert found.verdict == "cannot say"
    assert "the last line was cut off" in found.why


@pytest.mark.parametrize("seed", range(300))
def test_random_histories_are_judged_as_a_plain_reading_of_the_definitions_does(seed: int) -> None:
    lines = naive.history(random.Random(seed))
    found = checker.judged("random", checker.parsed([f"{json.dumps(line)}\n" for line in lines]))
    expected = naive.judged(lines)
    assert set(found.lost) == expected.lost
    assert set(found.ghosts) == expected.ghosts
    assert set(found.two_primaries) == expected.two_primaries
    assert found.unknown == expected.unknown
    assert found.verdict == expected.verdict
    for fault in found.faults:
        assert fault.outage_s == pytest.approx(expected.outages[fault.id]), fault.id
        assert fault.redundancy_s == pytest.approx(expected.redundancies[fault.id]), fault.id
        assert fault.single_copy_s == pytest.approx(expected.singles[fault.id]), fault.id
        assert set(fault.lost) == expected.lost_by[fault.id], fault.id
        assert fault.verdict == expected.verdicts[fault.id], fault.id


def test_random_histories_meet_every_verdict() -> None:
    met = {naive.judged(naive.history(random.Random(seed))).verdict for seed in range(300)}
    assert met == {"ok", "violation", "cannot say"}


def test_the_checker_imports_the_standard_library_alone_and_nothing_of_the_load() -> None:
    text = (ROOT / "bench" / "campaign" / "checker.py").read_text()
    imports = {
        line.split()[1].split(".")[0]
        for line in text.splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imports <= set(checker.sys.stdlib_module_names)
