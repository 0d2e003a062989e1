"""The guest's pointer: a client's moves and buttons go to the mouse, the tablet or the guest's agent."""

from enum import IntFlag
from typing import Protocol

from gspice.vdi import HostButtons, MouseInterface, TabletInterface


class ClientButtons(IntFlag):
    """The mask of buttons as clients send it (SPICE_MOUSE_BUTTON_MASK_*)."""

    LEFT = 1
    MIDDLE = 2
    RIGHT = 4
    UP = 8
    DOWN = 16
    SIDE = 32
    EXTRA = 64


_HOST_BUTTONS = {
    ClientButtons.LEFT: HostButtons.LEFT,
    ClientButtons.MIDDLE: HostButtons.MIDDLE,
    ClientButtons.RIGHT: HostButtons.RIGHT,
    ClientButtons.SIDE: HostButtons.SIDE,
    ClientButtons.EXTRA: HostButtons.EXTRA,
}
"""The wheel is no button to a device: it has ``dz``."""

_HELD_BUTTONS = ClientButtons.LEFT | ClientButtons.MIDDLE | ClientButtons.RIGHT
_HELD_BUTTONS |= ClientButtons.SIDE | ClientButtons.EXTRA

WHEEL = {4: -1, 5: 1}
"""Button number -> wheel steps (SPICE_MOUSE_BUTTON_UP and _DOWN)."""

_AGENT_WHEEL = {-1: ClientButtons.UP, 0: ClientButtons(0), 1: ClientButtons.DOWN}


class AgentMouse(Protocol):
    """The guest's agent, as a pointer. Its masks are the client's, one bit higher (VD_AGENT_*BUTTON_MASK)."""

    def mouse_state(self, x: int, y: int, buttons: int, display: int) -> None:
        """The whole state of the pointer; a newer one may replace one not yet delivered."""


def host_buttons(buttons: int) -> HostButtons:
    """A client's mask in the numbering of host devices; bits that no device has are left out."""
    mask = HostButtons(0)
    for client, host in _HOST_BUTTONS.items():
        if buttons & client:
            mask |= host
    return mask


class Pointer:
    """The one pointer. ``absolute`` is client mouse mode: then positions count, else differences do."""

    def __init__(self) -> None:
        self.mouse: MouseInterface | None = None
        self.tablet: TabletInterface | None = None
        self.absolute = False
        self.width = 0
        self.height = 0
        self._agent: AgentMouse | None = None
        self._held = ClientButtons(0)
        self._place = (0, 0, 0)

    @property
    def held(self) -> ClientButtons:
        """Buttons that the guest believes to be down."""
        return self._held

    def set_absolute(self, absolute: bool) -> None:
        """Change the mouse mode; what is down would stay down on the old device, so it is released first."""
        if absolute != self.absolute:
            self.release()
            self.absolute = absolute

    def set_agent(self, agent: AgentMouse | None) -> None:
        """Let the guest's agent take what would go to the tablet; None: the tablet again."""
        if agent is not self._agent:
            self.release()
            self._agent = agent

    def set_logical_size(self, width: int, height: int) -> None:
        """The size that positions refer to, in pixels."""
        self.width, self.height = width, height
        if self.tablet is not None:
            self.tablet.set_logical_size(width, height)

    def motion(self, dx: int, dy: int, buttons: int) -> None:
        """A relative move, in pixels; ignored in client mode."""
        if self.absolute or self.mouse is None:
            return
        self._hold(buttons)
        self.mouse.motion(dx, dy, 0, host_buttons(buttons))

    def position(self, x: int, y: int, buttons: int, display: int = 0) -> None:
        """An absolute place on a display; ignored in server mode. Places off the screen mean its edge."""
        if not self.absolute:
            return
        if self._agent is None and self.width and self.height:
            # Only the tablet's size is known here: the agent has displays of any size.
            x, y = min(x, self.width - 1), min(y, self.height - 1)
        self._place = (x, y, display)
        if self._agent is not None:
            self._hold(buttons)
            self._agent.mouse_state(x, y, (buttons & _HELD_BUTTONS) << 1, display)
        elif self.tablet is not None and self.width and self.height:
            self._hold(buttons)
            self.tablet.position(x, y, host_buttons(buttons))

    def press(self, button: int, buttons: int) -> None:
        """A button went down, the wheel's included; ``buttons`` is the mask with it."""
        self._hold(buttons)
        wheel = WHEEL.get(button, 0)
        if self.absolute and self._agent is not None:
            mask = buttons & _HELD_BUTTONS | _AGENT_WHEEL[wheel]
            self._agent.mouse_state(self._place[0], self._place[1], mask << 1, self._place[2])
        elif not wheel:
            self._buttons(buttons)
        elif self.absolute:
            if self.tablet is not None:
                self.tablet.wheel(wheel, host_buttons(buttons))
        elif self.mouse is not None:
            self.mouse.motion(0, 0, wheel, host_buttons(buttons))

    def release_button(self, buttons: int) -> None:
        """A button went up; ``buttons`` is the mask without it. Hosts need it for the wheel, too."""
        self._hold(buttons)
        self._buttons(buttons)

    def release(self) -> None:
        """Let go of all buttons."""
        if self._held:
            self._held = ClientButtons(0)
            self._buttons(0)

    def _hold(self, buttons: int) -> None:
        self._held = ClientButtons(buttons & _HELD_BUTTONS)

    def _buttons(self, buttons: int) -> None:
        if not self.absolute:
            if self.mouse is not None:
                self.mouse.buttons(host_buttons(buttons))
        elif self._agent is not None:
            x, y, display = self._place
            self._agent.mouse_state(x, y, (buttons & _HELD_BUTTONS) << 1, display)
        elif self.tablet is not None:
            self.tablet.buttons(host_buttons(buttons))
