"""A RedWorker on its thread, a QXL device that writes down what it is told, and the driver of its guest."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gspice.channels.base import LinkInfo
from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import Pixels, SurfaceFormat
from gspice.qxl.device import QXLDevice
from gspice.qxl.driver import GuestDriver
from gspice.qxl.layout import MIB, DeviceSizes
from gspice.qxl.structures import IOPort
from gspice.server.dispatcher import MainDispatcher
from gspice.server.encoder_pool import EncoderPool
from gspice.server.loop import PollLoop
from gspice.server.red_worker import RedWorker, WorkerEvents
from gspice.server.transport import PlainTransport
from gspice.server.worker_messages import ConnectChannel, Start
from gspice.stream.compression import DisplaySettings
from gspice.vdi.qxl import CommandExt, DevSurfaceCreate, ReleaseInfo
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.framing import FrameReader, FrameWriter
from gspice.wire.message import Message
from gspice.wire.messages.base import Ping, Pong
from gspice.wire.messages.display import DisplayInit
from gspice.wire.registry import server_messages
from tests.peers.raw_link import COMMON, MAX_MESSAGE, RawChannel
from tests.server.net import PATIENCE_S, spin

SIZES = DeviceSizes(ram=6 * MIB, vram=4 * MIB, primary=2 * MIB)
GUEST = 1
"""The guest's memory slot group."""
INIT = DisplayInit(
    pixmap_cache_id=1, pixmap_cache_size=1 << 20, glz_dictionary_id=1, glz_dictionary_window_size=0
)
DISPLAY_CAPS = CapSet.of(DisplayCap.MONITORS_CONFIG, DisplayCap.SIZED_STREAM)


class RecordingDevice(QXLDevice):
    """The embedded device, with the worker's calls in ``calls``; its guest may forget to say what it queued."""

    def __init__(self, id: int = 0, **options: Any) -> None:
        super().__init__(id=id, sizes=SIZES, **options)
        self.calls: list[tuple[Any, ...]] = []
        self.mute = False
        """The guest does not tell of commands: they stay in the rings until somebody looks."""
        self.taken = self.released = self.looks = 0

    def named(self, name: str) -> list[tuple[Any, ...]]:
        """Arguments of the calls with that name."""
        return [call[1:] for call in self.calls if call[0] == name]

    def io_write(self, port: int, value: int = 0) -> None:
        if not (self.mute and port in (IOPort.NOTIFY_CMD, IOPort.NOTIFY_CURSOR)):
            super().io_write(port, value)

    def get_command(self) -> CommandExt | None:
        return self._counted(super().get_command())

    def get_cursor_command(self) -> CommandExt | None:
        return self._counted(super().get_cursor_command())

    def _counted(self, command: CommandExt | None) -> CommandExt | None:
        self.looks += 1
        self.taken += command is not None
        return command

    def req_cmd_notification(self) -> bool:
        self.looks += 1
        return super().req_cmd_notification()

    def release_resource(self, release: ReleaseInfo) -> None:
        self.released += 1
        super().release_resource(release)

    def flush_resources(self) -> int:
        self.calls.append(("flush_resources",))
        return super().flush_resources()

    def notify_update(self, update_id: int) -> None:
        super().notify_update(update_id)
        self.calls.append(("notify_update", update_id))

    def update_area_complete(self, surface_id: int, rects: Sequence[Rect]) -> None:
        self.calls.append(("update_area_complete", surface_id, list(rects)))

    def async_complete(self, cookie: int) -> None:
        super().async_complete(cookie)
        self.calls.append(("async_complete", cookie))

    def set_client_capabilities(self, present: bool, caps: bytes) -> None:
        super().set_client_capabilities(present, caps)
        self.calls.append(("set_client_capabilities", present, caps))


class LinkedPeer(RawChannel):
    """A client's end of a channel that is past the link stage; display channels answer pings, as clients do."""

    def __init__(self, sock: socket.socket, channel_type: ChannelType) -> None:
        self.socket = sock
        self._reader = FrameReader(server_messages(channel_type), mini=True, max_size=MAX_MESSAGE)
        self._writer = FrameWriter(mini=True)
        self._answers = channel_type is ChannelType.DISPLAY

    def receive(self, timeout: float = 10.0) -> Message | None:
        while True:
            message = super().receive(timeout)
            if not (self._answers and isinstance(message, Ping)):
                return message
            self.send(Pong(id=message.id, timestamp=message.timestamp))


class WorkerRig:
    """Close it at the end of the test; ``worker_rig`` does."""

    def __init__(self, make_canvas: Callable[[], Canvas] = CpuCanvas) -> None:
        self.loop = PollLoop()
        self.main = MainDispatcher(self.loop)
        self.primaries: list[tuple[int, int, bool]] = []
        self.closed: list[tuple[object, str]] = []
        self.device = RecordingDevice()
        events = WorkerEvents(
            channel_closed=lambda token, reason: self.closed.append((token, reason)),
            primary_changed=lambda *change: self.primaries.append(change),
        )
        self.pool = EncoderPool(1)
        self.worker = RedWorker(
            self.device, self.main, make_canvas, events, settings=DisplaySettings(), pool=self.pool
        )
        self.device.worker = self.worker.port
        self.worker.start_thread()

    def boot(self, width: int = 64, height: int = 48) -> GuestDriver:
        """Start the machine, and its driver with a primary surface."""
        self.worker.dispatcher.send(Start())
        driver = GuestDriver(self.device)
        if width:
            driver.set_mode(width, height)
            self.until(lambda: self.device.io_pending is None, driver)
        return driver

    def call(self, message: object) -> Any:
        """Send a message and wait for its answer."""
        return self.worker.dispatcher.call(message)

    def until(self, condition: Callable[[], bool], driver: GuestDriver | None = None) -> None:
        """Run the host loop until something is so, and the guest's interrupts with it."""

        def step() -> bool:
            if driver is not None:
                driver.service()
            return condition()

        spin(self.loop, step)

    def idle(self, driver: GuestDriver) -> None:
        """Wait until the worker has carried out and released all that the guest sent."""
        self.until(lambda: driver.resources_in_use == 0, driver)

    def connect(self, kind: ChannelType = ChannelType.DISPLAY, token: object = "peer") -> LinkedPeer:
        """A client's channel on the worker."""
        near, far = socket.socketpair()
        link = LinkInfo(
            connection_id=1,
            channel_type=kind,
            channel_id=0,
            common_caps=COMMON,
            channel_caps=DISPLAY_CAPS,
            secure=False,
            local=True,
            peer="test",
        )
        self.worker.dispatcher.send(ConnectChannel(PlainTransport(near), link, b"", token))
        return LinkedPeer(far, kind)

    def close(self) -> None:
        assert self.worker.stop_thread()
        self.pool.close()
        self.main.close()
        self.loop.close()


@contextmanager
def worker_rig(make_canvas: Callable[[], Canvas] = CpuCanvas) -> Iterator[WorkerRig]:
    rig = WorkerRig(make_canvas)
    try:
        yield rig
    finally:
        rig.close()


def open_descriptors() -> int:
    """How many descriptors this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def all_threads_end() -> bool:
    """Whether no thread of a server is left; the pool's may take a moment after their last job."""
    deadline = time.monotonic() + PATIENCE_S
    while our_threads() and time.monotonic() < deadline:
        time.sleep(0.001)
    return not our_threads()


def our_threads() -> list[str]:
    """Threads of a server that run now."""
    return [t.name for t in threading.enumerate() if t.name.startswith(("red-worker", "gspice"))]


def primary(rig: WorkerRig, **changes: int) -> DevSurfaceCreate:
    """A primary surface at the start of the guest's memory; needs ``boot``, which set its slots."""
    values = {
        "width": 64,
        "height": 48,
        "stride": 256,
        "format": SurfaceFormat.XRGB32,
        "mem": rig.device.memory.ram.create_surface.mem or address(rig),
        "group_id": GUEST,
    }
    return DevSurfaceCreate(**(values | changes))


def address(rig: WorkerRig) -> int:
    rom = rig.device.memory.rom
    return (rom.slots_start << rom.slot_gen_bits | rom.slot_generation) << 48


def colors(pixels: Pixels | None) -> set[int]:
    """The colours of a picture, without the byte that says nothing."""
    assert pixels is not None
    return set((np.frombuffer(pixels.data, "<u4") & 0xFFFFFF).tolist())


def color_at(rows: NDArray[np.uint8], x: int, y: int) -> int:
    """A pixel of guest memory."""
    return int.from_bytes(rows[y, 4 * x : 4 * x + 3].tobytes(), "little")
