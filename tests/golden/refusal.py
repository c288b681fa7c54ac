"""Golden files are given to the programs that will read them on a machine."""

from pathlib import Path

from standfast.core.command import Command, SystemRunner

from .kept import GOLDEN

BUNDLES = GOLDEN / "bundles"


def refusal(*argv: str) -> str:
    """What a program has against its input, warnings too: nothing when it is content."""
    result = SystemRunner().run(Command(argv=argv), check=False)
    said = f"{result.complaint}{result.text if result.status else ''}".strip()
    return said or (f"status {result.status}" if result.status else "")


def golden_files(pattern: str) -> dict[str, Path]:
    """Every machine's file of that name, by a name for people."""
    found = sorted(BUNDLES.glob(f"*/*/etc/{pattern}"))
    return {str(path.relative_to(BUNDLES)).replace("/etc/", ": /etc/"): path for path in found}


def changed(path: Path, good: str, mistake: str) -> str:
    """The file with one mistake planted in it."""
    text = path.read_text()
    assert good in text, f"{path} no longer says {good!r}; plant the mistake elsewhere"
    return text.replace(good, mistake, 1)
