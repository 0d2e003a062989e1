"""Rough ends: a real QEMU that is told to go while clients come, and clients that are killed while a guest draws."""

import random
import signal
import socket
import threading
from pathlib import Path

import psutil
import pytest

from gspice.wire.channel_types import ChannelType
from tests.peers.guest_kernel import guest_kernel
from tests.peers.killed_clients import SETTLED_VISITS, KilledClients, Usage, start_drawing, stop_drawing
from tests.peers.peers import SpiceGtk
from tests.peers.qemu import Library, Qemu, find_library, wait_until
from tests.peers.qemu_pictures import true_picture
from tests.peers.raw_link import RawChannel

pytestmark = pytest.mark.peer

STARTS = 8
ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL)
KILLS = 6
LONGEST_LINK_S = 0.3
"""Within this time a client has linked all its channels, has part of a picture, or has not begun."""


def test_an_end_while_a_client_comes(ours: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    moments = random.Random(5)
    for number in range(STARTS):
        end = ENDS[number % len(ENDS)]
        with Qemu(tmp_path, library=ours) as qemu:
            # It may get in or not: what counts is that nobody hangs, and how QEMU ends.
            client = threading.Thread(
                target=spice_gtk.do, args=("connect",), kwargs={"uri": qemu.uri, "timeout": 5}
            )
            client.start()
            client.join(moments.uniform(0, LONGEST_LINK_S))
            qemu.process.send_signal(end)
            code = qemu.wait_exit()
            client.join()
            spice_gtk.do("disconnect")
            assert code == (-end if end == signal.SIGKILL else 0), f"run {number}: {end.name}: {qemu.log()}"


def test_a_killed_host_is_an_end_for_its_clients(ours: Library, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=ours) as qemu:
        channel = RawChannel(qemu.port, ChannelType.MAIN)
        qemu.kill()
        assert channel.wait_closed()
        channel.close()


def test_clients_killed_at_any_moment(ours: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=ours, guest=guest_kernel()) as qemu:
        qemu.serial.wait_ready()
        start_drawing(qemu)
        process = psutil.Process(qemu.pid)
        clients = KilledClients(qemu, tmp_path, random.Random(7))
        for _ in range(SETTLED_VISITS):
            clients.visit()
        start = Usage.of(process)
        for _ in range(KILLS):
            clients.visit()
        now = Usage.of(process)
        assert not now.more_than(start), f"{now}, {start} before"
        # And it still serves.
        stop_drawing(qemu)
        qemu.connect(spice_gtk)
        true_picture(qemu, spice_gtk.grab)


def test_our_command_starts_it(spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    """``gspice qemu -- qemu-system-x86_64 ...``: the same process, so signals and exit codes are QEMU's."""
    with Qemu(tmp_path, library=find_library("gspice qemu"), guest=guest_kernel()) as qemu:
        wait_until(lambda: psutil.Process(qemu.pid).name().startswith("qemu-system"), 10, "QEMU")
        qemu.connect(spice_gtk)
        qemu.serial.wait_ready()
        true_picture(qemu, spice_gtk.grab)
        qemu.process.send_signal(signal.SIGTERM)
        assert qemu.wait_exit() == 0
        assert spice_gtk.do("wait_closed")["ok"]


def test_half_a_link_does_not_keep_it_from_ending(ours: Library, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=ours) as qemu, socket.create_connection(("127.0.0.1", qemu.port)) as silent:
        silent.sendall(b"RED")
        qemu.qmp.wait_event("SPICE_CONNECTED")
        assert qemu.quit() == 0
        silent.settimeout(5)
        assert silent.recv(1) == b""
