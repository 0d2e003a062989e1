"""The GPUs that EGL offers for OpenGL without a screen, and what keeps one from being used."""

import ctypes
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from gspice.errors import InterfaceError
from gspice.hosts import doctor_loader
from gspice.hosts.doctor_findings import Finding, Status, Step
from gspice.hosts.doctor_gl import EGL_NONE, STORAGE_BLOCKS, WANTED, OpenGL, measure, text
from gspice.hosts.doctor_nodes import RenderNode, nvidia_driver, render_nodes

LIBRARY = "libEGL.so.1"
INSTALL = "apt-get install libegl1 libgl1-mesa-dri"
REINSTALL = "install its driver anew, or another version of it"
MAX_DEVICES = 16
EGL_EXTENSIONS = 0x3055
EGL_PLATFORM_DEVICE = 0x313F
EGL_DRM_DEVICE_FILE, EGL_DRM_RENDER_NODE_FILE = 0x3233, 0x3377
SOFTWARE_DEVICE = "EGL_MESA_device_software"
FILES = (
    ("EGL_EXT_device_drm_render_node", EGL_DRM_RENDER_NODE_FILE),
    ("EGL_EXT_device_drm", EGL_DRM_DEVICE_FILE),
)
"""Extensions that tell a device's file, the better one first, and how it is asked for."""
_Pointer = ctypes.c_void_p

Load = Callable[[str], Any]


def probe(load: Load = ctypes.CDLL) -> Iterator[Step]:
    """The library, each device that it knows, and the GPUs that it should know."""
    yield Step("render nodes", nodes)
    try:
        egl = load(LIBRARY)
        devices = enumerate_devices(egl)
    except (OSError, InterfaceError) as error:
        missing = f"cannot be loaded ({error})" if isinstance(error, OSError) else str(error)
        yield Step("EGL", partial(_no_egl, missing))
        return
    for index, device in enumerate(devices):
        yield Step(f"device {index}", partial(_device, egl, index, device), Status.WARN, REINSTALL)
    yield Step("NVIDIA", partial(nvidia, egl, devices))


def _no_egl(reason: str) -> Iterable[Finding]:
    text = f"{reason}: no canvas on OpenGL"
    yield Finding(name="EGL", status=Status.NOTE, text=text, mend=doctor_loader.mend(reason, INSTALL))


def enumerate_devices(egl: Any) -> list[int]:
    """The devices' handles. InterfaceError: this EGL has no devices, or none of the functions for them."""
    for name in ("eglGetProcAddress", "eglQueryString", "eglCreateContext"):
        getattr(egl, name).restype = _Pointer
    query = _function(egl, "eglQueryDevicesEXT", ctypes.c_uint, ctypes.c_int, _Pointer, _Pointer)
    devices, count = (_Pointer * MAX_DEVICES)(), ctypes.c_int()
    if not query(MAX_DEVICES, devices, ctypes.byref(count)) or not count.value:
        raise InterfaceError("it knows no device, its drivers are not installed")
    return [device for device in devices[: count.value] if device is not None]


def _function(egl: Any, name: str, result: Any, *arguments: Any) -> Any:
    address = egl.eglGetProcAddress(name.encode())
    if not address:
        raise InterfaceError(f"it has no {name}, and so no devices")
    return ctypes.CFUNCTYPE(result, *arguments)(address)


def device_file(egl: Any, device: int) -> tuple[str, bool]:
    """The device's file, empty where it has none, and whether it says that it is software."""
    describe = _function(egl, "eglQueryDeviceStringEXT", _Pointer, _Pointer, ctypes.c_int)
    extensions = text(describe(_Pointer(device), EGL_EXTENSIONS)).split()
    for extension, key in FILES:
        if extension in extensions and (path := text(describe(_Pointer(device), key))):
            return path, False
    return "", SOFTWARE_DEVICE in extensions


def _device(egl: Any, index: int, device: int) -> Iterable[Finding]:
    path, software = device_file(egl, device)
    node = next((node for node in render_nodes() if str(node.path) == path), None)
    name = f"device {index}"
    facts: dict[str, object] = {"index": index, "path": path, "software": software}
    if node is not None:
        facts |= {"driver": node.driver, "allowed": node.allowed, "group": node.group}
    get_display = _function(egl, "eglGetPlatformDisplayEXT", _Pointer, ctypes.c_uint, _Pointer, _Pointer)
    display = get_display(EGL_PLATFORM_DEVICE, _Pointer(device), (ctypes.c_int * 1)(EGL_NONE))
    if not display or not egl.eglInitialize(_Pointer(display), None, None):
        reason = f"EGL cannot open it ({egl.eglGetError() & 0xFFFFFFFF:#x})"
        yield unusable(name, path, reason, node, facts)
        return
    try:
        gl = measure(egl, display)
    except InterfaceError as error:
        yield unusable(name, path, str(error), node, facts)
        return
    finally:
        egl.eglTerminate(_Pointer(display))
    yield usable(name, path, gl, node, facts)


def unusable(name: str, path: str, reason: str, node: RenderNode | None, facts: dict[str, object]) -> Finding:
    """A device without OpenGL; what mends it depends on whether this user may open it."""
    where = f"{path}: " if path else ""
    # Software is nothing that a server would miss.
    status = Status.NOTE if facts["software"] else Status.WARN
    mend = node.mend if node else ""
    if not mend and status is Status.WARN:
        driver = nvidia_driver()
        mend = nvidia_packages(driver) if driver else INSTALL
    return Finding(name=name, status=status, text=where + reason, mend=mend, facts={**facts, "usable": False})


def usable(name: str, path: str, gl: OpenGL, node: RenderNode | None, facts: dict[str, object]) -> Finding:
    """A device with OpenGL, which may be too old or no GPU at all."""
    facts |= {
        "vendor": gl.vendor,
        "renderer": gl.renderer,
        "version": gl.version,
        "software": gl.software or facts["software"],
        "usable": gl.enough,
        "limits": gl.limits,
    }
    parts = [gl.renderer, f"OpenGL {gl.version}"]
    if gl.limits:
        parts.append(
            f"buffers of {gl.limits['storage_block_bytes'] >> 20} MiB, "
            f"groups of {gl.limits['group_invocations']}"
        )
    parts += [path] if path else []
    mend = node.mend if node else ""
    if not gl.enough:
        wanted = f"OpenGL {WANTED[0]}.{WANTED[1]} with {STORAGE_BLOCKS} storage buffers is needed"
        status, parts, mend = Status.WARN, [*parts, wanted], "install a newer driver"
    elif facts["software"]:
        status, parts = Status.NOTE, [*parts, "software: no GPU, and slower than the CPU canvas"]
    else:
        status = Status.WARN if mend else Status.OK
    return Finding(name=name, status=status, text="; ".join(parts), mend=mend, facts=facts)


def nodes() -> Iterable[Finding]:
    """The GPUs that the kernel has, and whether this user may use them."""
    found = render_nodes()
    if not found:
        text = "none: this machine has no GPU that the kernel knows"
        if nvidia_driver():
            text = "none; NVIDIA's driver also works without them"
        yield Finding(name="render nodes", status=Status.NOTE, text=text, facts={"count": 0})
    for node in found:
        names = " ".join(filter(None, (node.vendor, f"({node.driver})" if node.driver else "")))
        if not node.there:
            text = f"{names}: its device file is not here"
        elif node.allowed:
            text = f"{names}: this user may open it"
        else:
            text = f"{names}: this user may not open it; members of group {node.group} may"
        yield Finding(
            name=str(node.path),
            status=Status.WARN if node.mend else Status.OK,
            text=text,
            mend=node.mend,
            facts={
                "vendor": node.vendor,
                "driver": node.driver,
                "allowed": node.allowed,
                "group": node.group,
            },
        )


def nvidia(egl: Any, devices: list[int], driver: str | None = None) -> Iterable[Finding]:
    """NVIDIA's kernel driver is useless here without the EGL library that belongs to it."""
    driver = driver or nvidia_driver()
    if driver is None:
        return
    describe = _function(egl, "eglQueryDeviceStringEXT", _Pointer, _Pointer, ctypes.c_int)
    known = [text(describe(_Pointer(device), EGL_EXTENSIONS)) for device in devices]
    well = any("EGL_NV_" in extensions for extensions in known)
    yield Finding(
        name="NVIDIA",
        status=Status.OK if well else Status.WARN,
        text=f"kernel driver {driver}" + ("" if well else ", but EGL does not know its GPU"),
        mend="" if well else nvidia_packages(driver),
        facts={"driver": driver, "egl": well},
    )


def nvidia_packages(driver: str) -> str:
    """What brings the other half of NVIDIA's driver."""
    return (
        f"apt-get install libegl-nvidia0   # of version {driver}; "
        "in a container: NVIDIA_DRIVER_CAPABILITIES=all"
    )
