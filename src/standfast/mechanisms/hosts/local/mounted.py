"""What is mounted below a folder, so that nobody deletes what lies on somebody's disk. Pure."""

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mounts")
ESCAPED = re.compile(r"\\([0-7]{3})")


def below(mounts: str, folder: Path) -> tuple[Path, ...]:
    """Mount points in `folder`, from the text of `MOUNTS` (fstab(5), with octal escapes)."""
    points = (Path(unescaped(line.split(" ")[1])) for line in mounts.splitlines())
    return tuple(sorted({each for each in points if folder in each.parents}))


def unescaped(text: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 8)), text)
