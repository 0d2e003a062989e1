#!/usr/bin/python3
"""A spice-gtk client without a screen, driven by JSON lines: run with the system's Python, which has gi.

Each line of standard input is {"do": NAME, ...}; each is answered by one line of JSON. See CALLS at the end.
Pixels are written to the file that `grab` names, rows top-down, four bytes B G R X a pixel with X zeroed.
"""

import ctypes
import json
import os
import sys
import threading
import time

import gi

gi.require_version("SpiceClientGLib", "2.0")
from gi.repository import GLib, GObject  # noqa: E402
from gi.repository import SpiceClientGLib as Spice  # noqa: E402

LIB = ctypes.CDLL("libspice-client-glib-2.0.so.8")
NAMES = {1: "main", 2: "display", 3: "inputs", 4: "cursor"}


class Primary(ctypes.Structure):
    """struct _SpiceDisplayPrimary"""

    _fields_ = [
        ("format", ctypes.c_int),
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("stride", ctypes.c_int),
        ("shmid", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("marked", ctypes.c_int),
    ]


LIB.spice_display_channel_get_primary.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.POINTER(Primary)]
LIB.spice_display_channel_get_primary.restype = ctypes.c_int


class Client:
    """One session; a new one for each `connect`."""

    def __init__(self):
        self.session = None
        self.channels = {}
        self.events = []
        self.cursors = []
        self.invalidated = 0

    def connect(self, timeout=10.0, want=("main", "display", "inputs", "cursor"), **properties):
        """Open a session with these properties; waits until the wanted channels are open or one failed."""
        self.session = session = Spice.Session()
        self.channels, self.events, self.cursors, self.invalidated = {}, [], [], 0
        for name in ("enable-audio", "enable-usbredir", "enable-smartcard"):
            session.set_property(name, False)
        for name, value in properties.items():
            session.set_property(name.replace("_", "-"), value)
        GObject.Object.connect(session, "channel-new", self._channel_new)
        Spice.Session.connect(session)
        opened = lambda: {n for n, e in self.events if e == "opened"}  # noqa: E731
        failed = lambda: [e for e in self.events if e[1] != "opened"]  # noqa: E731
        spin(lambda: set(want) <= opened() or failed(), timeout)
        return {"ok": set(want) <= opened(), "events": self.events}

    def _channel_new(self, session, channel):
        name = NAMES.get(channel.get_property("channel-type"))
        if name is None:
            return
        self.channels[name] = channel
        events = self.events  # of this session: what an old one still says belongs to the old one
        # channel.connect is SpiceChannel.connect, hence the long way round
        on = GObject.Object.connect
        on(channel, "channel-event", lambda c, e: events.append((name, e.value_nick)))
        if name == "display":
            on(channel, "display-invalidate", lambda c, x, y, w, h: self._add(w * h))
        if name == "cursor":
            on(channel, "cursor-set", lambda c, w, h, hx, hy, px: self.cursors.append((w, h, hx, hy)))
        if name != "main":
            channel.connect()

    def _add(self, pixels):
        self.invalidated += pixels

    def primary(self):
        """Size, format and mark of the picture that the client holds."""
        p = self._primary()
        return {"width": p.width, "height": p.height, "format": p.format, "marked": p.marked} if p else {}

    def _primary(self):
        display = self.channels.get("display")
        p = Primary()
        if display is None or not LIB.spice_display_channel_get_primary(hash(display), 0, ctypes.byref(p)):
            return None
        return p if p.data else None

    def grab(self, file):
        """Write the picture to a file; waits for one where a new size leaves none for a moment."""
        spin(lambda: self._primary() is not None, 5)
        p = self._primary()
        if p is None:
            return {"ok": False}
        stride, row = abs(p.stride), p.width * 4
        base = p.data if p.stride > 0 else p.data + p.stride * (p.height - 1)
        buffer = ctypes.string_at(base, stride * p.height)
        lines = range(p.height) if p.stride > 0 else range(p.height - 1, -1, -1)
        pixels = bytearray(b"".join(buffer[y * stride : y * stride + row] for y in lines))
        pixels[3::4] = bytes(len(pixels) // 4)
        with open(file, "wb") as out:
            out.write(pixels)
        return {"ok": True, **self.primary()}

    def status(self):
        """What happened so far."""
        got = {name: c.get_property("total-read-bytes") for name, c in self.channels.items()}
        main = self.channels.get("main")
        return {
            "events": self.events,
            "cursors": self.cursors,
            "invalidated": self.invalidated,
            "bytes": got,
            "mouse_mode": main.get_property("mouse-mode") if main else None,
            "agent_connected": main.get_property("agent-connected") if main else None,
            "modifiers": self.channels["inputs"].get_property("key-modifiers")
            if "inputs" in self.channels
            else None,
            "name": self.session.get_property("name") if self.session else None,
        }

    def wait(self, seconds):
        """Let the client run for a while."""
        spin(lambda: False, seconds)
        return {}

    def wait_primary(self, width=0, height=0, timeout=10.0):
        """Until a picture (of that size, if given) is held and marked."""

        def there():
            p = self._primary()
            return p and p.marked and (not width or (p.width, p.height) == (width, height))

        return {"ok": bool(spin(there, timeout)), **self.primary()}

    def wait_quiet(self, quiet=0.3, timeout=10.0):
        """Until nothing was drawn for ``quiet`` seconds."""
        last = [self.invalidated, time.monotonic()]

        def still():
            if self.invalidated != last[0]:
                last[:] = [self.invalidated, time.monotonic()]
            return time.monotonic() - last[1] > quiet

        return {"ok": bool(spin(still, timeout))}

    def wait_event(self, channel, event, timeout=10.0):
        """Until a channel reported an event."""
        return {"ok": bool(spin(lambda: (channel, event) in self.events, timeout)), "events": self.events}

    def wait_closed(self, timeout=10.0):
        """Until the server has ended the session."""
        closed = lambda: any(channel == "main" and event != "opened" for channel, event in self.events)  # noqa: E731
        return {"ok": bool(spin(closed, timeout)), "events": self.events}

    def keys(self, scancodes):
        """Press and release keys, by set 1 scancode."""
        for code in scancodes:
            self.channels["inputs"].key_press(code)
            self.channels["inputs"].key_release(code)
        spin(lambda: False, 0.05)
        return {}

    def key(self, code, down):
        """Press or release one key."""
        (self.channels["inputs"].key_press if down else self.channels["inputs"].key_release)(code)
        spin(lambda: False, 0.02)
        return {}

    def key_to_pixels(self, code, x, y, width, height, expected):
        """Press and release a key; milliseconds until a part of the picture is as expected, or None after 5 s."""
        p = self._primary()
        expected = bytearray.fromhex(expected)
        expected[3::4] = bytes(len(expected) // 4)
        start = p.data + y * p.stride + x * 4

        def there():
            part = bytearray(
                b"".join(ctypes.string_at(start + row * p.stride, width * 4) for row in range(height))
            )
            part[3::4] = bytes(len(part) // 4)
            return part == expected

        inputs, begun = self.channels["inputs"], time.monotonic()
        inputs.key_press(code)
        inputs.key_release(code)
        done = spin(there, 5, 1)
        return {"ms": (time.monotonic() - begun) * 1000 if done else None}

    def key_to_colour(self, code, x, y, colour, tolerance=16):
        """Press and release a key; milliseconds until a pixel has about a colour (R, G, B), or None after 5 s."""
        wanted = tuple(reversed(colour))

        def there():
            p = self._primary()
            if p is None:
                return False
            pixel = ctypes.string_at(p.data + y * p.stride + x * 4, 3)
            return all(abs(have - want) <= tolerance for have, want in zip(pixel, wanted, strict=True))

        inputs, begun = self.channels["inputs"], time.monotonic()
        inputs.key_press(code)
        inputs.key_release(code)
        done = spin(there, 5, 1)
        return {"ms": (time.monotonic() - begun) * 1000 if done else None}

    def position(self, x, y, buttons=0):
        """Move the pointer to a place, in client mouse mode."""
        self.channels["inputs"].position(x, y, 0, buttons)
        spin(lambda: False, 0.02)
        return {}

    def motion(self, dx, dy, buttons=0):
        """Move the pointer by a difference, in server mouse mode."""
        self.channels["inputs"].motion(dx, dy, buttons)
        spin(lambda: False, 0.02)
        return {}

    def button(self, button, down, state=0):
        """Press or release a button (1 left, 2 middle, 3 right, 4 up, 5 down)."""
        inputs = self.channels["inputs"]
        (inputs.button_press if down else inputs.button_release)(button, state)
        spin(lambda: False, 0.02)
        return {}

    def locks(self, mask):
        """Set the lock keys (scroll 1, num 2, caps 4)."""
        self.channels["inputs"].set_key_locks(mask)
        spin(lambda: False, 0.05)
        return {}

    def mouse_mode(self, mode):
        """Ask for a mouse mode (1 server, 2 client)."""
        self.channels["main"].request_mouse_mode(mode)
        spin(lambda: self.channels["main"].get_property("mouse-mode") == mode, 2)
        return {"mode": self.channels["main"].get_property("mouse-mode")}

    def resize(self, width, height):
        """Ask for another size of the guest's display."""
        main = self.channels["main"]
        main.update_display_enabled(0, True, False)
        main.update_display(0, 0, 0, width, height, False)
        return {"ok": main.send_monitor_config()}

    def compression(self, value):
        """Ask for an image compression (SPICE_IMAGE_COMPRESSION_*)."""
        Spice.DisplayChannel.display_channel_change_preferred_compression(self.channels["display"], value)
        return {}

    def video_codecs(self, values):
        """Ask for these video codecs (SPICE_VIDEO_CODEC_TYPE_*), best first."""
        Spice.DisplayChannel.display_channel_change_preferred_video_codec_types(
            self.channels["display"], values
        )
        return {}

    def disconnect(self):
        """End the session, and wait until all its channels are gone."""
        if self.session is not None:
            self.session.disconnect()
            spin(lambda: not self.session.get_channels(), 5)
            self.channels = {}
        return {"ok": self.session is None or not self.session.get_channels()}


def spin(condition, timeout, interval=10):
    """Run the main context until the condition holds; its value, or what it was when the time was over.

    The condition is looked at after every event, and every ``interval`` milliseconds.
    """
    context = GLib.MainContext.default()
    end = time.monotonic() + timeout
    wake = GLib.timeout_add(interval, lambda: True)
    try:
        while not (value := condition()) and time.monotonic() < end:
            context.iteration(True)
        return value
    finally:
        GLib.source_remove(wake)


def main():
    # GLib writes debug messages to standard output: answers go where nothing else does.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    client, lines, done = Client(), [], threading.Event()

    def read():
        for line in sys.stdin:
            lines.append(line)
        done.set()

    threading.Thread(target=read, daemon=True).start()
    while True:
        spin(lambda: lines or done.is_set(), 3600)
        if not lines:
            break
        call = json.loads(lines.pop(0))
        try:
            answer = getattr(client, call.pop("do"))(**call)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


main()
