"""Our names inside /etc/hosts (hosts(5)), a file that others write too. Pure, standard library.

Ours is a block between two markers, at the end; what stands outside is left alone, but for one
thing: a name of ours that another line gives away is taken out of that line. glibc answers with
every line that has a name (host.conf(5), `multi`), so Debian's own `127.0.1.1 web-1` would send
half of the connections to web-1 back to where they came from.
"""

import re

BEGIN = "# >>> Standfast: written from the plan; edits inside are lost at the next `standfast up`"
END = "# <<< Standfast"
LOOPBACK = re.compile(r"127\.|::1$")
OURS = re.compile(rf"^{re.escape(BEGIN)}\n.*?^{re.escape(END)}\n?", re.MULTILINE | re.DOTALL)


def merged(existing: str, ours: str) -> str:
    """`existing` with our block as it should be."""
    names = {name for _, given in lines(ours) for name in given}
    outside = "".join(without(line, names) for line in outside_of(existing).splitlines(True))
    if outside and not outside.endswith("\n"):
        outside += "\n"
    if not any("localhost" in given for _, given in lines(outside)):
        outside = f"127.0.0.1 localhost\n::1 localhost ip6-localhost\n{outside}"
    return f"{outside}{BEGIN}\n{ours.rstrip()}\n{END}\n"


def outside_of(existing: str) -> str:
    return OURS.sub("", existing)


def has_block(existing: str) -> bool:
    return OURS.search(existing) is not None


def conflicts(existing: str, ours: str) -> list[str]:
    """Lines of somebody's that lead one of our names to another address, off the machine itself."""
    mine = {name: address for address, given in lines(ours) for name in given}
    return [
        f"{address} {name}"
        for address, given in lines(outside_of(existing))
        for name in given
        if name in mine and mine[name] != address and not LOOPBACK.match(address)
    ]


def lines(text: str) -> list[tuple[str, list[str]]]:
    """Address and names of each line that has them."""
    words = [line.partition("#")[0].split() for line in text.splitlines()]
    return [(each[0], each[1:]) for each in words if len(each) > 1]


def without(line: str, names: set[str]) -> str:
    found = lines(line)
    if not found or names.isdisjoint(found[0][1]):
        return line
    address, given = found[0]
    kept = [name for name in given if name not in names]
    return f"{address} {' '.join(kept)}\n" if kept else ""
