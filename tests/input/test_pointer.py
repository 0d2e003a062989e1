"""The pointer: each mouse mode has its device, and no button stays down on the other."""

import pytest

from gspice.input.pointer import ClientButtons, Pointer, host_buttons
from gspice.vdi import HostButtons
from tests.input.fake_devices import FakeAgentMouse, FakeMouse, FakeTablet

LEFT, MIDDLE, RIGHT = ClientButtons.LEFT, ClientButtons.MIDDLE, ClientButtons.RIGHT


@pytest.fixture
def mouse() -> FakeMouse:
    return FakeMouse()


@pytest.fixture
def tablet() -> FakeTablet:
    return FakeTablet()


@pytest.fixture
def pointer(mouse: FakeMouse, tablet: FakeTablet) -> Pointer:
    pointer = Pointer()
    pointer.mouse, pointer.tablet = mouse, tablet
    pointer.set_logical_size(800, 600)
    tablet.calls.clear()
    return pointer


@pytest.mark.parametrize(
    ("client", "host"),
    [
        (LEFT, HostButtons.LEFT),
        (MIDDLE, HostButtons.MIDDLE),
        (RIGHT, HostButtons.RIGHT),
        (ClientButtons.SIDE, HostButtons.SIDE),
        (ClientButtons.EXTRA, HostButtons.EXTRA),
        (ClientButtons.UP | ClientButtons.DOWN | 0xFF80, HostButtons(0)),
    ],
)
def test_buttons_change_numbers(client: int, host: HostButtons) -> None:
    assert host_buttons(client) == host


def test_middle_and_right_are_swapped_in_bits() -> None:
    assert int(host_buttons(2)) == 4
    assert int(host_buttons(4)) == 2


def test_server_mode_uses_the_mouse(pointer: Pointer, mouse: FakeMouse, tablet: FakeTablet) -> None:
    pointer.motion(-3, 4, LEFT)
    pointer.position(10, 20, LEFT)
    pointer.press(2, LEFT | MIDDLE)
    pointer.press(4, LEFT)
    pointer.press(5, LEFT)
    pointer.release_button(0)
    assert mouse.calls == [
        ("motion", -3, 4, 0, HostButtons.LEFT),
        ("buttons", HostButtons.LEFT | HostButtons.MIDDLE),
        ("motion", 0, 0, -1, HostButtons.LEFT),
        ("motion", 0, 0, 1, HostButtons.LEFT),
        ("buttons", HostButtons(0)),
    ]
    assert tablet.calls == []


def test_client_mode_uses_the_tablet(pointer: Pointer, mouse: FakeMouse, tablet: FakeTablet) -> None:
    pointer.set_absolute(True)
    pointer.motion(1, 1, 0)
    pointer.position(10, 20, RIGHT)
    pointer.press(1, LEFT)
    pointer.press(4, 0)
    pointer.press(5, 0)
    pointer.release_button(0)
    assert tablet.calls == [
        ("position", 10, 20, HostButtons.RIGHT),
        ("buttons", HostButtons.LEFT),
        ("wheel", -1, HostButtons(0)),
        ("wheel", 1, HostButtons(0)),
        ("buttons", HostButtons(0)),
    ]
    assert mouse.calls == []


def test_positions_off_the_screen_mean_its_edge(pointer: Pointer, tablet: FakeTablet) -> None:
    pointer.set_absolute(True)
    pointer.position(0xFFFFFFFF, 600, 0)
    assert tablet.calls == [("position", 799, 599, HostButtons(0))]


def test_positions_mean_nothing_without_a_size(tablet: FakeTablet) -> None:
    pointer = Pointer()
    pointer.tablet = tablet
    pointer.set_absolute(True)
    pointer.position(1, 1, 0)
    assert tablet.calls == []


def test_mode_change_releases_on_the_old_device(
    pointer: Pointer, mouse: FakeMouse, tablet: FakeTablet
) -> None:
    pointer.press(1, LEFT)
    mouse.calls.clear()
    pointer.set_absolute(True)
    assert mouse.calls == [("buttons", HostButtons(0))]
    assert tablet.calls == []
    pointer.set_absolute(True)
    pointer.press(1, LEFT)
    tablet.calls.clear()
    pointer.set_absolute(False)
    assert tablet.calls == [("buttons", HostButtons(0))]


def test_release_is_silent_when_nothing_is_down(pointer: Pointer, mouse: FakeMouse) -> None:
    pointer.press(4, 0)
    pointer.release_button(0)
    mouse.calls.clear()
    pointer.release()
    assert mouse.calls == []
    pointer.motion(0, 0, RIGHT)
    pointer.release()
    pointer.release()
    assert mouse.calls[1:] == [("buttons", HostButtons(0))]


def test_agent_takes_what_the_tablet_would(pointer: Pointer, mouse: FakeMouse, tablet: FakeTablet) -> None:
    agent = FakeAgentMouse()
    pointer.set_absolute(True)
    pointer.set_agent(agent)
    pointer.position(1000, 20, MIDDLE, 1)
    pointer.press(3, MIDDLE | RIGHT)
    pointer.press(4, 0)
    pointer.press(5, 0)
    pointer.release_button(0)
    pointer.press(1, LEFT)
    pointer.set_agent(None)
    assert agent.calls == [
        (1000, 20, 4, 1),
        (1000, 20, 12, 1),
        (1000, 20, 16, 1),
        (1000, 20, 32, 1),
        (1000, 20, 0, 1),
        (1000, 20, 2, 1),
        (1000, 20, 0, 1),
    ]
    assert tablet.calls == []
    assert pointer.held == 0
    pointer.position(5, 5, 0)
    assert tablet.calls == [("position", 5, 5, HostButtons(0))]


def test_agent_is_left_alone_in_server_mode(pointer: Pointer, mouse: FakeMouse) -> None:
    agent = FakeAgentMouse()
    pointer.set_agent(agent)
    pointer.motion(1, 2, 0)
    pointer.press(1, LEFT)
    assert agent.calls == []
    assert len(mouse.calls) == 2


@pytest.mark.parametrize("absolute", [False, True])
def test_without_devices_nothing_happens(absolute: bool) -> None:
    pointer = Pointer()
    pointer.set_logical_size(10, 10)
    pointer.set_absolute(absolute)
    pointer.motion(1, 1, LEFT)
    pointer.position(1, 1, LEFT)
    pointer.press(4, LEFT)
    pointer.press(1, LEFT)
    pointer.release_button(0)
    pointer.release()
