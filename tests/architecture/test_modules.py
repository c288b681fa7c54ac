"""Every module is reached from something that is started, and every room explains itself."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath

from .tree import PRODUCT, ROOT, Source, files, source, sources, text_files

SMALL_ROOM = 3
"""A package with more modules than this needs a page that says where to look first."""


MAIN = "if __name__ == '__main__':\n    main()\n"


def modules() -> Mapping[str, Source]:
    return {each.module: each for each in sources(PRODUCT)}


def imports(module: Source) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = origin(module, node)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def origin(module: Source, node: ast.ImportFrom) -> str:
    """`from .clock import Clock` in `standfast.core.command` comes from `standfast.core.clock`."""
    if not node.level:
        return node.module or ""
    package = module.module if module.is_package else module.module.rpartition(".")[0]
    parts = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*parts, node.module] if node.module else parts)


def starts(known: Mapping[str, Source]) -> Iterator[str]:
    """What is begun from outside: named in pyproject.toml or a program of bin/; a daemon with a
    main of its own, since `ls daemons/` is the process list; or whatever else has a main, and has
    its file or module named in a string of the product or in a template."""
    outside = joined(("bin/", "pyproject.toml"))
    inside = "\n".join([templates(), *(text for each in known.values() for text in strings(each))])
    for name, module in known.items():
        has_main = "__main__" in module.text
        daemon = module.path.startswith(f"{PRODUCT}daemons/")
        written = named(inside, name) or named(inside, PurePath(module.path).name)
        if named(outside, name) or (has_main and (daemon or written)):
            yield name


def joined(prefixes: tuple[str, ...]) -> str:
    return "\n".join(text for path, text in text_files() if path.startswith(prefixes))


def templates() -> str:
    return "\n".join(
        text
        for path, text in text_files()
        if path.startswith(PRODUCT) and not path.endswith((".py", ".md"))
    )


def strings(module: Source) -> Iterator[str]:
    """Every string but the docstrings."""
    said = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def named(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(word)}(?![\w.])", text) is not None


def reached(known: Mapping[str, Source]) -> set[str]:
    seen: set[str] = set()
    waiting = list(starts(known))
    while waiting:
        name = waiting.pop()
        if name in known and name not in seen:
            seen.add(name)
            waiting += [*imports(known[name]), name.rpartition(".")[0]]
    return seen


def test_every_module_is_reached_from_a_program() -> None:
    known = modules()
    alive = reached(known)
    dead = sorted(
        source.path for name, source in known.items() if name not in alive and source.text.strip()
    )
    assert not dead, (
        "nothing that is started imports these; use them, delete them, or if one is a program, "
        f"give it `if __name__ == '__main__'` and name it where it is started: {dead}"
    )


def test_a_unit_starts_only_modules_that_exist() -> None:
    started = set(re.findall(r"-m (standfast(?:\.\w+)+)(?![\w.])", templates()))
    missing = sorted(started - set(modules()))
    assert not missing, f"a template runs modules that do not exist: {missing}"


def test_a_module_that_only_its_twin_imports_is_dead() -> None:
    code = {"a": "import standfast.b", "b": "import standfast.a", "daemons/c": MAIN}
    planted = [source(f"{PRODUCT}{name}.py", text) for name, text in code.items()]
    assert reached({each.module: each for each in planted}) == {"standfast.daemons.c"}


def test_no_room_is_empty() -> None:
    inhabited = {
        str(parent)
        for each in sources(PRODUCT)
        if each.text.strip()
        for parent in Path(each.path).parents
    }
    empty = [
        each.path
        for each in sources(PRODUCT)
        if each.is_package and str(Path(each.path).parent) not in inhabited
    ]
    assert not empty, f"packages without a line of code; delete them until they are needed: {empty}"


def test_every_room_has_a_page_that_says_where_to_look_first() -> None:
    size = Counter(Path(each.path).parent for each in sources(PRODUCT) if not each.is_package)
    rooms = {folder for folder, count in size.items() if count > SMALL_ROOM}
    rooms |= {Path(path).parent for path in files() if path.startswith(PRODUCT) and plan(path)}
    silent = sorted(
        f"{room}/README.md" for room in rooms if not (ROOT / room / "README.md").is_file()
    )
    assert not silent, (
        f"one page each: what is promised here, what breaks it, where to look first; write {silent}"
    )


def plan(path: str) -> bool:
    return PurePath(path).name == "plan.py"
