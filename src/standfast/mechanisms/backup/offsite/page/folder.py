"""The page in a folder, such as a mounted disk's. Standard library only."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from standfast.core.errors import CommandFailed, StandfastError
from standfast.core.files import write_atomically
from standfast.mechanisms.backup.offsite.page.elsewhere import Item
from standfast.mechanisms.backup.offsite.page.names import FOLDER
from standfast.mechanisms.backup.offsite.store import Store
from standfast.mechanisms.backup.offsite.trouble import explained, found_in


@dataclass(frozen=True, slots=True, kw_only=True)
class InFolder:
    root: Path

    def read(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise told(error, name) from error

    def send(self, items: Iterable[Item]) -> None:
        for each in items:
            path = self.root / each.name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, each.content)
            except OSError as error:
                raise told(error, each.name) from error

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                (self.root / name).unlink(missing_ok=True)
            except OSError as error:
                raise told(error, name) from error


def told(error: OSError, name: str) -> StandfastError:
    said = error.strerror or type(error).__name__
    own = f"{name}: {said}"
    return explained(found_in(said), own) or CommandFailed(f"the folder off site: {own}")


def opened(store: Store) -> InFolder:
    return InFolder(root=Path(store.parts["folder"]) / FOLDER)
