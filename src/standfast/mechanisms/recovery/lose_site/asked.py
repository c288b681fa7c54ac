"""What the process behind the walls of a rehearsal is asked, on its standard input. Pure."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from standfast.mechanisms.recovery.lose_site.rehearsed import Walls


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`file` is the new site's, `ca_file` what customers know of who signs for the site; `gone` are
    places of the lost site that must not exist here. `password`: that of a customer's account."""

    walls: Walls
    gone: tuple[Path, ...]
    file: Path
    envelope: Path
    ca_file: Path
    passphrase: str = field(repr=False)
    password: str = field(repr=False)

    def to_json(self) -> bytes:
        return json.dumps(
            {
                "walls": self.walls.document,
                "gone": list(map(str, self.gone)),
                "file": str(self.file),
                "envelope": str(self.envelope),
                "ca_file": str(self.ca_file),
                "passphrase": self.passphrase,
                "password": self.password,
            }
        ).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Asked":
        said = json.loads(text)
        return cls(
            walls=Walls.from_document(said["walls"]),
            gone=tuple(map(Path, said["gone"])),
            file=Path(said["file"]),
            envelope=Path(said["envelope"]),
            ca_file=Path(said["ca_file"]),
            passphrase=said["passphrase"],
            password=said["password"],
        )
