"""Who reads a file that another room writes is told when it changes."""

import pytest

from standfast.core.errors import BrokenInvariant
from standfast.mechanisms.hosts.bundle import Contribution, File, Reader, merge

CERT = "/etc/standfast/identity/cert.pem"
WRITER = Contribution(files=(File(path=CERT, content=b"new", restarts=("agent.service",)),))


def test_a_renewed_certificate_reaches_every_unit_that_reads_it() -> None:
    reads = Contribution(readers=(Reader(path=CERT, unit="haproxy.service"),))
    starts = Contribution(readers=(Reader(path=CERT, unit="pages.service", restart=True),))
    (file,) = merge("edge-1", (WRITER, reads, starts, reads)).files
    assert file.reloads == ("haproxy.service",)
    assert file.restarts == ("agent.service", "pages.service")


def test_a_reader_of_what_nobody_writes_is_a_mistake() -> None:
    reads = Contribution(readers=(Reader(path="/etc/other", unit="haproxy.service"),))
    with pytest.raises(BrokenInvariant, match="which nobody writes"):
        merge("edge-1", (WRITER, reads))
