"""Anything may happen to the desktop in any order: the screen is right all the while."""

from collections.abc import Callable, Iterator
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gspice.hosts.desktop import KeyEvent
from gspice.hosts.desktop.wallpaper import landscape
from gspice.hosts.desktop.window import FramePart
from tests.hosts.test_desktop import NONE, Person


@pytest.fixture(autouse=True, scope="module")
def painted_once() -> Iterator[None]:
    """Wallpapers are kept: painting them takes most of a small test's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gspice.hosts.desktop.desktop.landscape", lru_cache(landscape))
        yield


Act = Callable[[Person], None]
_windows = st.integers(0, 3)
_amount = st.integers(-260, 260)


def _drag(window: int, dx: int, dy: int) -> Act:
    return lambda person: person.drag(person.desktop.applications[window], dx, dy)


def _click(x: int, y: int) -> Act:
    return lambda person: person.click(x, y)


def _press_frame(window: int, part: FramePart) -> Act:
    return lambda person: person.click_frame(person.desktop.applications[window], part)


def _panel(index: int) -> Act:
    return lambda person: person.click(110 + index * 90, person.desktop.size[1] - 20)


def _type(text: str) -> Act:
    return lambda person: person.type(text)


def _named(key: str, ctrl: bool) -> Act:
    return lambda person: person.desktop.key(KeyEvent(key, ctrl=ctrl, shift=not ctrl))


def _wheel(steps: int) -> Act:
    return lambda person: person.desktop.wheel(steps, NONE)


def _resize(size: tuple[int, int]) -> Act:
    return lambda person: person.desktop.resize(*size)


def _run(seconds: float) -> Act:
    return lambda person: person.run(seconds)


def _refuse(count: int) -> Act:
    return lambda person: setattr(person.screen, "refusals", count)


def _freeze(frozen: bool) -> Act:
    return lambda person: person.desktop.freeze() if frozen else person.desktop.thaw()


_texts = st.sampled_from(["ls -l\n", "seq 40\n", "help\n", "clear\n", "yes\n", "echo " + "wide " * 30, "x"])
_keys = st.sampled_from(["PageUp", "PageDown", "Backspace", "Left", "Up", "Tab", "Home", "End"])
_acts = st.one_of(
    st.builds(_drag, _windows, _amount, _amount),
    st.builds(_click, st.integers(0, 639), st.integers(0, 479)),
    st.builds(_press_frame, _windows, st.sampled_from([FramePart.CLOSE, FramePart.MINIMISE])),
    st.builds(_panel, _windows),
    st.builds(_type, _texts),
    st.builds(_named, _keys, st.just(False)),
    st.builds(_named, st.sampled_from(["c", "l", "u"]), st.just(True)),
    st.builds(_wheel, st.integers(-4, 4)),
    st.builds(_resize, st.sampled_from([(640, 480), (520, 600), (320, 240)])),
    st.builds(_run, st.sampled_from([0.0, 0.02, 0.1, 0.5])),
    st.builds(_refuse, st.integers(1, 12)),
    st.builds(_freeze, st.booleans()),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_acts, max_size=14))
def test_screen_is_right_whatever_happens(acts: list[Act]) -> None:
    person = Person(640, 480)
    for act in acts:
        act(person)
        # Outside what it knows to be stale, the screen is right at all times.
        wrong = person.wrong()
        for rect in person.desktop.compositor.stale.rects():
            wrong[rect.top : rect.bottom, rect.left : rect.right] = 0
        assert not wrong.any()
    person.screen.refusals = 0
    person.desktop.thaw()
    person.run(0.3)
    assert person.screen.pixels.shape[:2] == person.desktop.size[::-1]
    assert not person.desktop.compositor.stale
    assert not person.wrong().any()
