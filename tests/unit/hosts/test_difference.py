"""What `plan` shows of a machine: what would change, and no secret."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from standfast.cli.difference import lines
from standfast.cli.progress import WIDTH
from standfast.mechanisms.hosts.bundle import Bundle, File, Unit, User
from standfast.mechanisms.hosts.difference import Change, Difference, difference

PUBLIC = File(path="/etc/haproxy/haproxy.cfg", content=b"one\ntwo\nthree\n")
SECRET = File(path="/etc/standfast/service.env", content=b"PASSWORD=new", mode=0o600)
FIREWALL = File(path="/etc/standfast/nftables.conf", content=b"rules\n")
BUNDLE = Bundle(
    machine="web-1",
    files=(PUBLIC, SECRET, FIREWALL),
    units=(Unit(name="a.service"),),
    users=(User(name="service", home="/srv"),),
    folders=(),
    packages=("haproxy",),
)


def there(file: File, content: bytes | None = None, **more: Any) -> dict[str, Any]:
    now = file.content if content is None else content
    shown = b64encode(now).decode() if file.mode & 0o004 else None
    return {
        "same": now == file.content,
        "content": shown,
        "wanted": None,
        "mode": file.mode,
        "owner": "root",
        "group": "root",
        **more,
    }


def found(*files: tuple[File, Mapping[str, Any] | None], **more: Any) -> dict[str, Any]:
    all_there = {file.path: there(file) for file in BUNDLE.files}
    return {
        "files": {**all_there, **{file.path: now for file, now in files}},
        **{"removed": [], "packages": [], "users": [], "units": [], "foreign": []},
        **{"firewall": True, **more},
    }


def compared(
    inventory: dict[str, Any] | None, from_keys: frozenset[str] = frozenset()
) -> Difference:
    return difference(BUNDLE, inventory, from_keys=from_keys)


def said(each: Difference) -> str:
    return "\n".join(lines(each, "web"))


def test_a_machine_that_is_as_planned_says_so_in_one_line() -> None:
    assert said(compared(found())) == "web-1  (web)  is as planned"


def test_a_changed_file_is_shown_line_by_line() -> None:
    shown = said(compared(found((PUBLIC, there(PUBLIC, b"one\n2\nthree\n")))))
    assert "  file       ~ /etc/haproxy/haproxy.cfg\n" in shown
    assert "    -2\n    +two\n" in shown


def test_a_secret_is_named_and_never_shown() -> None:
    shown = said(compared(found((SECRET, there(SECRET, b"PASSWORD=old")))))
    assert "~ /etc/standfast/service.env" in shown
    assert "secrets" in shown
    assert "PASSWORD" not in shown


def test_what_a_preview_cannot_know_is_no_change() -> None:
    inventory = found((SECRET, there(SECRET, b"PASSWORD=old")))
    assert compared(inventory, frozenset({SECRET.path})).is_empty


def test_a_file_whose_mode_is_wrong_is_a_change() -> None:
    shown = said(compared(found((SECRET, there(SECRET, mode=0o644)))))
    assert "0644 root:root → 0600 root:root" in shown


def test_new_and_removed_are_told_apart() -> None:
    each = compared(found((PUBLIC, None), removed=["/etc/old"]))
    assert [(one.path, one.change) for one in each.files] == [
        (PUBLIC.path, Change.NEW),
        ("/etc/old", Change.REMOVED),
    ]
    assert "1 file new, 1 file removed" in said(each)


def test_the_firewall_stands_apart_and_counts_when_it_is_not_in_force() -> None:
    changed = compared(found((FIREWALL, there(FIREWALL, b"others\n"))))
    assert changed.firewall is not None
    assert changed.files == ()
    assert "firewall replaced" in said(compared(found(firewall=False)))


def test_what_is_in_the_way_is_said_first() -> None:
    shown = said(compared(found(foreign=[{"what": "nginx listens on port 443"}])))
    assert shown.splitlines()[1] == "  in the way nginx listens on port 443"


def test_where_nobody_looked_everything_is_new() -> None:
    each = compared(None)
    assert not each.seen
    assert (each.packages, each.users, each.units) == (("haproxy",), ("service",), ("a.service",))
    assert {one.change for one in each.files} == {Change.NEW}


def test_no_line_is_wider_than_a_terminal() -> None:
    long = there(PUBLIC, b"x" * 300)
    each = compared(found((PUBLIC, long), packages=[f"package-{n}" for n in range(40)]))
    many = replace(each, foreign=("a firewall of somebody's own " * 9,))
    assert max(map(len, said(many).splitlines())) <= WIDTH
