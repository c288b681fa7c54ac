from ipaddress import IPv4Address

import pytest

from standfast.mechanisms.hosts.machine import Machine, Reach
from standfast.mechanisms.hosts.unreachable import unreachable

MACHINE = Machine(
    name="web-1", roles=frozenset(), address=IPv4Address("10.0.0.1"), reach=Reach(host="web.site")
)
CHANGED = """@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
Host key for web.site has changed and you have requested strict checking.\r
Host key verification failed.\r
"""


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("Host key verification failed.\r\n", "the SSH host key of web-1 (web.site) is not known"),
        (CHANGED, "web-1 (web.site) shows another SSH host key"),
        ("ssh: connect to host web.site port 22: No route to host\r\n", "No route to host"),
        ("", "web-1 (web.site) cannot be reached by SSH: the connection was lost"),
    ],
)
def test_an_error_names_the_machine_and_what_is_wrong(complaint: str, words: str) -> None:
    error = unreachable(MACHINE, complaint)
    assert words in error.problem
    assert "web.site" in error.problem
    assert "\r" not in error.problem
    assert error.remedy
