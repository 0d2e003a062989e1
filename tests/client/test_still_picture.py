"""When a picture is taken."""

from gspice.client.still_picture import StillPicture


class Display:
    marked = False
    changes = 0


def watch(display: Display) -> StillPicture:
    return StillPicture(display, quiet=0.5, patience=3.0)  # type: ignore[arg-type]


def test_there_is_nothing_to_take_before_the_mark() -> None:
    display = Display()
    still = watch(display)
    assert not still.reached(100.0)
    assert still.deadline() is None


def test_a_quiet_picture_is_taken_after_the_settle_time() -> None:
    display = Display()
    still = watch(display)
    display.marked = True
    assert not still.reached(10.0)
    assert still.deadline() == 10.5
    assert not still.reached(10.4)
    assert still.reached(10.5)


def test_drawing_puts_it_off_but_not_for_ever() -> None:
    display = Display()
    still = watch(display)
    display.marked = True
    now = 10.0
    while now < 12.9:
        display.changes += 1
        assert not still.reached(now)
        now += 0.4
    assert still.deadline() == 13.0
    display.changes += 1
    assert still.reached(13.0)


def test_a_surface_that_goes_starts_it_anew() -> None:
    display = Display()
    still = watch(display)
    display.marked = True
    assert not still.reached(10.0)
    display.marked = False
    display.changes += 1
    assert not still.reached(10.6)
    display.marked = True
    display.changes += 1
    assert not still.reached(20.0)
    assert still.reached(20.5)
