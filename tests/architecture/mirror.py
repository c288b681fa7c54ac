"""Print the ten largest files and functions: a mirror, not a gate."""

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src"


def main() -> None:
    files = sorted(SOURCE.rglob("*.py"))
    trees = {path: ast.parse(path.read_text()) for path in files}
    sizes = [(len(path.read_text().splitlines()), str(path.relative_to(SOURCE))) for path in files]
    functions = [
        ((node.end_lineno or node.lineno) - node.lineno + 1, f"{path.stem}.{node.name}")
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for title, rows in (("files", sizes), ("functions", functions)):
        print(f"largest {title}, in lines")
        for lines, name in sorted(rows, reverse=True)[:10]:
            print(f"  {lines:4} {name}")


if __name__ == "__main__":
    main()
