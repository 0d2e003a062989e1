"""The inputs channel: a client's keys and pointer to the devices, the guest's lock lights back to it."""

from collections.abc import Callable
from typing import Any, ClassVar

from gspice.channels.base import ChannelClient, LinkInfo, Sender
from gspice.channels.mouse_mode import MouseModes
from gspice.errors import ProtocolError
from gspice.input.devices import InputDevices
from gspice.input.keyboard import ClientKeys
from gspice.vdi import Leds
from gspice.wire.caps import CapSet, InputsCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.message import Message
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

MOTION_ACK_BUNCH = 4
"""Moves that one acknowledgement stands for; a client keeps back what goes beyond twice as many."""


class InputsChannelClient(ChannelClient):
    """One client's keyboard and mouse. When it leaves, all that it holds down is let go."""

    TYPE: ClassVar[ChannelType] = ChannelType.INPUTS
    CAPS: ClassVar[CapSet] = CapSet.of(InputsCap.KEY_SCANCODE)

    def __init__(self, link: LinkInfo, sender: Sender, devices: InputDevices, mouse: MouseModes) -> None:
        super().__init__(link, sender)
        self._devices = devices
        self._keyboard = devices.keyboard
        self._pointer = devices.pointer
        self._mouse = mouse
        self._keys = ClientKeys(devices.keyboard)
        self._moves = 0
        self._started = False
        self._handlers: dict[type[Message], Callable[[Any, float], None]] = {
            InputsKeyDown: self._on_key,
            InputsKeyUp: self._on_key,
            InputsKeyScancode: self._on_scancode,
            InputsClientKeyModifiers: self._on_modifiers,
            InputsMouseMotion: self._on_motion,
            InputsMousePosition: self._on_position,
            InputsMousePress: self._on_press,
            InputsMouseRelease: self._on_release,
        }

    def start(self, now: float) -> None:
        self._started = True
        self._mouse.observe(self._follow_mouse_mode)
        self._follow_mouse_mode()
        leds = self._keyboard.connect()
        self._keyboard.observe(self._send_leds)
        self.sender.send(InputsInit(modifiers=leds))

    def receive(self, message: Message, now: float) -> None:
        handler = self._handlers.get(type(message))
        if handler is None:
            raise ProtocolError(f"{message.NAME} is no message of the inputs channel")
        self._devices.acted_at = now
        handler(message, now)

    def deadline(self) -> float | None:
        return self._keyboard.settles_at

    def on_timer(self, now: float) -> None:
        self._keyboard.settle(now)

    def disconnected(self, now: float) -> None:
        super().disconnected(now)
        if not self._started:
            return
        self._started = False
        self._mouse.forget(self._follow_mouse_mode)
        self._keyboard.forget(self._send_leds)
        self._keys.release(now)
        self._pointer.release()

    def _on_key(self, message: InputsKeyDown | InputsKeyUp, now: float) -> None:
        # Up to four scancode bytes, the first lowest; the release bit is among them.
        self._keys.feed(message.code.to_bytes(4, "little").partition(b"\0")[0], now)

    def _on_scancode(self, message: InputsKeyScancode, now: float) -> None:
        self._keys.feed(message.data, now)

    def _on_modifiers(self, message: InputsClientKeyModifiers, now: float) -> None:
        self._keyboard.sync_locks(Leds(message.modifiers & 7), now)

    def _on_motion(self, message: InputsMouseMotion, now: float) -> None:
        self._acknowledge_move()
        self._pointer.motion(message.dx, message.dy, message.buttons)

    def _on_position(self, message: InputsMousePosition, now: float) -> None:
        self._acknowledge_move()
        self._pointer.position(message.x, message.y, message.buttons, message.display_id)

    def _on_press(self, message: InputsMousePress, now: float) -> None:
        self._pointer.press(message.button, message.buttons)

    def _on_release(self, message: InputsMouseRelease, now: float) -> None:
        self._pointer.release_button(message.buttons)

    def _acknowledge_move(self) -> None:
        # Moves that the mouse mode leaves unused count, too: the client waits for these as for any.
        self._moves += 1
        if self._moves == MOTION_ACK_BUNCH:
            self._moves = 0
            self.sender.send(InputsMouseMotionAck())

    def _follow_mouse_mode(self) -> None:
        self._pointer.set_absolute(not self._mouse.is_server)

    def _send_leds(self, leds: Leds) -> None:
        self.sender.send(InputsKeyModifiers(modifiers=leds))
