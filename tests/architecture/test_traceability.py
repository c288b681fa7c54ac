"""Every part of a promise has what keeps it, what proves it, and a test that turns it red."""

from collections import Counter

import pytest

from standfast.promises.catalog import CATALOG
from standfast.promises.model import Part, Promise
from standfast.promises.possible import RULES
from standfast.proofs.register import REGISTER

from .tree import PRODUCT, ROOT, files

every_promise = pytest.mark.parametrize("promise", CATALOG, ids=lambda promise: promise.id)
every_part = pytest.mark.parametrize(
    ("promise", "part"),
    [
        pytest.param(promise, part, id=f"{promise.id}-{part.drill}")
        for promise in CATALOG
        for part in promise.parts
    ],
)


def test_no_two_promises_share_a_name_and_no_two_parts_a_drill() -> None:
    names = [promise.id for promise in CATALOG]
    drills = [part.drill for promise in CATALOG for part in promise.parts]
    assert max(Counter(names).values()) == max(Counter(drills).values()) == 1


def test_every_drill_of_the_register_proves_something() -> None:
    assert set(REGISTER) == {part.drill for promise in CATALOG for part in promise.parts}


@every_promise
def test_it_is_decided_which_machines_can_promise_it(promise: Promise) -> None:
    assert promise.id in RULES, f"{promise.id} has no rule in {PRODUCT}promises/possible.py"


@every_promise
def test_a_mechanism_keeps_it(promise: Promise) -> None:
    package = f"{PRODUCT}mechanisms/{promise.mechanism}/"
    if promise.mechanism != "external":
        assert any(path.startswith(package) and (ROOT / path).stat().st_size for path in files()), (
            f"{promise.id} names the mechanism {promise.mechanism}; write it in {package}"
        )


@every_part
def test_a_drill_proves_it(promise: Promise, part: Part) -> None:
    drill = f"{PRODUCT}proofs/drills/{part.drill.replace('-', '_')}.py"
    assert drill in files(), f"{promise.id} is proven by the drill {part.drill}; write {drill}"
    assert part.drill in REGISTER, f"{PRODUCT}proofs/register.py does not know {part.drill}"


@every_part
def test_a_room_declares_its_fault(promise: Promise, part: Part) -> None:
    """On machines of the role on which the register has it planted."""
    role = REGISTER[part.drill].planted_on
    declared = naming(f'"{part.fault}"', f"{PRODUCT}mechanisms/")
    assert declared, f"no room declares the fault {part.fault}, which `doubt` plants on {role}s"


@every_part
def test_a_site_test_turns_its_proof_red(promise: Promise, part: Part) -> None:
    seen_red = naming(promise.id, "tests/site/") & naming(part.fault, "tests/site/")
    assert seen_red, (
        f"no test under tests/site/ plants {part.fault} to turn {promise.id} red; write one"
    )


def naming(word: str, folder: str) -> set[str]:
    return {
        path
        for path in files()
        if path.startswith(folder)
        and path.endswith(".py")
        and word in (ROOT / path).read_text(encoding="utf-8")
    }
