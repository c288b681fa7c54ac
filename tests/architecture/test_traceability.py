"""Every promise has what keeps it, what proves it, and a test that turns its proof red."""

import pytest

from standfast.promises.catalog import CATALOG
from standfast.promises.model import Promise

from .tree import PRODUCT, ROOT, files

every_promise = pytest.mark.parametrize("promise", CATALOG, ids=lambda promise: promise.id)


def test_no_two_promises_share_a_name() -> None:
    names = [promise.id for promise in CATALOG]
    assert len(set(names)) == len(names)


@every_promise
def test_a_mechanism_keeps_it(promise: Promise) -> None:
    package = f"{PRODUCT}mechanisms/{promise.mechanism}/"
    if promise.mechanism != "external":
        assert any(path.startswith(package) and (ROOT / path).stat().st_size for path in files()), (
            f"{promise.id} names the mechanism {promise.mechanism}; write it in {package}"
        )


@every_promise
def test_a_drill_proves_it(promise: Promise) -> None:
    drill = f"{PRODUCT}proofs/drills/{promise.drill.replace('-', '_')}.py"
    assert drill in files(), f"{promise.id} is proven by the drill {promise.drill}; write {drill}"


@every_promise
def test_the_product_can_plant_its_fault(promise: Promise) -> None:
    catalog = f"{PRODUCT}promises/catalog.py"
    planters = [path for path in naming(promise.fault, PRODUCT) if path != catalog]
    assert planters, f"nothing under {PRODUCT} knows the fault {promise.fault}; `doubt` plants it"


@every_promise
def test_a_site_test_turns_its_proof_red(promise: Promise) -> None:
    seen_red = naming(promise.id, "tests/site/") & naming(promise.fault, "tests/site/")
    assert seen_red, (
        f"no test under tests/site/ plants {promise.fault} to turn {promise.id} red; write one"
    )


def naming(word: str, folder: str) -> set[str]:
    return {
        path
        for path in files()
        if path.startswith(folder)
        and path.endswith(".py")
        and word in (ROOT / path).read_text(encoding="utf-8")
    }
