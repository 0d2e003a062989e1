"""What the C functions call, by name and with the values that C has.

None of them raises. What went wrong is logged, and the documented value for failure is returned. They are called on the
host's main loop, those of a display device on any thread of the host's.
"""

import logging
import os
import socket
from collections.abc import Callable
from typing import Any, TypeVar

from gspice.errors import GSpiceError, InterfaceError
from gspice.geometry import Rect
from gspice.hosts.libspice.channel_infos import write_address
from gspice.hosts.libspice.device_calls import interface_type
from gspice.hosts.libspice.hosted import add_server, devices, hosted_server, servers
from gspice.hosts.libspice.interfaces import DEVICES, HostCharDevice, HostKeyboard, HostQXL
from gspice.vdi.char_device import PortEvent
from gspice.vdi.input import Leds

log = logging.getLogger(__name__)

DONE = 0
FAILED = -1

_LED_BITS = int(Leds.SCROLL | Leds.NUM | Leds.CAPS)

T = TypeVar("T")


def guarded(name: str, failure: T, function: Callable[[], T]) -> T:
    """What ``function`` returns; where it raises, ``failure``, and a line in the log that begins with ``name``."""
    try:
        return function()
    except GSpiceError as error:
        log.error("%s: %s", name, error)
    except Exception:
        # The last frame of Python's: the host knows no exceptions.
        log.exception("%s failed", name)
    return failure


# Servers


def new() -> int:
    """A new server's handle; 0 where it could not be made."""
    return guarded("spice_server_new", 0, add_server)


def init(handle: int, core_address: int) -> int:
    """DONE or FAILED."""

    def carry_out() -> int:
        hosted_server(handle).init(core_address)
        return DONE

    return guarded("spice_server_init", FAILED, carry_out)


def destroy(handle: int) -> None:
    """Close the server and forget it and its devices."""

    def carry_out() -> None:
        hosted = hosted_server(handle)
        try:
            hosted.close()
        finally:
            del servers[handle]
            for address, (owner, device) in list(devices.items()):
                if owner is hosted:
                    del devices[address]
                    device.calls.detach()

    guarded("spice_server_destroy", None, carry_out)


def park() -> None:
    """For a process that ends: put the workers to sleep for good, each within a bounded time."""
    for hosted in servers.values():
        guarded("the end of the process", None, hosted.server.park)


def command(handle: int, name: str, *arguments: object) -> int:
    """Call the server's method ``name``: DONE or FAILED."""

    def carry_out() -> int:
        getattr(hosted_server(handle).server, name)(*arguments)
        return DONE

    return guarded(f"spice_server_{name}", FAILED, carry_out)


def ask(handle: int, name: str, failure: Any) -> Any:
    """What the server's property or method ``name`` gives; ``failure`` where it gives nothing."""

    def carry_out() -> Any:
        value = getattr(hosted_server(handle).server, name)
        return value() if callable(value) else value

    return guarded(f"spice_server_get_{name}", failure, carry_out)


def write_info(handle: int, name: str, place: int, length: int) -> int:
    """Write the address that the server's method ``name`` gives: DONE, or FAILED where no client is there."""

    def carry_out() -> int:
        write_address(getattr(hosted_server(handle).server, name)(), place, length)
        return DONE

    return guarded(f"spice_server_get_{name}", FAILED, carry_out)


def add_client(handle: int, fd: int, skip_auth: bool, secure: bool) -> int:
    """Hand over a connected socket: DONE; on FAILED it is still the host's."""
    name = "add_ssl_client" if secure else "add_client"

    def carry_out() -> int:
        adopt = getattr(hosted_server(handle).server, name)
        try:
            sock = socket.socket(fileno=fd)
        except (OSError, ValueError) as error:
            raise InterfaceError(f"descriptor {fd} is no socket: {error}") from error
        try:
            adopt(sock, skip_auth)
        except BaseException:
            sock.detach()
            raise
        return DONE

    return guarded(f"spice_server_{name}", FAILED, carry_out)


# Devices


def add_interface(handle: int, address: int) -> int:
    """DONE, also for types that are not known and for character devices that nothing can be done with; or FAILED."""

    def carry_out() -> int:
        hosted = hosted_server(handle)
        kind = interface_type(address)
        if kind is None:
            raise InterfaceError("the interface has no type: a pointer in it is NULL")
        if kind not in DEVICES:
            log.warning("interfaces of type %r are not known; this one is ignored", kind)
            return DONE
        if address in devices:
            raise InterfaceError(f"this {kind} interface is attached already")
        device = DEVICES[kind](address)
        # First: the host may call back for the device while it is being attached.
        devices[address] = (hosted, device)
        device.calls.attach()
        try:
            hosted.server.add_interface(device)
        except BaseException as error:
            del devices[address]
            device.calls.detach()
            if isinstance(device, HostCharDevice) and isinstance(error, InterfaceError):
                log.error("spice_server_add_interface: %s", error)
                return DONE
            raise
        return DONE

    return guarded("spice_server_add_interface", FAILED, carry_out)


def remove_interface(address: int) -> int:
    """DONE: the instance is the host's again; FAILED: not attached, or of a kind that stays."""

    def carry_out() -> int:
        if address not in devices:
            raise InterfaceError("this interface is not attached")
        hosted, device = devices[address]
        hosted.server.remove_interface(device)
        del devices[address]
        device.calls.detach()
        return DONE

    return guarded("spice_server_remove_interface", FAILED, carry_out)


def kbd_leds(address: int, leds: int) -> int:
    """DONE or FAILED."""

    def carry_out() -> int:
        hosted, keyboard = devices.get(address, (None, None))
        if hosted is None or not isinstance(keyboard, HostKeyboard):
            raise InterfaceError("this keyboard is not attached")
        hosted.server.kbd_leds(keyboard, Leds(leds & _LED_BITS))
        return DONE

    return guarded("spice_server_kbd_leds", FAILED, carry_out)


def char_device_wakeup(address: int) -> None:
    """The device can be read, or written again. Nothing to do where no channel is behind it."""
    _to_char_device(address, "spice_server_char_device_wakeup", lambda state: state.wakeup())


def port_event(address: int, event: int) -> None:
    """The guest's end opened, closed or sent a break."""
    _to_char_device(address, "spice_server_port_event", lambda state: state.port_event(PortEvent(event)))


def _to_char_device(address: int, name: str, tell: Callable[[Any], None]) -> None:
    _, device = devices.get(address, (None, None))
    state = device.state_object if isinstance(device, HostCharDevice) else None
    if state is not None:
        guarded(name, None, lambda: tell(state))


# Display devices


def tell_worker(address: int, name: str, *arguments: object) -> Any:
    """Call the method ``name`` of a display device's worker; what it returns, or None."""

    def carry_out() -> Any:
        return getattr(_qxl(address).worker, name)(*arguments)

    return guarded(f"spice_qxl_{name}", None, carry_out)


def tell_worker_async(address: int, name: str, *arguments: Any) -> None:
    """The same for a call whose last argument is its cookie: it is completed whatever happens, for guests wait."""

    def carry_out() -> None:
        device = _qxl(address)
        try:
            getattr(device.worker, name)(*arguments)
        except BaseException:
            device.async_complete(arguments[-1])
            raise

    guarded(f"spice_qxl_{name}", None, carry_out)


def scanout(address: int, fds: tuple[int, ...], name: str, *arguments: object) -> None:
    """Hand descriptors to a display device's worker, which owns them then; where there is none they are closed."""

    def carry_out() -> None:
        try:
            show = getattr(_qxl(address).worker, name)
        except BaseException:
            for fd in fds:
                if fd >= 0:
                    os.close(fd)
            raise
        show(*arguments)

    guarded(f"spice_qxl_{name}", None, carry_out)


def update_area(address: int, surface_id: int, rect: Rect, clear: bool) -> list[Rect]:
    """The rectangles that changed; none where the call failed."""
    rects: list[Rect] = tell_worker(address, "update_area", surface_id, rect, clear) or []
    return rects


def _qxl(address: int) -> HostQXL:
    _, device = devices.get(address, (None, None))
    if not isinstance(device, HostQXL) or device.worker is None:
        raise InterfaceError("this display device is not attached")
    return device
