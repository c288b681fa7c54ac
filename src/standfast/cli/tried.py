"""When this computer last began what: a file in the site's folder, so that a drill that ends in
nothing is not begun again at once by the next run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from standfast.core.files import write_atomically
from standfast.core.units import parse_stamp, stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    file: Path

    def known(self) -> Mapping[str, datetime]:
        """By drill. A file that cannot be read knows nothing: at worst something runs once more."""
        try:
            read = json.loads(self.file.read_text())
            return {str(drill): parse_stamp(at) for drill, at in read.items()}
        except (FileNotFoundError, ValueError, AttributeError, TypeError):
            return {}

    def begin(self, drill: str, now: datetime) -> None:
        """Written before it begins."""
        known = {**self.known(), drill: now}
        content = json.dumps({name: stamp(at) for name, at in sorted(known.items())}, indent=1)
        write_atomically(self.file, f"{content}\n".encode())
