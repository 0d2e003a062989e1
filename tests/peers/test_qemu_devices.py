"""The character and sound devices that QEMU joins to SPICE: their channels, and bytes through them both ways."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.display import DisplayInit
from gspice.wire.messages.main import MainAttachChannels, MainChannelsList, MainInit
from gspice.wire.messages.playback import PlaybackData, PlaybackMode, PlaybackStart, PlaybackStop
from gspice.wire.messages.port import PortEvent, PortInit
from gspice.wire.messages.vmc import VmcClientData, VmcData
from tests.peers.guest_kernel import guest_kernel
from tests.peers.peers import SpiceGtk
from tests.peers.qemu import Library, Qemu, not_yet, wait_until
from tests.peers.raw_link import RawChannel

pytestmark = pytest.mark.peer

PORTS = {
    "com.redhat.spice.0": "spicevmc,name=vdagent",
    "org.spice-space.webdav.0": "spiceport,name=org.spice-space.webdav.0",
    "org.example.port": "spiceport,name=org.example.port",
}
"""The guest's name of each port and QEMU's character device behind it, in the guest's order."""
DISPLAY_INIT = DisplayInit(
    pixmap_cache_id=1, pixmap_cache_size=1 << 20, glz_dictionary_id=1, glz_dictionary_window_size=0
)
AGENT, WEBDAV, PORT = (f"/dev/vport0p{number}" for number in range(1, 4))
PORT_OPENED, PORT_CLOSED = 0, 1


@pytest.fixture
def device_channels(request: pytest.FixtureRequest, library: Library) -> None:
    """For what needs the channels of character and sound devices."""
    not_yet(request, library, "character and sound devices have no channels yet")


def port_options() -> list[str]:
    options = ["-device", "virtio-serial-pci"]
    for number, (name, backend) in enumerate(PORTS.items(), 1):
        kind, rest = backend.split(",")
        options += ["-chardev", f"{kind},id=port{number},{rest}"]
        options += ["-device", f"virtserialport,nr={number},chardev=port{number},name={name}"]
    return options


def usb_options(count: int) -> list[str]:
    options = ["-device", "qemu-xhci"]
    for number in range(count):
        options += ["-chardev", f"spicevmc,id=usb{number},name=usbredir"]
        options += ["-device", f"usb-redir,chardev=usb{number}"]
    return options


SOUND = ["-audiodev", "spice,id=sound", "-device", "intel-hda", "-device", "hda-duplex,audiodev=sound"]


@contextmanager
def main_channel(qemu: Qemu) -> Iterator[tuple[int, set[tuple[int, int]]]]:
    """A client's main channel: the connection id for its other channels, and which those may be."""
    main = RawChannel(qemu.port, ChannelType.MAIN)
    try:
        init = main.receive_type(MainInit)
        assert isinstance(init, MainInit)
        main.send(MainAttachChannels())
        listed = main.receive_type(MainChannelsList)
        assert isinstance(listed, MainChannelsList)
        yield init.session_id, {(channel.type, channel.id) for channel in listed.channels}
    finally:
        main.close()


def load_ports(qemu: Qemu) -> None:
    """Load the driver, and wait for the devices, which it finds in its own time."""
    qemu.serial.run("load ports")
    wait_until(lambda: "vport0p3" in qemu.serial.run("ls /dev"), 20, "the guest's ports")


@pytest.mark.usefixtures("device_channels")
def test_everything_at_once(library: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    """What a virtual machine of libvirt's has, all of it."""
    options = [*port_options(), *usb_options(2), *SOUND, "-device", "usb-tablet"]
    with Qemu(tmp_path, *options, library=library, guest=guest_kernel()) as qemu:
        with main_channel(qemu) as (_, offered):
            assert offered == {
                (ChannelType.DISPLAY, 0),
                (ChannelType.CURSOR, 0),
                (ChannelType.INPUTS, 0),
                (ChannelType.PLAYBACK, 0),
                (ChannelType.RECORD, 0),
                (ChannelType.USBREDIR, 0),
                (ChannelType.USBREDIR, 1),
                (ChannelType.WEBDAV, 0),
                (ChannelType.PORT, 0),
            }
        qemu.connect(spice_gtk)
        qemu.serial.wait_ready()
        load_ports(qemu)
        names = qemu.serial.run("cat /sys/class/virtio-ports/vport0p*/name").split()
        assert names == list(PORTS)
        devices = {d["label"]: d["frontend-open"] for d in qemu.qmp.execute("query-chardev")}
        assert devices.items() >= {"usb0": True, "usb1": True, "port1": False, "port3": False}.items()


def test_every_channel_opens(library: Library, tmp_path: Path) -> None:
    options = [*port_options(), *usb_options(2), *SOUND]
    with Qemu(tmp_path, *options, library=library) as qemu, main_channel(qemu) as (session, offered):
        channels = []
        for kind, number in sorted(offered):
            channel = RawChannel(qemu.port, ChannelType(kind), session, channel_id=number)
            if kind == ChannelType.DISPLAY:
                # Without it the channel would count as still to come.
                channel.send(DISPLAY_INIT)
            channels.append(channel)
        wait_until(lambda: len(qemu.qmp.execute("query-spice")["channels"]) == 1 + len(channels), 10, "all")
        for channel in channels:
            channel.close()


@pytest.mark.usefixtures("device_channels")
def test_bytes_through_a_port(library: Library, tmp_path: Path) -> None:
    with Qemu(tmp_path, *port_options(), library=library, guest=guest_kernel()) as qemu:
        qemu.serial.wait_ready()
        load_ports(qemu)
        with main_channel(qemu) as (session, _):
            port = RawChannel(qemu.port, ChannelType.PORT, session)
            init = port.receive_type(PortInit)
            assert isinstance(init, PortInit)
            assert (init.name, init.opened) == ("org.example.port", False)

            qemu.serial.run(f"echo to the client >{PORT}")
            opened = port.receive_type(PortEvent)
            assert isinstance(opened, PortEvent)
            assert opened.event == PORT_OPENED
            data = port.receive_type(VmcData)
            assert isinstance(data, VmcData)
            assert bytes(data.data) == b"to the client\n"
            closed = port.receive_type(PortEvent)
            assert isinstance(closed, PortEvent)
            assert closed.event == PORT_CLOSED

            # A port takes one reader at a time, and what comes while it is closed is lost.
            qemu.serial.run(f"head -n 1 {PORT} >/tmp/heard &")
            port.receive_type(PortEvent)
            port.send(VmcClientData(data=b"to the guest\n"))
            wait_until(lambda: qemu.serial.run("cat /tmp/heard") == "to the guest", 10, "the guest's line")

            # More than any buffer of theirs.
            qemu.serial.run(f"dd if=/dev/zero bs=65536 count=16 2>/dev/null | tr '\\0' x >{PORT} &")
            received = 0
            while received < 1 << 20:
                data = port.receive_type(VmcData)
                assert isinstance(data, VmcData)
                assert set(bytes(data.data)) == {ord("x")}
                received += len(data.data)
            assert received == 1 << 20
            port.close()


@pytest.mark.usefixtures("device_channels")
def test_an_agent_comes_and_goes(library: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, *port_options(), library=library, guest=guest_kernel()) as qemu:
        qemu.connect(spice_gtk)
        qemu.serial.wait_ready()
        load_ports(qemu)
        assert spice_gtk.do("status")["agent_connected"] is False
        for _ in range(2):
            qemu.serial.run(f"exec 7<>{AGENT}")
            wait_until(lambda: spice_gtk.do("status")["agent_connected"] is True, 10, "the agent")
            qemu.serial.run("exec 7>&-")
            wait_until(lambda: spice_gtk.do("status")["agent_connected"] is False, 5, "the agent's end")


@pytest.mark.usefixtures("device_channels")
def test_the_guests_speaker_is_heard(library: Library, tmp_path: Path) -> None:
    """The PC's speaker needs no driver: two ports of its timer, and a third one switches it on."""
    sound = ["-audiodev", "spice,id=sound", "-machine", "pcspk-audiodev=sound"]
    with Qemu(tmp_path, *sound, library=library, guest=guest_kernel()) as qemu:
        qemu.serial.wait_ready()
        with main_channel(qemu) as (session, offered):
            assert (ChannelType.PLAYBACK, 0) in offered
            playback = RawChannel(qemu.port, ChannelType.PLAYBACK, session)
            outb(qemu, 0x43, 0xB6)
            # 1193182 Hz / 0x0A00: 466 Hz.
            outb(qemu, 0x42, 0x00)
            outb(qemu, 0x42, 0x0A)
            outb(qemu, 0x61, 0x03)
            mode = playback.receive_type(PlaybackMode)
            assert isinstance(mode, PlaybackMode)
            start = playback.receive_type(PlaybackStart)
            assert isinstance(start, PlaybackStart)
            assert start.channels == 2
            assert start.frequency in {44100, 48000}
            heard = [playback.receive_type(PlaybackData) for _ in range(20)]
            times = [data.time for data in heard if isinstance(data, PlaybackData)]
            assert times == sorted(times)
            outb(qemu, 0x61, 0x00)
            playback.receive_type(PlaybackStop)
            playback.close()


def outb(qemu: Qemu, port: int, value: int) -> None:
    """Have the guest write a byte to an I/O port."""
    qemu.serial.run(f"printf '\\x{value:02x}' | dd of=/dev/port bs=1 seek={port} conv=notrunc 2>/dev/null")
