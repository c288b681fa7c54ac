"""standfast.example.toml is the manual: every key stands in it, with its default.

A line that begins with `#` and no space is a setting that is not in force, or goes on with one when
it is indented; here all of them are in force.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from standfast.config import EXAMPLE, SiteSettings
from standfast.mechanisms.web.settings import ServiceSettings
from standfast.promises import catalog
from standfast.promises.settings import given_figures, known_figures, with_objective

MANUAL = (Path(__file__).resolve().parents[2] / "standfast.example.toml").read_text()

BY_EXAMPLE = frozenset({"install", "migrate", "objective"})
"""Empty unless they are given, which would teach nobody how to give them."""

Tables = dict[type[BaseModel], list[Mapping[str, Any]]]


def everything(text: str) -> dict[str, Any]:
    return tomllib.loads(re.sub(r"^#(?=[^ #\n]| {4}\[)", "", text, flags=re.MULTILINE))


def model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((each for word in get_args(annotation) if (each := model_in(word))), None)


def tables_in(annotation: Any, value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, list):
        return value
    return list(value.values()) if get_origin(annotation) is Mapping else [value]


def collect(model: type[BaseModel], table: Mapping[str, Any], into: Tables) -> None:
    """Every table of the file, under the model that reads it."""
    into.setdefault(model, []).append(table)
    for name, field in model.model_fields.items():
        key = field.alias or name
        inner = model_in(field.annotation)
        if inner is not None:
            into.setdefault(inner, [])
            for each in tables_in(field.annotation, table[key]) if key in table else []:
                collect(inner, each, into)


def unsaid(text: str) -> Iterator[str]:
    found: Tables = {}
    collect(SiteSettings, everything(text), found)
    for model in found:
        tables = [each for kind in found if issubclass(kind, model) for each in found[kind]]
        for name in model.__annotations__.keys() & model.model_fields.keys():
            field = model.model_fields[name]
            said = [table[key] for table in tables if (key := field.alias or name) in table]
            if not said:
                yield f"{model.__name__}.{name} is not named"
            elif shows_default(name, field) and plain(field.default) not in said:
                yield f"{model.__name__}.{name} does not show {field.default!r}"


def shows_default(name: str, field: FieldInfo) -> bool:
    """What is required or None has none to show; a table's defaults are those of its own keys."""
    has_one = isinstance(field.default, bool | int | str | tuple | dict)
    return has_one and name not in BY_EXAMPLE and not model_in(field.annotation)


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def test_every_key_is_named_with_its_default() -> None:
    assert not sorted(unsaid(MANUAL))


@pytest.mark.parametrize(
    ("line", "unsaid_then"),
    [
        ("port = 8443\n", "SiteSettings.port is not named"),
        ('#address = "10.0.0.12"\n', "MachineSettings.address is not named"),
        ("management_from = []\n", "NetworkSettings.management_from is not named"),
        ('#health = "/health"\n', "ServiceSettings.health is not named"),
        (', id_field = "id"', "Find.id_field is not named"),
    ],
)
def test_a_key_that_is_taken_out_is_missed(line: str, unsaid_then: str) -> None:
    assert MANUAL.count(line) == 1
    assert unsaid_then in set(unsaid(MANUAL.replace(line, "")))


def test_another_value_than_the_default_is_noticed() -> None:
    changed = MANUAL.replace("port = 8443\n", "port = 443\n")
    assert list(unsaid(changed)) == ["SiteSettings.port does not show 8443"]


def test_the_objectives_are_those_of_the_catalogue() -> None:
    for promise_id, table in everything(MANUAL)["promises"].items():
        promise = catalog.promise(promise_id)
        assert promise is not None
        given = given_figures(table["objective"])
        assert tuple(given) == known_figures(promise)
        assert with_objective(promise, table["objective"]) == promise


def test_the_service_is_the_example_that_is_taken_without_one() -> None:
    said = ServiceSettings.model_validate(everything(MANUAL)["service"])
    taken = ServiceSettings.model_validate(tomllib.loads(EXAMPLE.read_text())["service"])
    assert set(said.workers) == {"mailer"}, "the example itself has none to show"
    assert said.model_copy(update={"workers": {}}) == taken
