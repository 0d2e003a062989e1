"""The host's devices: which interfaces are attached, and the RedWorker of each QXL device. On the host loop."""

import logging
from pathlib import Path
from typing import Protocol

from gspice.errors import InterfaceError
from gspice.gpu.budgets import GpuBudgets
from gspice.gpu.canvas import Canvas
from gspice.input.devices import InputDevices
from gspice.server import worker_messages as m
from gspice.server.dispatcher import DispatcherTimeout, MainDispatcher
from gspice.server.encoder_pool import EncoderPool
from gspice.server.film_files import FilmFiles
from gspice.server.red_worker import RedWorker, WorkerEvents
from gspice.server.settings import LiveSettings
from gspice.server.statistics import DeviceNumbers, EncoderNumbers
from gspice.server.statistics_publisher import StatisticsPublisher
from gspice.server.video_recorder import VideoRecorder
from gspice.server.worker_canvas import open_worker_canvas
from gspice.server.worker_recorder import open_recorder
from gspice.stream.encoder_choice import EncoderChoice
from gspice.vdi.audio import PlaybackInterface, RecordInterface
from gspice.vdi.base import Interface, check_version
from gspice.vdi.char_device import CharDeviceInterface
from gspice.vdi.input import KeyboardInterface, MouseInterface, TabletInterface
from gspice.vdi.migrate import MigrateInterface
from gspice.vdi.qxl import ClientMonitor, QXLInterface

log = logging.getLogger(__name__)

DISPLAY_SETTINGS = (
    "image_compression",
    "jpeg_compression",
    "zlib_glz_compression",
    "streaming_video",
    "video_codecs",
    "video_full_chroma",
)
"""What display channels want to know of."""
REMOVABLE = (TabletInterface, PlaybackInterface, RecordInterface, CharDeviceInterface, QXLInterface)


class DevicesObserver(Protocol):
    """What the server does when devices change; called on the host loop."""

    def devices_changed(self) -> None:
        """A device came or went."""

    def primary_changed(self, qxl_id: int, width: int, height: int, absolute: bool) -> None:
        """A primary surface was made, or destroyed (0, 0)."""

    def channel_closed(self, token: object, reason: str) -> None:
        """A worker's channel is gone."""


class Devices:
    """All that ``add_interface`` attached."""

    def __init__(
        self,
        main: MainDispatcher,
        renderer: str,
        renderer_device: str | None,
        inputs: InputDevices,
        observer: DevicesObserver,
        settings: LiveSettings,
        record: Path | None = None,
        budgets: GpuBudgets | None = None,
        record_video: Path | None = None,
        publish: bool = False,
    ) -> None:
        """``publish``: workers leave copies of what they count for ``numbers``."""
        self._main = main
        self._renderer = renderer
        self._renderer_device = renderer_device
        self._inputs = inputs
        self._observer = observer
        self._settings = settings
        self._record = record
        self._record_video = record_video
        self._budgets = budgets
        self._publish = publish
        self._publishers: dict[int, StatisticsPublisher] = {}
        self._pool = EncoderPool()
        self._encoder_choice = EncoderChoice()
        self._running = False
        self._workers: dict[int, RedWorker] = {}
        self._others: list[Interface] = []

    # Attaching

    def add(self, interface: Interface) -> None:
        """Attach an interface; InterfaceError where its version, its id or its kind is not taken."""
        check_version(interface)
        match interface:
            case QXLInterface():
                self._add_qxl(interface)
            case KeyboardInterface() | MouseInterface() | TabletInterface():
                self._inputs.add(interface)
            case MigrateInterface():
                self._add_other(interface)
            case PlaybackInterface() | RecordInterface() | CharDeviceInterface():
                self._add_other(interface)
                log.info("%s interface attached; no channel is offered for it", interface.TYPE)
            case _:
                raise InterfaceError(f"{interface.TYPE} interfaces are not attached with add_interface")
        self._observer.devices_changed()

    def _add_other(self, interface: Interface) -> None:
        if interface in self._others:
            raise InterfaceError(f"this {interface.TYPE} interface is attached already")
        if isinstance(interface, MigrateInterface) and self.migration() is not None:
            raise InterfaceError("there is a migration interface already: only one can be attached")
        self._others.append(interface)

    def migration(self) -> MigrateInterface | None:
        """The host's migration interface, if it has one."""
        return next((other for other in self._others if isinstance(other, MigrateInterface)), None)

    def _add_qxl(self, qxl: QXLInterface) -> None:
        if qxl.id < 0:
            raise InterfaceError(f"QXL id {qxl.id}: ids are channel numbers, and not negative")
        if qxl.id in self._workers:
            raise InterfaceError(f"QXL id {qxl.id} is taken by another device")
        qxl_id = qxl.id
        events = WorkerEvents(
            channel_closed=self._observer.channel_closed,
            primary_changed=lambda w, h, absolute: self._observer.primary_changed(qxl_id, w, h, absolute),
        )
        recorder = open_recorder(self._record, qxl.id) if self._record else None
        film = VideoRecorder(FilmFiles(self._record_video, qxl.id)) if self._record_video else None
        publisher = StatisticsPublisher(qxl.id) if self._publish else None
        try:
            worker = RedWorker(
                qxl,
                self._main,
                self._make_canvas,
                events,
                recorder,
                settings=self._settings.display,
                pool=self._pool,
                encoder_choice=self._encoder_choice,
                publisher=publisher,
                acted_at=lambda: self._inputs.acted_at,
                film=film,
            )
            worker.start_thread()
        except (OSError, RuntimeError) as error:
            if film is not None:
                film.close()
            raise InterfaceError(f"QXL device {qxl.id} gets no worker: {error}") from error
        self._workers[qxl.id] = worker
        if publisher is not None:
            self._publishers[qxl.id] = publisher
        qxl.worker = worker.port
        qxl.attached_worker()
        qxl.set_compression_level(self._settings.compression_level)
        if self._running:
            worker.dispatcher.send(m.Start())

    def _make_canvas(self) -> Canvas:
        return open_worker_canvas(self._renderer, self._renderer_device, self._budgets)

    def remove(self, interface: Interface) -> None:
        """Detach an interface; InterfaceError where it is not attached or of a kind that stays."""
        if not isinstance(interface, REMOVABLE):
            raise InterfaceError(f"{interface.TYPE} interfaces cannot be removed")
        if isinstance(interface, QXLInterface):
            worker = self.worker(interface)
            del self._workers[interface.id]
            self._publishers.pop(interface.id, None)
            self._end(worker)
            interface.worker = None
        elif isinstance(interface, TabletInterface):
            self._inputs.remove(interface)
        elif interface in self._others:
            self._others.remove(interface)
        else:
            raise InterfaceError(f"this {interface.TYPE} interface is not attached")
        self._observer.devices_changed()

    # Workers

    def worker(self, qxl: QXLInterface) -> RedWorker:
        """The worker of a device; InterfaceError where it is not attached."""
        worker = self._workers.get(qxl.id)
        if worker is None or worker.qxl is not qxl:
            raise InterfaceError(f"QXL device {qxl.id} is not attached")
        return worker

    def worker_of(self, qxl_id: int) -> RedWorker | None:
        """The worker of the device with this id."""
        return self._workers.get(qxl_id)

    @property
    def qxl_ids(self) -> list[int]:
        return sorted(self._workers)

    def numbers(self) -> tuple[list[DeviceNumbers], EncoderNumbers]:
        """What the workers have published last, and the threads that pack their images; nobody is waited for."""
        return [self._publishers[qxl_id].newest for qxl_id in sorted(self._publishers)], self._pool.numbers()

    def ram_hint(self) -> int:
        """Bytes of video memory of all devices together; sizes clients' caches."""
        return sum(worker.qxl.get_init_info().ram_size for worker in self._workers.values())

    def broadcast(self, message: object) -> None:
        """Send a message to every worker."""
        for worker in self._workers.values():
            worker.dispatcher.send(message)

    def vm_start(self) -> None:
        """Only this lets workers read commands: hosts add devices before their memory may be looked at."""
        self._running = True
        self.broadcast(m.Start())

    def vm_stop(self) -> None:
        """Acknowledged by every worker: none touches guest memory afterwards."""
        self._running = False
        for worker in self._workers.values():
            self._call(worker, m.Stop())

    def setting_changed(self, name: str) -> None:
        """One of the settings has another value now: tell those who keep it."""
        if name in DISPLAY_SETTINGS:
            self.broadcast(m.SetDisplaySettings(self._settings.display))
        if name in ("image_compression", "streaming_video"):
            for worker in self._workers.values():
                worker.qxl.set_compression_level(self._settings.compression_level)

    def client_monitors(self, monitors: list[ClientMonitor] | None) -> bool:
        """Hand a client's wish to every device; None only asks. True where all devices can follow."""
        devices = [worker.qxl for worker in self._workers.values()]
        if not devices or not all(qxl.since(3) and qxl.client_monitors_config(None) for qxl in devices):
            return False
        if monitors is not None:
            for qxl in devices:
                qxl.client_monitors_config(monitors)
        return True

    def _call(self, worker: RedWorker, message: object) -> None:
        if worker.dispatcher.parked:
            return
        try:
            worker.dispatcher.call(message)
        except DispatcherTimeout as error:
            log.error("worker %d: %s", worker.qxl.id, error)

    def _end(self, worker: RedWorker) -> None:
        self._call(worker, m.Stop())
        worker.stop_thread()

    def park(self) -> bool:
        """Let all workers sleep for good; false where one did not come round in time."""
        parked = [worker.park() for worker in self._workers.values()]
        return all(parked)

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers.values():
            self._end(worker)
            worker.qxl.worker = None  # nobody is there to answer
        self._workers.clear()
        self._pool.close()
