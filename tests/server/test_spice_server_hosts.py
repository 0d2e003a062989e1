"""The server in a host's hands: calls before init, devices that come late, clients that leave, a process that ends."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gspice.errors import InterfaceError
from gspice.geometry import Rect
from gspice.server.loop import PollLoop
from gspice.server.options import ServerOptions
from gspice.server.spice_server import SpiceServer
from gspice.vdi import Leds
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.display import DisplayMark
from tests.input.fake_devices import FakeKeyboard, FakeTablet
from tests.server.server_rig import ServerRig, server_rig
from tests.server.worker_rig import INIT, RecordingDevice, our_threads

ALL = Rect(0, 0, 64, 48)


@pytest.fixture
def rig() -> Iterator[ServerRig]:
    with server_rig() as rig:
        yield rig


def early_calls(server: SpiceServer) -> dict[str, Callable[[], object]]:
    """Every call that needs a server that runs."""
    here = socket.socket()
    here.close()
    device = RecordingDevice()
    return {
        "add_interface": lambda: server.add_interface(FakeTablet()),
        "remove_interface": lambda: server.remove_interface(FakeTablet()),
        "kbd_leds": lambda: server.kbd_leds(FakeKeyboard(), Leds.CAPS),
        "add_client": lambda: server.add_client(here),
        "add_ssl_client": lambda: server.add_ssl_client(here),
        "sock_info": server.sock_info,
        "peer_info": server.peer_info,
        "migrate_connect": lambda: server.migrate_connect("there", 1, 1, None),
        "migrate_info": lambda: server.migrate_info("there", 1, 1, None),
        "migrate_start": server.migrate_start,
        "migrate_end": lambda: server.migrate_end(True),
        "migrate_switch": server.migrate_switch,
        "snapshot": lambda: server.snapshot(device),
        "statistics": lambda: server.statistics(device),
        "numbers": server.numbers,
    }


def harmless_calls(server: SpiceServer) -> dict[str, Callable[[], object]]:
    """What may be called at any time."""
    return {
        "vm_start": server.vm_start,
        "vm_stop": server.vm_stop,
        "set_ticket": lambda: server.set_ticket("secret"),
        "set_image_compression": lambda: server.set_image_compression(1),
        "disconnect_clients": lambda: server.disconnect_clients("no reason"),
        "num_clients": lambda: server.num_clients,
        "num_connections": lambda: server.num_connections,
        "is_server_mouse": lambda: server.is_server_mouse,
        "port": lambda: server.port,
        "tls_port": lambda: server.tls_port,
        "metrics_address": lambda: server.metrics_address,
        "park": server.park,
        "close": server.close,
    }


def test_calls_before_init_and_after_close() -> None:
    loop = PollLoop()
    server = SpiceServer(ServerOptions(host="127.0.0.1", port=0))
    for _ in range(2):
        for name, call in early_calls(server).items():
            with pytest.raises(InterfaceError, match=r"init|no client"):
                call()
            assert name
        for call in harmless_calls(server).values():
            call()
        assert server.is_server_mouse and server.num_clients == 0 and server.port is None
        server.init(loop)
        server.close()
    loop.close()


def test_every_call_of_the_server_is_tested_before_init() -> None:
    server = SpiceServer()
    own = {name for name in vars(SpiceServer) if not name.startswith("_")}
    observed = {"init", "devices_changed", "primary_changed", "channel_closed"}
    assert own - observed == early_calls(server).keys() | harmless_calls(server).keys() - {
        "set_ticket",
        "set_image_compression",
    }


def test_a_machine_that_was_started_before_init_runs() -> None:
    loop = PollLoop()
    server = SpiceServer(ServerOptions(host="127.0.0.1", port=0))
    server.vm_start()
    server.init(loop)
    device = RecordingDevice()
    server.add_interface(device)
    server.statistics(device)
    assert device.looks, "it looks at the rings"
    server.close()
    loop.close()


def test_a_device_that_comes_while_the_machine_runs_starts_by_itself(rig: ServerRig) -> None:
    rig.do(rig.server.vm_start)
    late, driver = rig.add_qxl(0)
    rig.do(lambda: driver.fill(ALL, 1))
    rig.until(lambda: rig.server.statistics(late)["Fill"] == 1)
    rig.do(rig.server.vm_stop)
    still, other = rig.add_qxl(1)
    rig.do(lambda: other.fill(ALL, 1))
    assert rig.do(lambda: rig.server.statistics(still)) == {} and still.looks == 0


def test_a_device_that_no_thread_can_be_made_for(rig: ServerRig, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_descriptors(clock: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("gspice.server.red_worker.PollLoop", no_descriptors)
    with pytest.raises(InterfaceError, match=r"gets no worker: .*Too many open files"):
        rig.do(lambda: rig.server.add_interface(RecordingDevice(3)))
    monkeypatch.undo()
    rig.add_qxl(3)


def test_nothing_of_the_server_starts_a_process() -> None:
    """Hosts forbid it to themselves, and then a fork is the end of the machine."""
    program = """if True:
        import sys

        def audit(event, arguments):
            if event.startswith(("subprocess.", "os.fork", "os.exec", "os.posix_spawn", "os.spawn", "os.system")):
                raise SystemExit(f"{event} {arguments}")

        sys.addaudithook(audit)
        from gspice.geometry import Rect
        from tests.server.server_rig import server_rig
        from tests.server.worker_rig import RecordingDevice

        with server_rig() as rig:
            device, driver = rig.add_qxl()
            rig.do(rig.server.vm_start)
            rig.main()
            rig.do(lambda: driver.fill(Rect(0, 0, 64, 48), 1))
            rig.until(lambda: rig.server.statistics(device)["Fill"] == 1)
        print("well")
    """
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, text=True, capture_output=True, timeout=60, check=False
    )
    assert (done.stdout, done.returncode) == ("well\n", 0), done.stderr


# Clients


def test_addresses_are_those_of_the_first_client(rig: ServerRig) -> None:
    main, _ = rig.main()
    assert rig.do(rig.server.sock_info) == ("127.0.0.1", rig.server.port)
    assert rig.do(rig.server.peer_info) == main.socket.getsockname()
    rig.do(lambda: rig.server.disconnect_clients("enough"))
    with pytest.raises(InterfaceError, match="no client"):
        rig.do(rig.server.peer_info)


def test_the_process_ends_with_its_last_client_and_not_with_one_that_is_replaced(rig: ServerRig) -> None:
    ends: list[int] = []
    rig.server.on_exit = lambda: ends.append(rig.server.num_clients)
    first, _ = rig.main()
    first.close()
    rig.until(lambda: rig.server.num_clients == 0)
    rig.do(lambda: rig.server.set_exit_on_disconnect(True))
    rig.do(lambda: rig.server.set_max_clients(1))
    rig.main()
    last, _ = rig.main()
    rig.do(lambda: None)
    rig.do(lambda: None)
    assert ends == [], "nobody asked for it then, and a client is there now"
    last.close()
    rig.until(lambda: ends == [0])


def test_image_compression_reaches_workers_that_run_and_those_that_come(rig: ServerRig) -> None:
    first, _ = rig.add_qxl(0)
    rig.do(lambda: rig.server.set_image_compression(1))
    second, _ = rig.add_qxl(1)
    for device in (first, second):
        rig.do(lambda device=device: rig.server.statistics(device))  # type: ignore[misc]
        assert rig.server.devices.worker(device)._display.settings.compression == 1


# The end of the process


def test_parked_workers_leave_the_host_alone(rig: ServerRig) -> None:
    device, driver = rig.add_qxl()
    rig.do(rig.server.vm_start)
    _, connection_id = rig.main()
    display = rig.link(ChannelType.DISPLAY, connection_id)
    display.send(INIT)
    display.receive_type(DisplayMark)
    worker = rig.server.devices.worker(device)
    assert rig.do(rig.server.park) and rig.do(rig.server.park)
    looks = device.looks
    rig.do(lambda: driver.fill(ALL, 1))
    worker.port.wakeup()
    worker.port.gl_draw_async(ALL, 4711)
    worker.port.reset_cursor()
    display.send(INIT)  # a second one would end the connection
    assert not display.wait_closed(0.02)
    assert device.looks == looks and (4711,) not in device.named("async_complete")
    rig.do(rig.server.vm_stop)
    rig.do(rig.server.close)
    assert "red-worker-0" in our_threads(), "it is never joined"
    worker.dispatcher._never.set()
    worker._ending = True
    worker._loop.stop()
    worker._thread.join(10)
    assert not worker._thread.is_alive()
