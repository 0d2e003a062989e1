"""How a real QEMU with SPICE starts, ends, and bears clients that come, go and are killed."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.peers.guest_kernel import guest_kernel
from tests.peers.peers import SpiceGtk
from tests.peers.qemu import (
    Library,
    Qemu,
    base_options,
    free_port,
    qemu_program,
    wait_until,
)
from tests.peers.qemu_pictures import same_picture, true_picture
from tests.peers.qmp import Qmp

pytestmark = pytest.mark.peer

# What libvirt gives every QEMU.
SANDBOX = ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"]
ENDS = {
    "SIGTERM": (0, "host-signal"),
    "SIGINT": (0, "host-signal"),
    "SIGHUP": (0, "host-signal"),
    "SIGKILL": (-signal.SIGKILL, None),
}
"""For each signal the exit code, and the reason of QEMU's SHUTDOWN event."""
START_AND_WAIT = """
import sys
from pathlib import Path
from tests.peers.qemu import Library, Qemu
with Qemu(Path(sys.argv[1]), library=Library()) as qemu:
    print(qemu.pid, flush=True)
    sys.stdin.read()
"""


def alone(qemu: Qemu) -> bool:
    return bool(qemu.qmp.execute("query-spice")["channels"] == [])


@pytest.mark.parametrize("display", ["qxl", "virtio"])
@pytest.mark.parametrize("with_client", [True, False])
def test_quit(ours: Library, display: str, with_client: bool, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=ours, display=display) as qemu:
        if with_client:
            qemu.connect(spice_gtk)
        assert qemu.quit() == 0
        assert not with_client or spice_gtk.do("wait_closed")["ok"]


@pytest.mark.parametrize("name", ENDS)
def test_signals(ours: Library, name: str, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    code, reason = ENDS[name]
    with Qemu(tmp_path, library=ours) as qemu:
        qemu.connect(spice_gtk)
        qemu.process.send_signal(signal.Signals[name])
        assert qemu.wait_exit() == code
        assert spice_gtk.do("wait_closed")["ok"]
        qemu.qmp.wait_end()
        assert [e.data["reason"] for e in qemu.qmp.history if e.name == "SHUTDOWN"] == [reason][
            : bool(reason)
        ]


def test_quit_while_the_guest_draws(ours: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=ours, guest=guest_kernel()) as qemu:
        qemu.connect(spice_gtk)
        qemu.serial.wait_ready()
        qemu.serial.run("while :; do seq 1000 >/dev/tty1; done &")
        spice_gtk.do("wait", seconds=0.3)
        assert qemu.quit() == 0
        assert spice_gtk.do("wait_closed")["ok"]


def test_a_unix_socket(library: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=library, unix=True) as qemu:
        qemu.connect(spice_gtk)
        answer = qemu.qmp.execute("query-spice")
        assert "port" not in answer
        assert answer["host"] == str(qemu.unix_path)
        assert {c["family"] for c in answer["channels"]} == {"unix"}
        same_picture(qemu, spice_gtk.grab)


def test_tls(library: Library, spice_gtk: SpiceGtk, tls_dir: Path, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=library, certificates=tls_dir) as qemu:
        uri = f"spice://127.0.0.1?tls-port={qemu.tls_port}"
        answer = spice_gtk.do("connect", uri=uri, ca_file=str(tls_dir / "ca-cert.pem"))
        assert answer["ok"], f"{answer}: {qemu.log()}"
        answer = qemu.qmp.execute("query-spice")
        assert (answer["port"], answer["tls-port"]) == (qemu.port, qemu.tls_port)
        assert {c["tls"] for c in answer["channels"]} == {True}
        for _ in range(4):
            assert qemu.qmp.wait_event("SPICE_INITIALIZED")["client"]["tls"] is True


def test_a_second_client_joins_or_takes_over(library: Library, tmp_path: Path, spice_gtk: SpiceGtk) -> None:
    with Qemu(tmp_path, library=library) as qemu:
        qemu.connect(spice_gtk)
        other = SpiceGtk(tmp_path)
        try:
            qemu.connect(other)
            together = library.directory is not None
            if not together:
                assert spice_gtk.do("wait_closed")["ok"]
            assert len(qemu.qmp.execute("query-spice")["channels"]) == (8 if together else 4)
        finally:
            other.close()


def test_clients_come_and_go(ours: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=ours, guest=guest_kernel()) as qemu:
        qemu.serial.wait_ready()
        qemu.serial.run("while :; do seq 100 >/dev/tty1; done &")
        process = psutil.Process(qemu.pid)
        for visit in range(12):
            qemu.connect(spice_gtk)
            spice_gtk.do("disconnect")
            wait_until(lambda: alone(qemu), 10, "the channels' end")
            if visit == 1:
                # The first visits may leave something that every later one uses.
                start = (process.num_fds(), process.num_threads())
        files, threads = process.num_fds(), process.num_threads()
        assert files <= start[0], f"{files} descriptors, {start[0]} before"
        # QEMU's own threads for work come and go.
        assert threads <= start[1] + 4, f"{threads} threads, {start[1]} before"


def test_clients_come_at_once(ours: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    """The stock library crashes in about half of such runs."""
    with Qemu(tmp_path, library=ours) as qemu:
        for _ in range(60):
            qemu.try_connect(spice_gtk)
            spice_gtk.do("disconnect")
        qemu.connect(spice_gtk)


def test_libvirts_sandbox(ours: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, *SANDBOX, library=ours, guest=guest_kernel()) as qemu:
        qemu.connect(spice_gtk)
        qemu.serial.wait_ready()
        assert true_picture(qemu, spice_gtk.grab).any()


def test_in_the_background(ours: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    """-daemonize: QEMU forks, and the program that was started says that all is well by ending."""
    port, pid_file = free_port(), tmp_path / "pid"
    options = ["-vga", "qxl", "-daemonize", "-pidfile", str(pid_file)]
    spice = ["-spice", f"addr=127.0.0.1,port={port},disable-ticketing=on"]
    done = subprocess.run(
        [qemu_program(), *base_options(tmp_path), *options, *spice],
        env=ours.host_environment(),
        timeout=30,
        check=False,
    )
    assert done.returncode == 0
    process = psutil.Process(int(pid_file.read_text()))
    try:
        assert spice_gtk.do("connect", uri=f"spice://127.0.0.1:{port}")["ok"]
        Qmp(tmp_path / "qmp").execute("quit")
        assert spice_gtk.do("wait_closed")["ok"]
        process.wait(20)
    finally:
        if process.is_running():
            process.kill()


@pytest.mark.parametrize("options", [("-device", "no-such-device"), ("-spice", "no-such-word=1")])
def test_what_qemu_does_not_take(ours: Library, options: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ended with 1: .*no-such"):
        Qemu(tmp_path, *options, library=ours)


def test_a_place_that_cannot_be_listened_at(library: Library, tmp_path: Path) -> None:
    spice = ("disable-ticketing=on", "unix=on", f"addr={tmp_path / 'missing' / 'socket'}")
    with pytest.raises(RuntimeError, match=r"(?s)ended with 1: .*spice"):
        Qemu(tmp_path, library=library, spice=spice, unix=True)


def test_a_port_that_is_taken(library: Library, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        # Of two addresses the last one counts, so all of the harness's tries meet the taken one.
        spice = ("disable-ticketing=on", f"port={taken.getsockname()[1]}")
        with pytest.raises(RuntimeError, match=r"(?s)ended with 1: .*failed to initialize spice server"):
            Qemu(tmp_path, library=library, spice=spice)


def test_no_qemu_outlives_its_test(tmp_path: Path) -> None:
    """Not even where the test is killed."""
    command = [sys.executable, "-c", START_AND_WAIT, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd()) as test:
        assert test.stdout is not None
        pid = int(test.stdout.readline())
        assert psutil.Process(pid).name().startswith("qemu-system")
        os.kill(test.pid, signal.SIGKILL)
        wait_until(lambda: not running(pid), 10, "QEMU's end")


def running(pid: int) -> bool:
    """A process that nobody has waited for yet has ended, too."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_monitor_tells_of_its_end(ours: Library, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=ours) as qemu:
        # A monitor takes one connection at a time: the next one waits for the first to close.
        qemu.qmp.close()
        qemu.qmp = Qmp(qemu.directory / "qmp")
        qemu.kill()
        with pytest.raises(ConnectionError):
            qemu.qmp.execute("query-status")
