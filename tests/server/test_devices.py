"""Attaching and removing devices: versions, ids, what stays for good, and the workers that come and go with QXL."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from gspice.errors import InterfaceError
from gspice.geometry import Rect
from gspice.server.dispatcher import DispatcherTimeout
from gspice.server.loop import PollLoop
from gspice.server.worker_messages import ReadStatistics
from gspice.vdi import ClientMonitor, Interface
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.display import DisplayMark
from tests.input.fake_devices import FakeKeyboard, FakeMouse, FakeTablet
from tests.server.fake_interfaces import FakeCharDevice, FakeMigrate, FakePlayback, FakeRecord
from tests.server.server_rig import ServerRig, server_rig
from tests.server.worker_rig import INIT, RecordingDevice, all_threads_end, our_threads

ALL = Rect(0, 0, 64, 48)
KINDS: dict[str, Callable[[], Interface]] = {
    "qxl": RecordingDevice,
    "keyboard": FakeKeyboard,
    "mouse": FakeMouse,
    "tablet": FakeTablet,
    "playback": FakePlayback,
    "record": FakeRecord,
    "char_device": FakeCharDevice,
    "migration": FakeMigrate,
}
REMOVABLE = {"qxl", "tablet", "playback", "record", "char_device"}


@pytest.fixture
def rig() -> Iterator[ServerRig]:
    with server_rig() as rig:
        yield rig


class FollowingDevice(RecordingDevice):
    """A device whose guest follows clients' monitors, or says that it does not."""

    def __init__(self, id: int = 0, *, follows: bool = True) -> None:
        super().__init__(id)
        self.follows = follows
        self.wishes: list[Sequence[ClientMonitor]] = []

    def client_monitors_config(self, monitors: Sequence[ClientMonitor] | None) -> bool:
        if monitors is not None:
            self.wishes.append(monitors)
        return self.follows


# Kinds and versions


@pytest.mark.parametrize("kind", KINDS)
def test_versions_that_this_server_cannot_speak(rig: ServerRig, kind: str) -> None:
    for major, minor in ((1, 0), (0, 1)):
        interface = KINDS[kind]()
        interface.major += major
        interface.minor += minor
        with pytest.raises(InterfaceError, match=f"unsupported {kind} interface {interface.major}"):
            rig.do(lambda interface=interface: rig.server.add_interface(interface))  # type: ignore[misc]
    older = KINDS[kind]()
    older.minor = 0
    rig.do(lambda: rig.server.add_interface(older))


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_be_removed_and_attached_again(rig: ServerRig, kind: str) -> None:
    interface = KINDS[kind]()
    if kind in REMOVABLE:
        with pytest.raises(InterfaceError, match="not attached"):
            rig.do(lambda: rig.server.remove_interface(interface))
    rig.do(lambda: rig.server.add_interface(interface))
    with pytest.raises(InterfaceError):
        rig.do(lambda: rig.server.add_interface(interface))
    if kind in REMOVABLE:
        rig.do(lambda: rig.server.remove_interface(interface))
        rig.do(lambda: rig.server.add_interface(interface))
    else:
        with pytest.raises(InterfaceError, match="cannot be removed"):
            rig.do(lambda: rig.server.remove_interface(interface))


@pytest.mark.parametrize("kind", ["keyboard", "mouse", "tablet", "migration", "qxl"])
def test_there_is_one_of_these(rig: ServerRig, kind: str) -> None:
    rig.do(lambda: rig.server.add_interface(KINDS[kind]()))
    with pytest.raises(InterfaceError, match=r"already|taken"):
        rig.do(lambda: rig.server.add_interface(KINDS[kind]()))


@pytest.mark.parametrize("kind", ["playback", "record", "char_device"])
def test_there_may_be_several_of_these(rig: ServerRig, kind: str) -> None:
    first, second = KINDS[kind](), KINDS[kind]()
    for interface in (first, second):
        rig.do(lambda interface=interface: rig.server.add_interface(interface))  # type: ignore[misc]
    rig.do(lambda: rig.server.remove_interface(first))
    with pytest.raises(InterfaceError, match="not attached"):
        rig.do(lambda: rig.server.remove_interface(first))


def test_a_core_is_no_device(rig: ServerRig) -> None:
    loop = PollLoop()
    with pytest.raises(InterfaceError, match="core interfaces are not attached"):
        rig.do(lambda: rig.server.add_interface(loop))
    loop.close()


# QXL


def test_qxl_ids(rig: ServerRig) -> None:
    with pytest.raises(InterfaceError, match="not negative"):
        rig.add_qxl(-1)
    rig.add_qxl(2)
    with pytest.raises(InterfaceError, match="taken"):
        rig.add_qxl(2)
    stranger = RecordingDevice(2)
    with pytest.raises(InterfaceError, match="not attached"):
        rig.do(lambda: rig.server.remove_interface(stranger))
    assert our_threads().count("red-worker-2") == 1


def test_a_qxl_device_is_told_that_it_is_attached_when_it_can_call(rig: ServerRig) -> None:
    told: list[tuple[bool, object]] = []

    class Device(RecordingDevice):
        def attached_worker(self) -> None:
            self.worker.reset_cursor()
            told.append((True, None))

        def set_compression_level(self, level: int) -> None:
            told.append((False, level))

    rig.do(lambda: rig.server.add_interface(Device()))
    assert told == [(True, None), (False, 0)]


def test_nothing_is_read_before_the_machine_starts_nor_after_it_stopped(rig: ServerRig) -> None:
    device, driver = rig.add_qxl()
    rig.do(lambda: driver.fill(ALL, 1))
    statistics = lambda: rig.server.statistics(device)  # noqa: E731
    rig.do(statistics)
    assert device.taken == 0 and device.looks == 0
    rig.do(rig.server.vm_start)
    rig.until(lambda: device.taken == 1)
    rig.do(rig.server.vm_stop)
    rig.do(lambda: driver.fill(ALL, 2))
    looks = device.looks
    assert rig.do(statistics)["Fill"] == 1
    assert device.looks == looks
    rig.do(rig.server.vm_start)
    rig.until(lambda: rig.server.statistics(device)["Fill"] == 2)


def test_several_devices_have_their_own_workers_and_channels(rig: ServerRig) -> None:
    devices = [rig.add_qxl(id) for id in (0, 1, 5)]
    rig.do(rig.server.vm_start)
    assert sorted(our_threads())[-3:] == ["red-worker-0", "red-worker-1", "red-worker-5"]
    for number, (_, driver) in enumerate(devices):
        rig.do(lambda driver=driver, number=number: driver.fill(ALL, number + 1))  # type: ignore[misc]
    for number, (device, _) in enumerate(devices):
        rig.until(lambda device=device: rig.server.statistics(device)["Fill"] == 1)  # type: ignore[misc]
        pixels = rig.do(lambda device=device: rig.server.snapshot(device))  # type: ignore[misc]
        assert pixels is not None and pixels.data[0] == number + 1
    _, connection_id = rig.main()
    for id in (0, 1, 5):
        peer = rig.link(ChannelType.DISPLAY, connection_id, channel_id=id)
        peer.send(INIT)
        peer.receive_type(DisplayMark)
    assert rig.do(rig.server.devices.ram_hint) == sum(d.get_init_info().ram_size for d, _ in devices)


def test_a_qxl_device_is_removed_with_a_client_watching(rig: ServerRig) -> None:
    device, driver = rig.add_qxl()
    other, _ = rig.add_qxl(1)
    rig.do(rig.server.vm_start)
    main, connection_id = rig.main()
    gone = rig.link(ChannelType.DISPLAY, connection_id)
    stays = rig.link(ChannelType.DISPLAY, connection_id, channel_id=1)
    for peer in (gone, stays):
        peer.send(INIT)
        peer.receive_type(DisplayMark)
    rig.do(lambda: rig.server.remove_interface(device))
    assert gone.wait_closed() and not stays.wait_closed(0.02) and not main.wait_closed(0.02)
    assert "red-worker-0" not in our_threads() and "red-worker-1" in our_threads()
    with pytest.raises(InterfaceError, match="not attached"):
        rig.do(lambda: driver.fill(ALL, 1) or driver.update_area(ALL))  # type: ignore[func-returns-value]
    with pytest.raises(InterfaceError, match="not attached"):
        rig.do(lambda: rig.server.snapshot(device))
    rig.until(lambda: rig.server.num_connections == 2)
    rig.add_qxl(0)
    again = rig.link(ChannelType.DISPLAY, connection_id)
    again.send(INIT)
    again.receive_type(DisplayMark)
    assert rig.do(lambda: rig.server.statistics(other)) is not None


def test_a_closed_server_does_not_keep_the_host_waiting(rig: ServerRig) -> None:
    device, driver = rig.add_qxl()
    worker = rig.server.devices.worker(device)
    rig.do(rig.server.close)
    assert all_threads_end()
    with pytest.raises(InterfaceError, match="not attached"):
        rig.do(driver.close)
    assert device.worker is None
    with pytest.raises(InterfaceError, match="not attached"):
        rig.do(lambda: rig.server.devices.worker(device))
    assert worker.stop_thread(), "ending twice is no error"


# What all devices decide together


def test_client_monitors_are_followed_only_where_all_devices_can(rig: ServerRig) -> None:
    wish = [ClientMonitor(800, 600)]
    monitors = rig.server.devices.client_monitors
    assert not rig.do(lambda: monitors(wish)), "there is no device"
    first, second, third = FollowingDevice(0), FollowingDevice(1, follows=False), FollowingDevice(2)
    third.minor = 2
    rig.do(lambda: rig.server.add_interface(first))
    assert rig.do(lambda: monitors(None)) and first.wishes == []
    assert rig.do(lambda: monitors(wish)) and first.wishes == [wish]
    for other in (second, third):
        rig.do(lambda other=other: rig.server.add_interface(other))  # type: ignore[misc]
        assert not rig.do(lambda: monitors(wish))
        rig.do(lambda other=other: rig.server.remove_interface(other))  # type: ignore[misc]
    assert first.wishes == [wish] and second.wishes == third.wishes == []
    second.follows = True
    rig.do(lambda: rig.server.add_interface(second))
    assert rig.do(lambda: monitors(wish)) and first.wishes == [wish, wish] and second.wishes == [wish]


def test_a_dead_worker_is_logged_and_the_others_stop(
    rig: ServerRig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, _ = rig.add_qxl(0)
    alive, driver = rig.add_qxl(1)
    rig.do(rig.server.vm_start)

    def dead(message: object) -> None:
        raise DispatcherTimeout(f"the worker did not handle {type(message).__name__}")

    monkeypatch.setattr(rig.server.devices.worker(device).dispatcher, "call", dead)
    rig.do(rig.server.vm_stop)
    assert "worker 0: the worker did not handle Stop" in caplog.text
    looks = alive.looks
    rig.do(lambda: driver.fill(ALL, 1))
    assert rig.server.devices.worker(alive).dispatcher.call(ReadStatistics()) == {}
    assert alive.looks == looks
