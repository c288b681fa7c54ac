"""What is due is looked at then, and what is new at once."""

from tests.unit.clocks import HandClock

from standfast.daemons.glances import GLANCE_S, Glances


def test_it_looks_when_it_is_due_or_something_is_new() -> None:
    looks: list[float] = []
    new = False
    clock = HandClock()

    def look() -> float:
        looks.append(clock.monotonic())
        return 3 * GLANCE_S

    glances = Glances(look=look, is_new=lambda: new, clock=clock)
    for _ in range(4):
        clock.sleep(glances.turn())
    assert len(looks) == 2, "at first, and when it was due"
    new = True
    clock.sleep(glances.turn())
    assert len(looks) == 3


def test_quick_looks_stay_quick() -> None:
    clock = HandClock()
    glances = Glances(look=lambda: GLANCE_S / 4, is_new=lambda: False, clock=clock)
    assert glances.turn() == GLANCE_S / 4


def test_a_look_that_fails_is_due_again() -> None:
    clock, failed = HandClock(), False

    def look() -> float:
        if failed:
            raise OSError
        return 60.0

    glances = Glances(look=look, is_new=lambda: True, clock=clock)
    assert glances.turn() == GLANCE_S
    failed = True
    for _ in range(2):
        try:
            glances.turn()
        except OSError:
            continue
        raise AssertionError("it looked at nothing")
