"""The real load, as a process of its own, against a real service."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from standfast.core.errors import Unreachable
from standfast.proofs.drills.events import Progress
from standfast.proofs.drills.found import Found, listen
from standfast.proofs.drills.measure import failures, measure

SOURCE = Path(__file__).resolve().parents[3] / "src"
WORDS = (sys.executable, "-m", "standfast.proofs.drills.load")
Serve = Callable[..., Any]


def started(plan: dict[str, Any]) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        WORDS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(plan).encode())
    process.stdin.close()
    return process


def result(plan: dict[str, Any], heard: list[Progress] | None = None) -> Found:
    with started(plan) as process:
        assert process.stdout is not None
        on = (lambda progress: None) if heard is None else heard.append
        return listen(process.stdout, total=round(plan["rate_per_s"] * plan["duration_s"]), on=on)


def figures(found: Found) -> tuple[float, float, float, float]:
    seen = measure(found.requests, found.stored)
    return seen["requests"], seen["failed_requests"], seen["doubled_writes"], seen["lost_writes"]


def test_a_well_service_is_asked_all_and_fails_nothing(serve: Serve) -> None:
    service, heard = serve(), list[Progress]()
    found = result(service.plan(rate_per_s=100, duration_s=1.2), heard)
    assert figures(found) == (120, 0, 0, 0)
    assert measure(found.requests, found.stored)["writes"] == 48
    assert heard[-1].asked == 120
    assert len(heard) >= 3, "live words come every second"
    assert set(service.arrived.values()) == {1}


def test_the_schedule_is_held(serve: Serve) -> None:
    found = result(serve().plan(rate_per_s=400, duration_s=0.5))
    assert len(found.requests) == 200
    assert max(each.sent_s for each in found.requests) == pytest.approx(0.4975, abs=0.001)
    assert sorted(each.took_s for each in found.requests)[190] < 0.5


def test_connections_are_kept(serve: Serve) -> None:
    service = serve()
    result(service.plan())
    assert service.connections <= 20


def test_a_request_that_is_answered_with_an_error_failed(serve: Serve) -> None:
    found = result(serve(fails=3).plan())
    assert figures(found) == (40, 3, 0, 0)
    assert failures(found.requests, 5) == ("3 × write: status 503",)


def test_a_write_that_is_stored_twice_is_found_out(serve: Serve) -> None:
    asked, failed, doubled, _ = figures(result(serve(doubles=True).plan()))
    assert (asked, failed) == (40, 0)
    assert doubled >= 16


def test_a_write_that_is_acknowledged_and_not_stored_is_found_out(serve: Serve) -> None:
    assert figures(result(serve(forgets=True).plan()))[3] == 16


def test_a_connection_that_was_closed_before_the_request_is_opened_again(serve: Serve) -> None:
    service = serve(hangs_up=True)
    assert figures(result(service.plan(rate_per_s=100)))[:2] == (20, 0)
    assert service.connections >= 20


def test_a_request_that_was_written_is_never_repeated(serve: Serve) -> None:
    service = serve(swallows=5)
    found = result(service.plan())
    assert figures(found)[1] == 5
    assert set(service.arrived.values()) == {1}
    assert len(service.arrived) == 17


def test_answers_in_chunks_are_read(serve: Serve) -> None:
    assert figures(result(serve(chunked=True).plan())) == (40, 0, 0, 0)


def test_a_redirection_is_no_answer_to_a_visitor_and_stops_the_load_at_once(serve: Serve) -> None:
    with pytest.raises(Unreachable, match="GET /lines was answered with status 302"):
        result(serve(redirects=True).plan())


def test_a_wrong_password_stops_the_load_before_anything_is_asked(serve: Serve) -> None:
    service = serve()
    with pytest.raises(Unreachable, match="the sign-in was answered with status 401"):
        result(service.plan(password="wrong"))
    assert not service.arrived


def test_a_certificate_of_somebody_else_is_refused(serve: Serve) -> None:
    with pytest.raises(Unreachable, match="SSLCertVerificationError"):
        result(serve().plan(host="service.example.com"))


def test_an_unknown_key_in_the_plan_is_refused(serve: Serve) -> None:
    with pytest.raises(Unreachable):
        result({**serve().plan(), "speed": 3})


def test_a_service_that_dies_meanwhile_is_measured_to_the_end(serve: Serve) -> None:
    service = serve()
    plan = service.plan(rate_per_s=100, duration_s=1.5)
    with started(plan) as process:
        assert process.stdout is not None

        def die(progress: Progress) -> None:
            service.fails = 10_000 if progress.at_s >= 0.4 else 0

        found = listen(process.stdout, total=150, on=die)
    assert 3 <= measure(found.requests, found.stored)["failed_requests"] <= 65


def test_a_load_may_end_as_soon_as_a_service_that_failed_is_well(serve: Serve) -> None:
    service = serve()
    plan = service.plan(rate_per_s=50, duration_s=60, mended_s=0.5)
    with started(plan) as process:
        assert process.stdout is not None

        def die(progress: Progress) -> None:
            service.fails = 10_000 if 0 < progress.at_s < 1.5 else 0

        found = listen(process.stdout, total=3000, on=die, early=True)
    failed = [each.sent_s for each in found.requests if not each.acknowledged]
    last = max(each.sent_s for each in found.requests)
    assert failed
    assert 0.4 < last - max(failed) < 2
    assert not [each.sent_s for each in found.requests if each.sent_s > last]


def test_a_load_that_met_no_failure_goes_on_to_its_end(serve: Serve) -> None:
    plan = serve().plan(rate_per_s=100, duration_s=0.8, mended_s=0.1)
    with started(plan) as process:
        assert process.stdout is not None
        found = listen(process.stdout, total=80, on=lambda progress: None, early=True)
    assert figures(found) == (80, 0, 0, 0)


def test_whoever_is_signed_in_no_more_signs_in_again_and_repeats_nothing(serve: Serve) -> None:
    service = serve()
    with started(service.plan(rate_per_s=50, duration_s=60, mended_s=0.5)) as process:
        assert process.stdout is not None

        def forget(progress: Progress) -> None:
            if progress.at_s > 0.5:
                service.cookie = "guest=from before the loss"

        found = listen(process.stdout, total=3000, on=forget, early=True)
    failed = failures(found.requests, 5)
    assert {each.partition(" × ")[2] for each in failed} <= {
        "read: status 401",
        "write: status 401",
    }
    assert failed
    assert set(service.arrived.values()) == {1}


def test_a_load_that_says_less_than_it_asked_is_not_believed(serve: Serve) -> None:
    with started(serve().plan(mended_s=0.1)) as process:
        assert process.stdout is not None
        said = process.stdout.read().replace(b'"asked":40}', b'"asked":39}')
    out, into = os.pipe()
    os.write(into, said)
    os.close(into)
    with os.fdopen(out, "rb") as stream, pytest.raises(Unreachable, match="40 of 40"):
        listen(stream, total=40, on=lambda progress: None, early=True)


def test_the_password_is_in_no_process_list_and_in_no_event(serve: Serve) -> None:
    service = serve()
    plan = service.plan()
    with started(plan) as process:
        assert process.stdout is not None
        shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        shown += Path(f"/proc/{process.pid}/environ").read_bytes()
        said = process.stdout.read()
    assert plan["password"].encode() not in shown + said
    assert b'"stored":[' in said


def test_a_load_that_nobody_listens_to_ends_by_itself(serve: Serve) -> None:
    process = started(serve().plan(duration_s=60))
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(10) == 1


def test_a_load_that_is_killed_has_measured_nothing(serve: Serve) -> None:
    with started(serve().plan(duration_s=60)) as process:
        assert process.stdout is not None

        def kill(progress: Progress) -> None:
            process.send_signal(signal.SIGKILL)

        with pytest.raises(Unreachable, match="ended with 0 of 12,000 requests"):
            listen(process.stdout, total=12_000, on=kill)


def test_nothing_but_the_standard_library_is_needed() -> None:
    said = subprocess.run(
        (sys.executable, "-S", "-m", "standfast.proofs.drills.load"),
        input=b"{}",
        capture_output=True,
        env={"PYTHONPATH": str(SOURCE)},
        check=False,
    )
    assert json.loads(said.stdout) == {"cannot": "TypeError"}


@pytest.fixture
def pipe() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    out, into = os.pipe()
    with os.fdopen(out, "rb") as reader, os.fdopen(into, "wb", buffering=0) as writer:
        yield reader, writer


def test_nonsense_from_the_load_is_refused(pipe: tuple[IO[bytes], io.RawIOBase]) -> None:
    reader, writer = pipe
    writer.write(b'{"asked":1,"failed":2,"at_s":-5}\n')
    with pytest.raises(Unreachable, match="no event"):
        listen(reader, total=0, on=lambda progress: None)


def test_a_visitor_takes_the_next_address_when_one_does_not_answer(serve: Serve) -> None:
    """Nobody listens at the first address; the certificate names the service, not the address."""
    service = serve()
    silent = "127.0.0.9"
    found = result(service.plan(addresses=[silent, "127.0.0.1"], rate_per_s=50, duration_s=0.4))
    assert figures(found) == (20, 0, 0, 0)


def test_a_visitor_who_keeps_to_one_address_takes_no_other(serve: Serve) -> None:
    service = serve()
    here, silent = "127.0.0.1", "127.0.0.9"
    found = result(service.plan(addresses=[here], pinned=True, rate_per_s=50, duration_s=0.4))
    assert figures(found) == (20, 0, 0, 0)
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        result(service.plan(addresses=[here, silent], pinned=True))


def test_when_no_address_answers_the_load_cannot_begin(serve: Serve) -> None:
    service = serve()
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        result(service.plan(addresses=["127.0.0.8", "127.0.0.9"]))
