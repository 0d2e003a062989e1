"""A C host's display device for tests: the project's own device model behind a QXLInterface made with ctypes."""

import ctypes as c
from typing import Any

from gspice.geometry import Rect
from gspice.qxl.device import QXLDevice
from gspice.vdi.qxl import ClientMonitor, DevSurfaceCreate, MemSlot, ReleaseInfo
from tests.hosts.libspice.c_host import BaseInstance, BaseInterface, Library, member

U8, U32, U64, I32, P = c.c_uint8, c.c_uint32, c.c_uint64, c.c_int32, c.c_void_p


class QXLInstance(c.Structure):
    _fields_ = (("base", BaseInstance), ("id", c.c_int), ("st", P))


class ReleaseInfoExt(c.Structure):
    _fields_ = (("info", P), ("group_id", U32))


class QXLRect(c.Structure):
    _pack_ = 1
    _fields_ = (("top", I32), ("left", I32), ("bottom", I32), ("right", I32))


class QXLCommandExt(c.Structure):
    _pack_ = 1
    _fields_ = (("data", U64), ("type", U32), ("padding", U32), ("group_id", U32), ("flags", U32))


class MonitorConfig(c.Structure):
    _pack_ = 1
    _fields_ = (("height", U32), ("width", U32), ("depth", U32), ("x", I32), ("y", I32))


class DevInitInfo(c.Structure):
    _fields_ = (
        ("num_memslots_groups", U32),
        ("num_memslots", U32),
        ("memslot_gen_bits", U8),
        ("memslot_id_bits", U8),
        ("qxl_ram_size", U32),
        ("internal_groupslot_id", U8),
        ("n_surfaces", U32),
    )


class DevMemSlot(c.Structure):
    _fields_ = (
        ("slot_group_id", U32),
        ("slot_id", U32),
        ("generation", U32),
        ("virt_start", U64),
        ("virt_end", U64),
        ("addr_delta", U64),
        ("qxl_ram_size", U32),
    )


class SurfaceCreate(c.Structure):
    _fields_ = (
        ("width", U32),
        ("height", U32),
        ("stride", I32),
        ("format", U32),
        ("position", U32),
        ("mouse_mode", U32),
        ("flags", U32),
        ("type", U32),
        ("mem", U64),
        ("group_id", U32),
    )


FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "attache_worker": (None, P),
    "set_compression_level": (None, c.c_int),
    "set_mm_time": (None, U32),
    "get_init_info": (None, c.POINTER(DevInitInfo)),
    "get_command": (c.c_int, c.POINTER(QXLCommandExt)),
    "req_cmd_notification": (c.c_int,),
    "release_resource": (None, ReleaseInfoExt),
    "get_cursor_command": (c.c_int, c.POINTER(QXLCommandExt)),
    "req_cursor_notification": (c.c_int,),
    "notify_update": (None, U32),
    "flush_resources": (c.c_int,),
    "async_complete": (None, U64),
    "update_area_complete": (None, U32, c.POINTER(QXLRect), U32),
    "set_client_capabilities": (None, U8, c.POINTER(U8)),
    "client_monitors_config": (c.c_int, c.POINTER(U32)),
}


class QXLInterface(c.Structure):
    _fields_ = (
        ("base", BaseInterface),
        *((name, c.CFUNCTYPE(row[0], P, *row[1:])) for name, row in FUNCTIONS.items()),
    )


class Display:
    """``model`` as a C host offers it; ``calls`` counts the callbacks, ``completed`` has the cookies."""

    def __init__(self, model: QXLDevice, functions: Library, minor: int = 3) -> None:
        self.model = model
        self.calls: list[str] = []
        self.completed: list[int] = []
        self.updated: list[tuple[int, list[Rect]]] = []
        self.caps: list[tuple[int, bytes]] = []
        self.monitors: list[list[ClientMonitor] | None] = []
        self.worker_argument: int | None = None
        self.table = QXLInterface(BaseInterface(b"qxl", b"test display", 3, minor))
        for name in FUNCTIONS:
            kind = member(QXLInterface, name)
            setattr(self.table, name, kind(self._counted(name)))
        self.instance = QXLInstance(BaseInstance(c.addressof(self.table)), model.id, None)
        model.worker = WorkerCalls(functions, self.address)

    @property
    def address(self) -> int:
        return c.addressof(self.instance)

    def _counted(self, name: str) -> Any:
        function = getattr(self, f"_{name}", None) or getattr(self.model, name)

        def call(instance: int, *arguments: Any) -> Any:
            assert instance == self.address
            self.calls.append(name)
            return function(*arguments)

        return call

    def _attache_worker(self, worker: int) -> None:
        self.worker_argument = worker

    def _get_init_info(self, info: Any) -> None:
        ours = self.model.get_init_info()
        info[0] = DevInitInfo(
            ours.memslots_groups,
            ours.memslots,
            ours.generation_bits,
            ours.id_bits,
            ours.ram_size,
            ours.internal_group,
            ours.surfaces,
        )

    def _get_command(self, place: Any, cursor: bool = False) -> int:
        command = self.model.get_cursor_command() if cursor else self.model.get_command()
        if command is None:
            return 0
        place[0] = QXLCommandExt(command.data, command.type, 0, command.group_id, command.flags)
        return 1

    def _get_cursor_command(self, place: Any) -> int:
        return self._get_command(place, cursor=True)

    def _release_resource(self, release: ReleaseInfoExt) -> None:
        self.model.release_resource(ReleaseInfo(release.info or 0, release.group_id))

    def _async_complete(self, cookie: int) -> None:
        self.completed.append(cookie)
        if self.model.io_pending is not None:
            self.model.async_complete(cookie)

    def _update_area_complete(self, surface_id: int, rects: Any, count: int) -> None:
        self.updated.append((surface_id, [Rect(r.left, r.top, r.right, r.bottom) for r in rects[:count]]))

    def _set_client_capabilities(self, present: int, caps: Any) -> None:
        self.caps.append((present, bytes(caps[:58])))

    def _client_monitors_config(self, config: Any) -> int:
        if not config:
            self.monitors.append(None)
            return 1
        entries = c.cast(c.addressof(config.contents) + 8, c.POINTER(MonitorConfig))
        self.monitors.append(
            [ClientMonitor(e.width, e.height, e.x, e.y, e.depth) for e in entries[: config[0]]]
        )
        return 1


class WorkerCalls:
    """``WorkerPort`` by way of the C functions."""

    def __init__(self, functions: Library, address: int) -> None:
        self._functions = functions
        self._address = address

    def __getattr__(self, name: str) -> Any:
        """Those that take nothing, or numbers."""

        def call(*arguments: Any) -> None:
            self._functions(f"spice_qxl_{name}", self._address, *arguments, result=None)

        return call

    def add_memslot(self, slot: MemSlot) -> None:
        self._call("add_memslot", _slot(slot))

    def add_memslot_async(self, slot: MemSlot, cookie: int) -> None:
        self._call("add_memslot_async", _slot(slot), cookie)

    def create_primary_surface(self, surface_id: int, surface: DevSurfaceCreate) -> None:
        self._call("create_primary_surface", c.c_uint32(surface_id), _surface(surface))

    def create_primary_surface_async(self, surface_id: int, surface: DevSurfaceCreate, cookie: int) -> None:
        self._call("create_primary_surface_async", c.c_uint32(surface_id), _surface(surface), cookie)

    def update_area(self, surface_id: int, rect: Rect, clear: bool) -> list[Rect]:
        room = (QXLRect * 8)()
        area = QXLRect(rect.top, rect.left, rect.bottom, rect.right)
        self._call("update_area", c.c_uint32(surface_id), area, room, c.c_uint32(8), c.c_uint32(clear))
        rects = [Rect(r.left, r.top, r.right, r.bottom) for r in room]
        return [rect for rect in rects if not rect.empty]

    def update_area_async(self, surface_id: int, rect: Rect, clear: bool, cookie: int) -> None:
        area = QXLRect(rect.top, rect.left, rect.bottom, rect.right)
        self._call("update_area_async", c.c_uint32(surface_id), area, c.c_uint32(clear), cookie)

    def monitors_config_async(self, address: int, group: int, cookie: int) -> None:
        self._call("monitors_config_async", address, c.c_int(group), cookie)

    def _call(self, name: str, *arguments: Any) -> None:
        # What the host hands over lies on its stack: gone, and something else, when the call has returned.
        lent = [a for a in arguments if isinstance(a, c.Structure)]
        values = [c.addressof(a) if isinstance(a, c.Structure) else a for a in arguments]
        self._functions(f"spice_qxl_{name}", self._address, *values, result=None)
        for structure in lent:
            c.memset(c.byref(structure), 0xEE, c.sizeof(structure))


def _slot(slot: MemSlot) -> DevMemSlot:
    return DevMemSlot(
        slot.group_id,
        slot.slot_id,
        slot.generation,
        slot.virt_start,
        slot.virt_end,
        slot.addr_delta & (1 << 64) - 1,
        slot.ram_size,
    )


def _surface(surface: DevSurfaceCreate) -> SurfaceCreate:
    return SurfaceCreate(
        surface.width,
        surface.height,
        surface.stride,
        surface.format,
        surface.position,
        surface.mouse_mode,
        surface.flags,
        surface.type,
        surface.mem,
        surface.group_id,
    )
