"""A group is looked into while systemd, which owns it, may take it away."""

import errno

import pytest

from standfast.mechanisms.hosts.local.cgroup import Group, unless_gone


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENODEV])
def test_a_group_that_vanishes_while_we_look_is_no_failure(number: int) -> None:
    with unless_gone():
        raise OSError(number, "as the kernel says it")


def test_what_else_the_kernel_refuses_is_a_failure() -> None:
    with pytest.raises(PermissionError), unless_gone():
        raise PermissionError(errno.EACCES, "not yours")


def test_a_group_that_is_gone_is_empty_and_killing_it_does_nothing() -> None:
    group = Group(path="standfast/never/made")
    group.kill()
    assert not group.is_populated()
    assert group.processes() == ()
