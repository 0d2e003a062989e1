"""The server as main channels see it: one ``Session`` for each client, over one ``ServerState``. On the host loop."""

from collections.abc import Sequence

from gspice.channels.base import LinkInfo
from gspice.channels.mouse_mode import MouseModes
from gspice.input.devices import InputDevices
from gspice.server.devices import Devices
from gspice.server.options import ServerOptions
from gspice.server.security import ChannelSecurity
from gspice.server.worker_messages import SetMouseMode
from gspice.stream.presentation import multimedia_time
from gspice.vdi.qxl import ClientMonitor
from gspice.wire.channel_types import ChannelType
from gspice.wire.types import MouseMode


class ServerState:
    """What all sessions share: the mouse mode, and the channels that the devices make."""

    def __init__(self, options: ServerOptions, inputs: InputDevices, devices: Devices) -> None:
        self.options = options
        self.devices = devices
        self.inputs = inputs
        self.mouse_modes = MouseModes()
        self._primaries: dict[int, tuple[int, int, bool]] = {}
        """Size of the primary surface that each QXL device had last, and whether it takes an absolute pointer."""
        self._logical_size = (0, 0)
        self.mouse_modes.observe(self._mouse_mode_changed)

    def channels(self) -> list[tuple[ChannelType, int]]:
        """Every channel but main, in the order to offer them."""
        entries = [(ChannelType.INPUTS, 0)]
        for kind in (ChannelType.DISPLAY, ChannelType.CURSOR):
            entries += [(kind, qxl_id) for qxl_id in self.devices.qxl_ids]
        return entries

    def devices_changed(self) -> None:
        """A device came or went: which mouse modes there are may change with it."""
        ids = self.devices.qxl_ids
        self._primaries = {qxl_id: self._primaries[qxl_id] for qxl_id in ids if qxl_id in self._primaries}
        if len(ids) == 1 and ids[0] in self._primaries:
            size = self._primaries[ids[0]][:2]
            if size != self._logical_size:
                self._logical_size = size
                self.inputs.set_logical_size(*size)
        self.mouse_modes.update(
            has_tablet=self.inputs.has_tablet,
            qxl_devices=len(ids),
            display_channels=len(ids),
            primary_allows=bool(ids) and all(self._primaries.get(i, (0, 0, False))[2] for i in ids),
        )

    def primary_changed(self, qxl_id: int, width: int, height: int, absolute: bool) -> None:
        """A primary surface was made. Between two of them (0, 0) the pointer stays as it is."""
        if width:
            # Word of a device that was removed meanwhile is forgotten again at once.
            self._primaries[qxl_id] = (width, height, absolute)
            self.devices_changed()

    @property
    def is_server_mouse(self) -> bool:
        return self.mouse_modes.current == MouseMode.SERVER

    def _mouse_mode_changed(self) -> None:
        self.devices.broadcast(SetMouseMode(not self.is_server_mouse))


class Session:
    """One client's view of the server: the ``MainContext`` of its main channel."""

    def __init__(self, state: ServerState, link: LinkInfo) -> None:
        self._state = state
        self._link = link

    @property
    def display_hint(self) -> int:
        return len(self._state.devices.qxl_ids)

    @property
    def mouse(self) -> MouseModes:
        return self._state.mouse_modes

    @property
    def name(self) -> str:
        return self._state.options.name or ""

    @property
    def uuid(self) -> bytes | None:
        return self._state.options.uuid

    @property
    def ram_hint(self) -> int:
        return self._state.devices.ram_hint()

    @property
    def inputs_secure(self) -> bool:
        """Key presses go the way the main channel came, unless the security map demands TLS for them."""
        rule = self._state.options.security.rule(ChannelType.INPUTS)
        return self._link.secure or self._link.local or not rule & ChannelSecurity.NONE

    @property
    def supports_monitors_config(self) -> bool:
        return self._state.devices.client_monitors(None)

    def mm_time(self, now: float) -> int:
        return multimedia_time(now)

    def channels(self) -> Sequence[tuple[ChannelType, int]]:
        return self._state.channels()

    def monitors_config(self, monitors: Sequence[ClientMonitor]) -> bool:
        return self._state.devices.client_monitors(list(monitors))
