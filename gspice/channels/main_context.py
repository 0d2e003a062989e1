"""What the main channel asks of the server it belongs to."""

from collections.abc import Sequence
from typing import Protocol

from gspice.channels.mouse_mode import MouseModes
from gspice.vdi import ClientMonitor
from gspice.wire.channel_types import ChannelType


class MainContext(Protocol):
    """The server's state as its clients see it."""

    @property
    def display_hint(self) -> int:
        """Number of QXL devices."""

    @property
    def mouse(self) -> MouseModes: ...

    @property
    def name(self) -> str:
        """The machine's name; empty: none is told."""

    @property
    def uuid(self) -> bytes | None:
        """The machine's 16 bytes; None: none are told."""

    @property
    def ram_hint(self) -> int:
        """Bytes of the devices' memory: clients size their image caches by it."""

    @property
    def inputs_secure(self) -> bool:
        """Whether key presses go over TLS; if not, the user is warned."""

    @property
    def supports_monitors_config(self) -> bool:
        """Whether every display can follow the client's monitors."""

    def mm_time(self, now: float) -> int:
        """What the client's multimedia clock is to show now, in milliseconds modulo 2**32."""

    def channels(self) -> Sequence[tuple[ChannelType, int]]:
        """Type and id of every channel that there is now, in the order to offer them."""

    def monitors_config(self, monitors: Sequence[ClientMonitor]) -> bool:
        """Ask all displays to follow the client's monitors; whether they do."""
