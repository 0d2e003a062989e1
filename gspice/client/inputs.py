"""The inputs channel at the client's end: keys and pointer go out, lock lights come in."""

from collections.abc import Iterator
from typing import ClassVar

from gspice.client.channel import ClientChannel, Handlers
from gspice.wire.caps import InputsCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.inputs import (
    InputsClientKeyModifiers,
    InputsInit,
    InputsKeyDown,
    InputsKeyModifiers,
    InputsKeyScancode,
    InputsKeyUp,
    InputsMouseMotion,
    InputsMouseMotionAck,
    InputsMousePosition,
    InputsMousePress,
    InputsMouseRelease,
)

ACK_BUNCH = 4
"""Moves that one acknowledgement stands for."""
MAX_UNACKED = 8
"""Moves on their way: of what goes beyond only the newest position, or the sum of the motions, is kept."""

_PREFIX_LENGTHS = {0xE0: 2, 0xE1: 3}
_RELEASE = 0x80


class InputsChannel(ClientChannel):
    """Keyboard and mouse. Use the senders once ``up``; moves that the server is too slow for are joined."""

    TYPE: ClassVar[ChannelType] = ChannelType.INPUTS

    def __init__(self, channel_id: int = 0) -> None:
        super().__init__(channel_id)
        self.modifiers = 0
        """KeyModifiers that are on in the guest."""
        self._unacked = 0
        self._waiting: InputsMousePosition | InputsMouseMotion | None = None

    def key(self, scancodes: bytes) -> None:
        """Scancode bytes of whole keys as a keyboard sends them (set 1), releases included."""
        if self.server_caps.has(InputsCap.KEY_SCANCODE):
            self.send(InputsKeyScancode(data=bytes(scancodes)))
            return
        for code in split_scancodes(scancodes):
            cls = InputsKeyUp if code[-1] & _RELEASE else InputsKeyDown
            self.send(cls(code=int.from_bytes(code, "little")))

    def lock_keys(self, modifiers: int) -> None:
        """The KeyModifiers that are to be on."""
        self.send(InputsClientKeyModifiers(modifiers=modifiers))

    def position(self, x: int, y: int, buttons: int, display_id: int = 0) -> None:
        """The pointer is there, in pixels (client mouse mode); ``buttons`` are the MouseButtons held."""
        self._move(InputsMousePosition(x=x, y=y, buttons=buttons, display_id=display_id))

    def motion(self, dx: int, dy: int, buttons: int) -> None:
        """The mouse moved by so many pixels (server mouse mode)."""
        waiting = self._waiting
        if isinstance(waiting, InputsMouseMotion):
            dx, dy = dx + waiting.dx, dy + waiting.dy
        self._move(InputsMouseMotion(dx=dx, dy=dy, buttons=buttons))

    def press(self, button: int, buttons: int) -> None:
        """A MouseButton went down; ``buttons`` are the MouseButtons held from now on."""
        self._flush()
        self.send(InputsMousePress(button=button, buttons=buttons))

    def release(self, button: int, buttons: int) -> None:
        """A MouseButton went up."""
        self._flush()
        self.send(InputsMouseRelease(button=button, buttons=buttons))

    def _move(self, move: InputsMousePosition | InputsMouseMotion) -> None:
        self._waiting = move
        if self._unacked < MAX_UNACKED:
            self._flush()

    def _flush(self) -> None:
        # Before a button as well: a click belongs to where the pointer is.
        if self._waiting is not None:
            self.send(self._waiting)
            self._waiting = None
            self._unacked += 1

    def _on_ack(self, message: InputsMouseMotionAck) -> None:
        self._unacked = max(0, self._unacked - ACK_BUNCH)
        if self._unacked < MAX_UNACKED:
            self._flush()

    def _on_modifiers(self, message: InputsInit | InputsKeyModifiers) -> None:
        self.modifiers = message.modifiers

    HANDLERS: ClassVar[Handlers] = {
        InputsInit: _on_modifiers,
        InputsKeyModifiers: _on_modifiers,
        InputsMouseMotionAck: _on_ack,
    }


def split_scancodes(scancodes: bytes) -> Iterator[bytes]:
    """The codes of single keys; ValueError where the last is cut off."""
    at = 0
    while at < len(scancodes):
        length = _PREFIX_LENGTHS.get(scancodes[at], 1)
        code = scancodes[at : at + length]
        if len(code) < length:
            raise ValueError(f"scancode {code.hex()} is cut off")
        yield code
        at += length
