"""Guests that QEMU saves and loads again, in the same process and in a new one: their screens come back."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.peers.guest_kernel import guest_kernel
from tests.peers.peers import SpiceGtk, need_program
from tests.peers.pictures import Picture
from tests.peers.qemu import DISPLAYS, Library, Qemu
from tests.peers.qemu_pictures import same_picture, true_picture

pytestmark = pytest.mark.peer

STILL_HERE = (0x1F, 0x14, 0x17, 0x26, 0x26, 0x1C)
"""Scancodes of "still" and Enter."""
BOTH = [("stock", "qxl"), *(("gspice", display) for display in DISPLAYS)]
each_display = pytest.mark.parametrize(("library", "display"), BOTH, indirect=["library"])


@pytest.fixture
def drive(tmp_path: Path) -> list[str]:
    """QEMU's options for a disk that takes snapshots."""
    image = tmp_path / "state.qcow2"
    program = need_program("qemu-img", "qemu-utils")
    subprocess.run([program, "create", "-q", "-f", "qcow2", str(image), "1G"], check=True)
    return ["-drive", f"if=none,id=state,format=qcow2,file={image}"]


def goes_on(qemu: Qemu, client: SpiceGtk, saved: Picture) -> None:
    """Type at the client: guest, QEMU and client must show it."""
    qemu.serial.text = ""
    for code in STILL_HERE:
        client.do("keys", scancodes=[code])
    qemu.serial.wait_match("^typed: still$")
    assert not np.array_equal(true_picture(qemu, client.grab), saved)


@each_display
def test_a_snapshot_comes_back(
    library: Library, display: str, drive: list[str], spice_gtk: SpiceGtk, tmp_path: Path
) -> None:
    with Qemu(tmp_path, *drive, library=library, display=display, guest=guest_kernel()) as qemu:
        qemu.connect(spice_gtk)
        qemu.serial.wait_ready()
        saved = true_picture(qemu, spice_gtk.grab)
        assert not qemu.qmp.monitor("savevm one")
        # Twice: what was loaded once is there to be loaded again.
        for _ in range(2):
            qemu.serial.run("seq 500 >/dev/tty1")
            assert not np.array_equal(true_picture(qemu, spice_gtk.grab), saved)
            assert not qemu.qmp.monitor("loadvm one")
            assert np.array_equal(spice_gtk.grab_settled(saved), saved)
            assert np.array_equal(qemu.screendump(), saved)
        goes_on(qemu, spice_gtk, saved)
        assert [event for _, event in spice_gtk.do("status")["events"]] == ["opened"] * 4
        assert not qemu.qmp.monitor("delvm one")


@pytest.mark.parametrize(
    ("library", "display"), [("stock", "qxl"), ("gspice", "qxl"), ("gspice", "virtio")], indirect=["library"]
)
def test_a_snapshot_comes_back_in_another_qemu(
    library: Library, display: str, drive: list[str], spice_gtk: SpiceGtk, tmp_path: Path
) -> None:
    guest = guest_kernel()
    with Qemu(tmp_path, *drive, library=library, display=display, guest=guest) as qemu:
        qemu.connect(spice_gtk)
        qemu.serial.wait_ready()
        saved = true_picture(qemu, spice_gtk.grab)
        assert not qemu.qmp.monitor("savevm one")
        assert qemu.quit() == 0
        assert spice_gtk.do("wait_closed")["ok"]
    options = [*drive, "-loadvm", "one"]
    with Qemu(tmp_path, *options, library=library, display=display, guest=guest) as qemu:
        qemu.connect(spice_gtk)
        assert np.array_equal(same_picture(qemu, spice_gtk.grab), saved)
        goes_on(qemu, spice_gtk, saved)
        qemu.serial.run("seq 500 >/dev/tty1")
        true_picture(qemu, spice_gtk.grab)
