"""Mouse modes: what allows client mode, and what happens when that goes."""

import itertools

import pytest

from gspice.channels.mouse_mode import MouseModes
from gspice.wire.types import MouseMode

BOTH = MouseMode.SERVER | MouseMode.CLIENT


@pytest.mark.parametrize(
    ("tablet", "devices", "channels", "primary", "agent"),
    list(itertools.product([False, True], [0, 1, 2], [0, 1, 2], [False, True], [False, True])),
)
def test_client_mode_rule(tablet: bool, devices: int, channels: int, primary: bool, agent: bool) -> None:
    modes = MouseModes()
    modes.update(
        has_tablet=tablet,
        qxl_devices=devices,
        display_channels=channels,
        primary_allows=primary,
        agent_mouse=agent,
    )
    allowed = (agent or (tablet and devices == 1 and channels == 1)) and primary
    assert modes.supported == (BOTH if allowed else MouseMode.SERVER)
    assert modes.current == MouseMode.SERVER
    assert modes.request(MouseMode.CLIENT) is allowed


@pytest.fixture
def modes() -> MouseModes:
    modes = MouseModes()
    modes.update(has_tablet=True, qxl_devices=1, display_channels=1, primary_allows=True)
    return modes


@pytest.mark.parametrize(
    "loss",
    [{"has_tablet": False}, {"qxl_devices": 2}, {"display_channels": 2}, {"primary_allows": False}],
)
def test_loss_forces_server_mode(modes: MouseModes, loss: dict[str, int]) -> None:
    modes.request(MouseMode.CLIENT)
    modes.update(**loss)  # type: ignore[arg-type]
    assert (modes.supported, modes.current) == (MouseMode.SERVER, MouseMode.SERVER)


@pytest.mark.parametrize("mode", [0, 3, 4, 77, 0xFFFF])
def test_odd_modes_are_ignored(modes: MouseModes, mode: int) -> None:
    assert not modes.request(mode)
    assert modes.current == MouseMode.SERVER


def test_disallowed_request_changes_nothing() -> None:
    modes = MouseModes()
    told: list[int] = []
    modes.observe(lambda: told.append(1))
    assert not modes.request(MouseMode.CLIENT)
    assert modes.current == MouseMode.SERVER
    assert told == []


def test_observers_are_told_of_changes_only(modes: MouseModes) -> None:
    told: list[tuple[MouseMode, MouseMode]] = []

    def observer() -> None:
        told.append((modes.supported, modes.current))

    modes.observe(observer)
    modes.update(has_tablet=True)
    modes.request(MouseMode.SERVER)
    assert told == []
    modes.request(MouseMode.CLIENT)
    modes.request(MouseMode.CLIENT)
    modes.update(agent_mouse=True)
    modes.update(has_tablet=False)
    assert told == [(BOTH, MouseMode.CLIENT)]
    modes.update(agent_mouse=False)
    assert told[1:] == [(MouseMode.SERVER, MouseMode.SERVER)]
    modes.forget(observer)
    modes.update(agent_mouse=True)
    assert len(told) == 2
