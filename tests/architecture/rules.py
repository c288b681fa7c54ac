"""What our own code must not say, and what to say instead. Each rule reads one parsed file.

The list is short on purpose: ruff and mypy know what every project must not do. Here stands what
follows from the design: time, chance and other programs come in as arguments, so that a decision
can be run a thousand times in a test; nothing is shared by a whole process; no failure is
swallowed by somebody who cannot mend it.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .tree import PRODUCT, Finding, Source

Rule = Callable[[Source], Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    names: tuple[str, ...]
    """Modules and functions by their full dotted name; a module stands for all that is in it."""
    only_in: tuple[str, ...]
    """The files or folders of the product that may use them."""
    instead: str


BANS = (
    Ban(
        names=(
            "subprocess",
            "pty",
            "os.system",
            "os.popen",
            "os.posix_spawn",
            "os.posix_spawnp",
            "os.spawnl",
            "os.spawnv",
            "os.spawnvp",
            "asyncio.create_subprocess_exec",
            "asyncio.create_subprocess_shell",
        ),
        only_in=("core/command.py",),
        instead="return a core.command.Command and hand it to a Runner",
    ),
    Ban(
        names=("multiprocessing", "os.fork", "os.forkpty"),
        only_in=("core/copies.py",),
        instead="use core.copies for what takes all cores, and core.command for a program",
    ),
    Ban(
        names=(
            "datetime.datetime.now",
            "datetime.datetime.utcnow",
            "datetime.datetime.today",
            "datetime.date.today",
            "time.time",
            "time.time_ns",
            "time.monotonic",
            "time.monotonic_ns",
            "time.perf_counter",
            "time.perf_counter_ns",
            "time.sleep",
        ),
        only_in=("core/",),
        instead="take `now` or a core.clock.Clock as an argument",
    ),
    Ban(
        names=("random", "uuid.uuid1", "uuid.uuid4"),
        only_in=("core/",),
        instead="take a random.Random as an argument (`from random import Random` for its type)",
    ),
    Ban(
        names=("secrets", "os.urandom"),
        only_in=("core/", "mechanisms/keys/"),
        instead="let mechanisms.keys draw it, and take it as an argument",
    ),
)

PASSED_AS_ARGUMENT = frozenset({"random.Random"})
"""Types that a signature needs, though their module is banned."""

MUTABLE_CALLS = frozenset(
    {"list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter", "OrderedDict"}
    | {"ContextVar", "local"}
)
MUTABLE_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
READ_ONLY = re.compile(r"(?:Final\[)?(?:\w+\.)*(Mapping|Sequence|Collection|Iterable|Container)\b")


def banned_names(source: Source) -> Iterator[Finding]:
    aliases = dict(imported_names(source.tree))
    for_types = set(imports_for_types(source.tree))
    for node in ast.walk(source.tree):
        if node in for_types:
            continue
        for dotted in mentioned(node, aliases):
            for ban in BANS:
                if not allowed(source, ban) and hits(dotted, ban):
                    yield Finding(line=line_of(node), message=f"{dotted}; {ban.instead}")


def line_of(node: ast.AST) -> int:
    return node.lineno if isinstance(node, ast.stmt | ast.expr) else 1


def mentioned(node: ast.AST, aliases: dict[str, str]) -> Iterator[str]:
    """The dotted names that a node imports or reaches through an import: a module is reported
    where it is imported, a function of an innocent module where it is used."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Attribute):
        dotted = resolved(node, aliases)
        if dotted and not any(dotted.split(".")[0] in ban.names for ban in BANS):
            yield dotted


def imports_for_types(tree: ast.AST) -> Iterator[ast.AST]:
    """What stands under `if TYPE_CHECKING:` is never run."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for statement in node.body:
                yield from ast.walk(statement)


def imported_names(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0], alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def resolved(node: ast.expr, aliases: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return aliases.get(node.id, "")
    if isinstance(node, ast.Attribute):
        base = resolved(node.value, aliases)
        return f"{base}.{node.attr}" if base else ""
    return ""


def hits(dotted: str, ban: Ban) -> bool:
    return dotted not in PASSED_AS_ARGUMENT and any(
        dotted == name or dotted.startswith(f"{name}.") for name in ban.names
    )


def allowed(source: Source, ban: Ban) -> bool:
    return source.path.removeprefix(PRODUCT).startswith(ban.only_in)


def shells(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.keyword) and node.arg == "shell":
            yield Finding(line=node.value.lineno, message="shell=; argv is a tuple of words")


def unseeded_chance(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and called(node) == "Random" and not node.args:
            message = "Random() without a seed; take the Random, or its seed, as an argument"
            yield Finding(line=node.lineno, message=message)


def broad_excepts(source: Source) -> Iterator[Finding]:
    """One at the top of a daemon may catch everything, since it records, backs off and gives up
    after a limit. A handler that ends with a bare `raise` only cleans up, and may stand anywhere.
    """
    swallowing = [
        handler
        for handler in ast.walk(source.tree)
        if isinstance(handler, ast.ExceptHandler) and is_broad(handler) and not reraises(handler)
    ]
    spared = 1 if source.path.startswith(f"{PRODUCT}daemons/") else 0
    for handler in swallowing[spared:]:
        message = (
            "a broad except; catch the errors you can mend (core.errors), end with a bare raise, "
            "or leave it to the one at the top of the daemon"
        )
        yield Finding(line=handler.lineno, message=message)
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Call)
            and called(node) == "suppress"
            and any(map(broad_name, node.args))
        ):
            message = "suppress(Exception); name the error that may be ignored"
            yield Finding(line=node.lineno, message=message)


def is_broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(broad_name(each) for each in types)


def broad_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("Exception", "BaseException")


def reraises(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def globals_rebound(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Global):
            message = f"global {', '.join(node.names)}; keep it in an object passed as an argument"
            yield Finding(line=node.lineno, message=message)


def module_state(source: Source) -> Iterator[Finding]:
    """A list, dict or set at the top of a module can be changed by anybody for everybody. A table
    annotated with a read-only type cannot (mypy sees to it)."""
    for node in source.tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        if isinstance(node, ast.AnnAssign) and READ_ONLY.match(ast.unparse(node.annotation)):
            continue
        if names(node) != ["__all__"] and is_mutable(node.value):
            message = (
                f"{', '.join(names(node))} can be changed by the whole process; write a tuple or "
                "frozenset, or annotate the table as Mapping[…] or Sequence[…]"
            )
            yield Finding(line=node.lineno, message=message)


def names(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [ast.unparse(target) for target in targets]


def is_mutable(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return called(value) in MUTABLE_CALLS
    return isinstance(value, MUTABLE_DISPLAYS)


def called(node: ast.Call) -> str:
    """The last word of what is called: `collections.deque(…)` is `deque`."""
    return ast.unparse(node.func).split(".")[-1].split("[")[0]


def mocks(source: Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for dotted in mentioned(node, {}):
                if re.match(r"(unittest\.mock|mock|pytest_mock)\b", dotted):
                    message = f"{dotted}; write a small real fake (a class with the same methods)"
                    yield Finding(line=node.lineno, message=message)


PRODUCT_RULES: tuple[Rule, ...] = (
    banned_names,
    shells,
    unseeded_chance,
    broad_excepts,
    globals_rebound,
    module_state,
)
