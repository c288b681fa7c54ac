"""A command, a list of words, as one line that systemd takes apart into the same words.

systemd.service(5), "Command lines": quotes and C escapes are read, `%` begins a specifier. The
prefix `:` takes `$` its meaning. The first word is made absolute, or is found by ExecSearchPath=.
"""

from collections.abc import Mapping

from standfast.mechanisms.web.settings import Argv

VERBATIM = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./,:=+@^-")
ESCAPED: Mapping[str, str] = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "%": "%%"}


def command_line(argv: Argv) -> str:
    """For ExecStart=."""
    return f":{' '.join(word(each) for each in argv)}"


def word(text: str) -> str:
    if text and VERBATIM.issuperset(text):
        return text
    return f'"{"".join(escaped(each) for each in text)}"'


def escaped(letter: str) -> str:
    if letter.isascii() and not letter.isprintable() and letter not in ESCAPED:
        return f"\\x{ord(letter):02x}"
    return ESCAPED.get(letter, letter)


def absolute(argv: Argv, folder: str) -> Argv:
    """A first word with a slash is a path inside the release, unless it begins with one."""
    first, *rest = argv
    inside = "/" in first and not first.startswith("/")
    return (f"{folder}/{first}" if inside else first, *rest)


def search_path(folder: str) -> str:
    """Where a first word without a slash is looked for."""
    return f"{folder}/.venv/bin:/usr/local/bin:/usr/bin:/bin"
