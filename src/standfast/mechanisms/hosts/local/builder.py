"""A throw-away machine on the base image, with this computer's network: where programs that come
from the internet are installed. What it made is taken out, and it is gone.

The site's own machines have no way out; what they run arrives over SSH, built here.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from standfast.core.command import Command, Result, Runner

BUILD_TIMEOUT_S = 900.0
NETWORK_FILES = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/ssl/certs",
    "/etc/pip.conf",
    "/etc/xdg/pip",
)
"""How this computer finds and trusts the outside: name servers, certificates, pip's settings."""

PASSED_ON = (
    "PIP_",
    "SSL_CERT",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "REQUESTS_CA",
    "CURL_CA",
    "NODE_EXTRA_CA",
)


@dataclass(slots=True, kw_only=True)
class Builder:
    """A context manager. `in_place` writes to `base` itself: only for making the image."""

    base: Path
    runner: Runner
    scratch: Path | None = None
    in_place: bool = False
    root: Path = field(init=False)

    def __enter__(self) -> "Builder":
        if self.in_place:
            self.root = self.base
            return self
        assert self.scratch is not None
        self.clear()
        for name in ("upper", "work", "root"):
            (self.scratch / name).mkdir(parents=True)
        self.root = self.scratch / "root"
        layers = f"lowerdir={self.base},upperdir={self.scratch}/upper,workdir={self.scratch}/work"
        self.runner.run(
            Command(argv=("mount", "-t", "overlay", "overlay", "-o", layers, str(self.root)))
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.in_place:
            self.clear()

    def clear(self) -> None:
        if self.scratch is not None and self.scratch.exists():
            root = self.scratch / "root"
            if root.is_mount():
                self.runner.run(Command(argv=("umount", str(root))))
            shutil.rmtree(self.scratch)

    def run(
        self,
        argv: Sequence[str],
        *,
        folder: str = "/",
        environment: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> Result:
        return self.runner.run(
            Command(
                argv=(
                    *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--as-pid2"),
                    *("--pipe", f"--directory={self.root}", f"--chdir={folder}"),
                    *(f"--bind-ro={path}" for path in NETWORK_FILES if Path(path).exists()),
                    *(f"--setenv={name}" for name in settings_of_this_computer()),
                    *(f"--setenv={name}={value}" for name, value in (environment or {}).items()),
                    *("--setenv=LANG=C.UTF-8", "--setenv=PIP_NO_CACHE_DIR=1"),
                    *argv,
                ),
                timeout_s=BUILD_TIMEOUT_S,
            ),
            check=check,
        )

    def run_quietly(self, argv: Sequence[str], stdin: bytes) -> None:
        """As `programs.install_venv` wants it: `stdin` is put into a file named by `{stdin}`."""
        given = self.root / "opt" / "given"
        given.write_bytes(stdin)
        self.run([word.replace("{stdin}", "/opt/given") for word in argv])
        given.unlink()


def settings_of_this_computer() -> tuple[str, ...]:
    return tuple(sorted(name for name in os.environ if name.startswith(PASSED_ON)))
