"""One customer against a real service: what a person does, and what comes of it."""

from collections.abc import Callable
from typing import Any

import pytest

from standfast.core.clock import SystemClock
from standfast.core.errors import Unreachable
from standfast.proofs.drills import customer
from standfast.proofs.drills.connection import Target
from standfast.proofs.drills.customer import Customer, canary
from standfast.proofs.drills.load import context

Serve = Callable[..., Any]
BEFORE = "1f0e7a52-7c5b-84b1-8e90-000000000000"
HOUR = "1f0e7a52-7c5b-84b1-8e90-000000000001"


def at(service: Any, **changes: Any) -> Customer:
    plan = service.plan()
    return Customer(
        target=Target(
            addresses=plan["addresses"],
            port=plan["port"],
            host=plan["host"],
            context=context(plan["ca_file"]),
        ),
        clock=SystemClock(),
        canary=canary(plan),
        **{
            **{"account": plan["account"], "password": plan["password"], "run": plan["run"]},
            **changes,
        },
    )


def test_what_a_customer_saves_is_there_once(serve: Serve) -> None:
    visitor = at(serve())
    visitor.sign_in()
    visitor.save(HOUR, f"an hour {visitor.run}")
    assert visitor.count(HOUR) == 1


def test_a_customer_who_is_refused_presses_again_and_saves_once(serve: Serve) -> None:
    service = serve(fails=2)
    visitor = at(service)
    visitor.sign_in()
    visitor.save(BEFORE, "before the fault")
    assert visitor.save(HOUR, f"an hour {visitor.run}") >= 2 * customer.TRY_AGAIN_S
    assert service.arrived[HOUR] == 3
    assert visitor.count(HOUR) == 1


def test_what_the_service_stored_twice_is_counted_twice(serve: Serve) -> None:
    visitor = at(serve(doubles=True))
    visitor.sign_in()
    visitor.save(HOUR, f"an hour {visitor.run}")
    assert visitor.count(HOUR) == 2


def test_a_service_that_never_accepts_is_given_up(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer, "GIVE_UP_S", 0.5)
    visitor = at(serve(fails=1000))
    visitor.sign_in()
    visitor.save(BEFORE, "before the fault")
    with pytest.raises(Unreachable, match="saving was answered with status 503"):
        visitor.save(HOUR, f"an hour {visitor.run}")


def test_a_wrong_password_is_said(serve: Serve) -> None:
    with pytest.raises(Unreachable, match="the sign-in was answered with status"):
        at(serve(), password="another").sign_in()
