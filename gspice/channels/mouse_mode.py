"""Who draws the pointer: the mouse mode, from what the host and the guest can do."""

from collections.abc import Callable

from gspice.wire.types import MouseMode


class MouseModes:
    """The modes on offer and the one in use. Starts, and falls back whenever it must, in SERVER mode.

    CLIENT mode needs a way to tell the guest positions (its agent, or a tablet that can mean only one
    screen), and a primary surface that allows it.
    """

    def __init__(self) -> None:
        self.current = MouseMode.SERVER
        self._has_tablet = False
        self._qxl_devices = 0
        self._display_channels = 0
        self._primary_allows = False
        self._agent_mouse = False
        self._observers: list[Callable[[], None]] = []

    @property
    def supported(self) -> MouseMode:
        """The modes that a request may name."""
        return MouseMode.SERVER | MouseMode.CLIENT if self._client_allowed() else MouseMode.SERVER

    @property
    def is_server(self) -> bool:
        """The pointer moves by differences."""
        return self.current == MouseMode.SERVER

    def observe(self, observer: Callable[[], None]) -> None:
        """Call ``observer`` after each change of ``supported`` or ``current``."""
        self._observers.append(observer)

    def forget(self, observer: Callable[[], None]) -> None:
        """Undo ``observe``."""
        self._observers.remove(observer)

    def update(
        self,
        *,
        has_tablet: bool | None = None,
        qxl_devices: int | None = None,
        display_channels: int | None = None,
        primary_allows: bool | None = None,
        agent_mouse: bool | None = None,
    ) -> None:
        """Take in what changed; None: as before.

        ``agent_mouse``: there is an agent and the operator lets it move the pointer.
        """
        before = self.supported
        if has_tablet is not None:
            self._has_tablet = has_tablet
        if qxl_devices is not None:
            self._qxl_devices = qxl_devices
        if display_channels is not None:
            self._display_channels = display_channels
        if primary_allows is not None:
            self._primary_allows = primary_allows
        if agent_mouse is not None:
            self._agent_mouse = agent_mouse
        if self.supported == before:
            return
        if not self._client_allowed():
            self.current = MouseMode.SERVER
        self._tell()

    def request(self, mode: int) -> bool:
        """A client asks for a mode; whether it is in use now. What is not on offer is ignored."""
        if mode not in (MouseMode.SERVER, MouseMode.CLIENT) or not mode & self.supported:
            return False
        if mode != self.current:
            self.current = MouseMode(mode)
            self._tell()
        return True

    def _client_allowed(self) -> bool:
        # A tablet has one coordinate space, so it is of use only where one screen fills it.
        one_screen = self._qxl_devices == 1 and self._display_channels == 1
        return self._primary_allows and (self._agent_mouse or (self._has_tablet and one_screen))

    def _tell(self) -> None:
        for observer in tuple(self._observers):
            observer()
