"""Firmware, kernel console and guest drawing of a real QEMU, as spice-gtk shows them; keys and pointers into it."""

import base64
import struct
from pathlib import Path

import numpy as np
import pytest

from gspice.client.connection import Client
from gspice.client.session import Session
from gspice.client.tls import TlsOptions
from gspice.client.uri import parse_uri
from gspice.pixels import Pixels
from gspice.wire.enums import ImageCompression
from tests.peers.guest_kernel import GuestKernel, guest_kernel
from tests.peers.peers import SpiceGtk
from tests.peers.pictures import Picture
from tests.peers.qemu import DISPLAYS, Library, Qemu, wait_until
from tests.peers.qemu_pictures import same_picture, true_picture

pytestmark = pytest.mark.peer

SHIFT, CAPS_LOCK, ENTER = 0x2A, 0x3A, 0x1C
ROWS = {0x10: "qwertyuiop", 0x1E: "asdfghjkl", 0x2C: "zxcvbnm", 0x39: " ", 0x02: "1234567890"}
SCANCODES = {letter: first + i for first, row in ROWS.items() for i, letter in enumerate(row)}
"""Set 1, for letters on the keyboard that the guest's kernel takes for granted."""
INPUT_EVENT = struct.Struct("<qqHHi")
EV_KEY, EV_REL, EV_ABS = 1, 2, 3
BTN_LEFT = 0x110


@pytest.fixture(scope="session")
def guest() -> GuestKernel:
    return guest_kernel()


BOTH = [("stock", "qxl"), *(("gspice", display) for display in DISPLAYS)]
"""Every display with ours; the other library does them all alike."""
each_display = pytest.mark.parametrize(("library", "display"), BOTH, indirect=["library"])


def keys(client: SpiceGtk, text: str) -> None:
    """Type a line. The keyboard that QEMU plays forgets what comes while 16 bytes wait for the guest."""
    for code in [*(SCANCODES[letter] for letter in text), ENTER]:
        client.do("keys", scancodes=[code])


def draw_noise(qemu: Qemu, device: int = 0) -> None:
    """Fill most of the guest's framebuffer with noise."""
    size = 2_000_000
    qemu.serial.run(f"dd if=/dev/urandom of=/tmp/noise bs={size} count=1 2>/dev/null")
    # In one write: qxl.ko forgets parts of the screen that change right behind each other.
    qemu.serial.run(f"dd if=/tmp/noise of=/dev/fb{device} bs={size} 2>/dev/null")


def is_noise(picture: Picture) -> bool:
    return len(np.unique(picture[:200].reshape(-1, 4), axis=0)) > 100_000


@each_display
def test_the_firmwares_screen(library: Library, display: str, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=library, display=display) as qemu:
        qemu.connect(spice_gtk)
        wait_until(lambda: int(np.count_nonzero(qemu.screendump())) > 5000, 20, "text of the firmware")
        # The cursor of a text screen blinks, hence the first moment of agreement.
        picture = same_picture(qemu, spice_gtk.grab)
        assert picture.shape == (400, 720, 4)


@pytest.mark.parametrize("display", DISPLAYS)
def test_the_consoles_screen_and_keys(
    ours: Library, display: str, guest: GuestKernel, spice_gtk: SpiceGtk, tmp_path: Path
) -> None:
    with Qemu(tmp_path, library=ours, display=display, guest=guest) as qemu:
        qemu.connect(spice_gtk)
        qemu.serial.wait_ready()
        started = true_picture(qemu, spice_gtk.grab)

        for line in ("the quick brown fox", "jumps over 12345"):
            keys(spice_gtk, line)
            qemu.serial.wait_match(f"^typed: {line}$")
        spice_gtk.do("key", code=SHIFT, down=True)
        keys(spice_gtk, "loud")
        spice_gtk.do("key", code=SHIFT, down=False)
        qemu.serial.wait_match("^typed: LOUD$")
        typed = true_picture(qemu, spice_gtk.grab)
        assert not np.array_equal(typed, started)

        qemu.serial.run("seq 300 >/dev/tty1")
        assert not np.array_equal(true_picture(qemu, spice_gtk.grab), typed)


@pytest.mark.parametrize("display", ["qxl", "virtio"])
def test_noise_and_a_client_that_comes_late(
    ours: Library, display: str, guest: GuestKernel, spice_gtk: SpiceGtk, tmp_path: Path
) -> None:
    with Qemu(tmp_path, library=ours, display=display, guest=guest) as qemu:
        qemu.serial.wait_ready()
        draw_noise(qemu)
        qemu.connect(spice_gtk)
        noise = same_picture(qemu, spice_gtk.grab, is_noise)
        draw_noise(qemu)
        same_picture(
            qemu, spice_gtk.grab, lambda picture: is_noise(picture) and not np.array_equal(picture, noise)
        )


def test_lock_keys_light_up_at_the_client(
    library: Library, guest: GuestKernel, spice_gtk: SpiceGtk, tmp_path: Path
) -> None:
    with Qemu(tmp_path, library=library, guest=guest) as qemu:
        qemu.connect(spice_gtk)
        qemu.serial.wait_ready()
        for expected in (4, 0):
            spice_gtk.do("keys", scancodes=[CAPS_LOCK])

            def lit(expected: int = expected) -> bool:
                return bool(spice_gtk.do("status")["modifiers"] == expected)

            wait_until(lit, 10, f"modifiers {expected}")


def record_events(qemu: Qemu, name: str) -> None:
    """Have the guest keep the events of the input device of that name."""
    names = qemu.serial.run("grep . /sys/class/input/event*/device/name")
    device = next(line.split("/")[4] for line in names.splitlines() if line.endswith(name))
    qemu.serial.run(f"cat /dev/input/{device} >/tmp/events &")


def events(qemu: Qemu) -> list[tuple[int, int, int]]:
    """Type, code and value of what came so far, without the ends of reports."""
    data = base64.b64decode(qemu.serial.run("base64 /tmp/events"))
    return [(e[2], e[3], e[4]) for e in INPUT_EVENT.iter_unpack(data) if e[2] in {EV_KEY, EV_REL, EV_ABS}]


def test_motion_reaches_a_mouse(
    library: Library, guest: GuestKernel, spice_gtk: SpiceGtk, tmp_path: Path
) -> None:
    with Qemu(tmp_path, library=library, guest=guest) as qemu:
        qemu.connect(spice_gtk)
        qemu.serial.wait_ready()
        qemu.serial.run("load pointers")
        wait_until(lambda: "Mouse" in qemu.serial.run("cat /sys/class/input/*/name"), 20, "the mouse")
        record_events(qemu, "Mouse")
        assert spice_gtk.do("status")["mouse_mode"] == 1
        spice_gtk.do("motion", dx=30, dy=-20)
        spice_gtk.do("button", button=1, down=True, state=0)
        spice_gtk.do("button", button=1, down=False, state=1)
        wait_until(lambda: (EV_KEY, BTN_LEFT, 0) in events(qemu), 10, "the button")
        seen = events(qemu)
        assert sum(value for kind, code, value in seen if (kind, code) == (EV_REL, 0)) == 30
        assert sum(value for kind, code, value in seen if (kind, code) == (EV_REL, 1)) == -20
        assert seen.index((EV_KEY, BTN_LEFT, 1)) < seen.index((EV_KEY, BTN_LEFT, 0))


def test_positions_reach_a_tablet(
    library: Library, guest: GuestKernel, spice_gtk: SpiceGtk, tmp_path: Path
) -> None:
    tablet = ["-device", "qemu-xhci", "-device", "usb-tablet"]
    with Qemu(tmp_path, *tablet, library=library, guest=guest) as qemu:
        qemu.connect(spice_gtk)
        qemu.serial.wait_ready()
        assert qemu.qmp.execute("query-spice")["mouse-mode"] == "server"
        qemu.serial.run("load pointers")

        # QEMU's tablet counts as present once the guest has opened it.
        wait_until(lambda: "Tablet" in qemu.serial.run("cat /sys/class/input/*/name"), 20, "the tablet")
        record_events(qemu, "Tablet")
        wait_until(lambda: bool(spice_gtk.do("status")["mouse_mode"] == 2), 10, "client mouse mode")
        assert qemu.qmp.execute("query-spice")["mouse-mode"] == "client"
        height, width = spice_gtk.grab().shape[:2]

        def there() -> bool:
            """At a quarter and a half of the tablet's 0..0x7fff."""
            # Again and again: a guest that has opened its tablet just now may miss the first report.
            spice_gtk.do("position", x=width // 4 - 1, y=height // 2)
            spice_gtk.do("position", x=width // 4, y=height // 2)
            at = {code: value for kind, code, value in events(qemu) if kind == EV_ABS}
            return abs(at.get(0, 0) - 0x2000) < 16 and abs(at.get(1, 0) - 0x4000) < 16

        wait_until(there, 10, "the position")


def test_two_qxl_devices(ours: Library, guest: GuestKernel, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    second = ["-device", "qxl,id=second"]
    with Qemu(tmp_path, *second, library=ours, guest=guest) as qemu:
        qemu.connect(spice_gtk)
        qemu.serial.wait_ready()
        channels = {(c["channel-type"], c["channel-id"]) for c in qemu.qmp.execute("query-spice")["channels"]}
        assert channels == {(1, 0), (2, 0), (2, 1), (3, 0), (4, 0), (4, 1)}
        spice_gtk.do("disconnect")
        pictures = []
        for number, which in enumerate([{}, {"device": "second"}]):
            draw_noise(qemu, number)
            session = Session(display_id=number, compression=ImageCompression.AUTO_GLZ)
            with Client(parse_uri(qemu.uri), session, password="", tls=TlsOptions()) as client:
                client.open_main(10)
                client.wait_for_picture(settle=0.2, patience=5, timeout=10)

                def grab(client: Client = client) -> Picture:
                    client.run_for(0.05)
                    return as_picture(client.pixels())

                pictures.append(same_picture(qemu, grab, is_noise, **which))
        assert not np.array_equal(pictures[0], pictures[1])


def as_picture(pixels: Pixels) -> Picture:
    picture = np.frombuffer(pixels.data, np.uint8).reshape(pixels.height, -1)[:, : pixels.width * 4].copy()
    picture = picture.reshape(pixels.height, pixels.width, 4)
    picture[..., 3] = 0
    return picture
