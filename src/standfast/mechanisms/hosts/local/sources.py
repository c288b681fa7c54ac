"""Where this computer takes Debian's packages from, so that machines made here take the same.

Reads both forms of apt's lists (sources.list(5)): one line per source, and deb822 stanzas.
Only sources of the wanted suite are taken: a vendor's own repository has no place in a machine.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from standfast.core.errors import ConfigError

SUITES = ("bookworm", "trixie")
PASSED_ON = ("Acquire::http::", "Acquire::https::", "Acquire::Retries")


def read(folder: Path, suite: str) -> str:
    """The lines for `suite`, in one-line form; those of a sister suite are renamed to it."""
    lines: dict[str, None] = {}
    for path in (folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))):
        if path.suffix in (".list", ".sources") and path.is_file():
            text = path.read_text()
            found = stanzas(text) if path.suffix == ".sources" else one_liners(text)
            for line in found:
                for named in SUITES:
                    if re.search(rf" {named}(-[a-z-]+)? ", line):
                        lines[re.sub(rf" {named}(?=[ -])", f" {suite}", line)] = None
    return "".join(f"{line}\n" for line in lines)


def no_mirror(suite: str) -> ConfigError:
    return ConfigError(
        f"this computer's package sources offer no Debian {suite}",
        remedy="Add a Debian mirror under /etc/apt/sources.list.d; machines use the same.",
    )


def one_liners(text: str) -> Iterator[str]:
    for line in text.splitlines():
        words = re.sub(r"\[[^]]*\]", "", line.split("#")[0]).split()
        if words[:1] == ["deb"]:
            yield " ".join(words)


def stanzas(text: str) -> Iterator[str]:
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
        if "deb" not in fields.get("Types", "").split() or fields.get("Enabled") == "no":
            continue
        for uri in fields.get("URIs", "").split():
            for suite in fields.get("Suites", "").split():
                yield f"deb {uri} {suite} {fields.get('Components', '')}".strip()


def options(dump: str) -> Iterator[str]:
    """From `apt-config dump`: proxies and the like, which the bootstrap needs as well."""
    for line in dump.splitlines():
        if line.startswith(PASSED_ON) and not line.endswith('"";'):
            yield line.rstrip(";").replace(' "', ' "', 1)
