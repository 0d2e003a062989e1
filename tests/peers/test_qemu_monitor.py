"""What a management program asks of a real QEMU with SPICE through its monitor: the answers, and the events."""

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from gspice.wire.channel_types import ChannelType
from tests.peers.guest_kernel import GuestKernel, guest_kernel
from tests.peers.peers import SpiceGtk
from tests.peers.qemu import Library, Qemu, find_library, wait_until
from tests.peers.qemu_pictures import same_picture, true_picture
from tests.peers.qmp import QmpError

pytestmark = pytest.mark.peer

ADDRESS = {"host", "port", "family"}
CHANNEL = ADDRESS | {"connection-id", "channel-type", "channel-id", "tls"}
FOUR = {(ChannelType.MAIN, 0), (ChannelType.DISPLAY, 0), (ChannelType.INPUTS, 0), (ChannelType.CURSOR, 0)}
MAX_PASSWORD = 60


def enters(qemu: Qemu, client: SpiceGtk, **properties: Any) -> bool:
    """Whether spice-gtk gets in; what keeps it out must be the password."""
    answer = qemu.try_connect(client, **properties)
    assert answer["ok"] or answer["events"] == [["main", "error-auth"]], answer
    client.do("disconnect")
    wait_alone(qemu)
    return bool(answer["ok"])


def wait_alone(qemu: Qemu) -> None:
    """Until no client is left. The stock library can crash where the next one comes sooner than that."""
    wait_until(lambda: qemu.qmp.execute("query-spice")["channels"] == [], 10, "the channels' end")


def refused(qemu: Qemu, command: str, **arguments: Any) -> str:
    """How QEMU words its refusal of a command."""
    with pytest.raises(QmpError) as caught:
        qemu.qmp.execute(command, **arguments)
    assert caught.value.kind == "GenericError"
    return caught.value.description


def set_password(qemu: Qemu, password: str, **more: Any) -> None:
    assert qemu.qmp.execute("set_password", protocol="spice", password=password, **more) == {}


def expire(qemu: Qemu, when: str) -> None:
    assert qemu.qmp.execute("expire_password", protocol="spice", time=when) == {}


def test_query_spice(library: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=library) as qemu:
        answer = qemu.qmp.execute("query-spice")
        version = answer.pop("compiled-version")
        assert version.count(".") == 2
        fixed = {
            "migrated": False,
            "enabled": True,
            "auth": "none",
            "host": "127.0.0.1",
            "port": qemu.port,
            "mouse-mode": "server",
        }
        assert answer == {**fixed, "channels": []}

        qemu.connect(spice_gtk)
        answer = qemu.qmp.execute("query-spice")
        channels = answer.pop("channels")
        assert answer == {**fixed, "compiled-version": version}
        assert {(c["channel-type"], c["channel-id"]) for c in channels} == FOUR
        assert all(set(c) == CHANNEL for c in channels)
        assert len({c["connection-id"] for c in channels}) == 1
        assert {(c["host"], c["family"], c["tls"]) for c in channels} == {("127.0.0.1", "ipv4", False)}
        assert len({int(c["port"]) for c in channels}) == 4

        spice_gtk.do("disconnect")
        wait_alone(qemu)


def test_events_of_a_client(library: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=library, spice=()) as qemu:
        set_password(qemu, "right")
        qemu.connect(spice_gtk, password="right")
        spice_gtk.do("disconnect")
        for _ in FOUR:
            qemu.qmp.wait_event("SPICE_DISCONNECTED")
        stories: dict[str, list[str]] = {}
        channels = set()
        for event in qemu.qmp.history:
            client, server = event.data["client"], event.data["server"]
            stories.setdefault(client["port"], []).append(event.name)
            assert (server["host"], server["port"], server["family"]) == ("127.0.0.1", str(qemu.port), "ipv4")
            assert (client["host"], client["family"]) == ("127.0.0.1", "ipv4")
            if event.name == "SPICE_INITIALIZED":
                assert set(client) == CHANNEL
                assert set(server) == ADDRESS | {"auth"}
                assert (server["auth"], client["tls"]) == ("spice", False)
                channels.add((client["channel-type"], client["channel-id"]))
            else:
                assert set(client) == set(server) == ADDRESS
        assert channels == FOUR
        whole = ["SPICE_CONNECTED", "SPICE_INITIALIZED", "SPICE_DISCONNECTED"]
        assert list(stories.values()) == [whole] * 4

        # One who is not let in is never "initialized".
        qemu.qmp.history.clear()
        assert not enters(qemu, spice_gtk, password="wrong")
        qemu.qmp.wait_event("SPICE_DISCONNECTED")
        assert [event.name for event in qemu.qmp.history] == ["SPICE_CONNECTED", "SPICE_DISCONNECTED"]


def test_passwords_and_their_end(library: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=library, spice=()) as qemu:
        assert qemu.qmp.execute("query-spice")["auth"] == "spice"
        assert not enters(qemu, spice_gtk), "before there is a password nobody enters"
        assert not enters(qemu, spice_gtk, password="")
        set_password(qemu, "one")
        assert enters(qemu, spice_gtk, password="one")
        assert not enters(qemu, spice_gtk, password="two")
        # A password that has ended is none, until it is given more time.
        now = int(time.time())
        for when, open_to_all in (("now", False), ("+30", True), ("never", True), (str(now - 5), False)):
            expire(qemu, when)
            assert enters(qemu, spice_gtk, password="one") == open_to_all, when
        expire(qemu, str(now + 100))
        assert enters(qemu, spice_gtk, password="one")
        expire(qemu, "+1")
        spice_gtk.do("wait", seconds=2.1)
        assert not enters(qemu, spice_gtk, password="one")

        expire(qemu, "never")
        set_password(qemu, "x" * (MAX_PASSWORD - 1))
        assert enters(qemu, spice_gtk, password="x" * (MAX_PASSWORD - 1))
        set_password(qemu, "x" * MAX_PASSWORD)
        too_long = {"protocol": "spice", "password": "x" * (MAX_PASSWORD + 1)}
        assert refused(qemu, "set_password", **too_long) == "Could not set password"


def test_a_new_password_and_who_is_connected(library: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=library, spice=()) as qemu:
        set_password(qemu, "one")
        qemu.connect(spice_gtk, password="one")
        fail = {"protocol": "spice", "password": "two", "connected": "fail"}
        assert refused(qemu, "set_password", **fail) == "Could not set password"
        assert not spice_gtk.do("wait_closed", timeout=0.3)["ok"]
        set_password(qemu, "three", connected="keep")
        assert not spice_gtk.do("wait_closed", timeout=0.3)["ok"]
        set_password(qemu, "four", connected="disconnect")
        assert spice_gtk.do("wait_closed")["ok"]
        spice_gtk.do("disconnect")
        assert enters(qemu, spice_gtk, password="four")
        # With nobody there, "fail" has nothing against it.
        wait_alone(qemu)
        set_password(qemu, "five", connected="fail")
        assert enters(qemu, spice_gtk, password="five")


@pytest.mark.parametrize("skip", [True, False])
def test_a_client_by_descriptor(library: Library, skip: bool, tmp_path: Path) -> None:
    """What libvirt's OpenGraphicsFD does: QEMU gets a connected socket."""
    with Qemu(tmp_path, library=library, spice=()) as qemu:
        unknown = refused(qemu, "add_client", protocol="spice", fdname="nobody")
        assert unknown == "File descriptor named 'nobody' has not been found"

        ours = hand_over(qemu, "client")
        assert qemu.qmp.execute("add_client", protocol="spice", fdname="client", skipauth=skip) == {}
        qemu.qmp.wait_event("SPICE_CONNECTED")
        with ours:
            ours.settimeout(10)
            ours.sendall(MAIN_LINK)
            assert ours.recv(4, socket.MSG_WAITALL) == b"REDQ"
        qemu.qmp.wait_event("SPICE_DISCONNECTED")

        ours = hand_over(qemu, "client")
        with ours:
            description = refused(
                qemu, "add_client", protocol="spice", fdname="client", skipauth=skip, tls=True
            )
            assert description == "spice failed to add client", "this QEMU has no certificate"


# A main channel without capabilities, protocol 2.2, connection id 0; the size is of what follows the first 16 bytes.
MAIN_LINK = b"REDQ" + b"".join(
    [
        *(n.to_bytes(4, "little") for n in (2, 2, 18, 0)),
        bytes([ChannelType.MAIN, 0]),
        *(n.to_bytes(4, "little") for n in (0, 0, 18)),
    ]
)


def hand_over(qemu: Qemu, name: str) -> socket.socket:
    """Give QEMU one end of a socket under a name; the other end."""
    ours, theirs = socket.socketpair()
    with theirs:
        assert qemu.qmp.execute("getfd", fdname=name, fd=theirs.fileno()) == {}
    return ours


def test_where_clients_shall_go(library: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=library) as qemu:
        place: dict[str, Any] = {"protocol": "spice", "hostname": "127.0.0.1"}
        assert qemu.qmp.execute("client_migrate_info", **place, port=1) == {}, "with nobody connected"
        assert refused(qemu, "client_migrate_info", **place) == "Parameter 'port/tls-port' is missing"
        qemu.connect(spice_gtk)
        # Nobody listens at port 1: the client says so, and stays.
        assert qemu.qmp.execute("client_migrate_info", **place, port=1) == {}
        both = {**place, "port": 1, "tls_port": 2, "cert_subject": "CN=x"}
        assert qemu.qmp.execute("client_migrate_info", **both) == {}
        assert not spice_gtk.do("wait_closed", timeout=0.5)["ok"]
        assert len(qemu.qmp.execute("query-spice")["channels"]) == 4


def test_stop_and_reset(library: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    with Qemu(tmp_path, library=library, guest=guest_kernel()) as qemu:
        qemu.connect(spice_gtk)
        qemu.serial.wait_ready()
        # Drawn before, not while it stops: the stock library may keep the client waiting for the rest.
        true_picture(qemu, spice_gtk.grab)
        assert qemu.qmp.execute("stop") == {}
        qemu.qmp.wait_event("STOP")
        assert qemu.qmp.execute("query-status")["status"] == "paused"
        assert qemu.qmp.execute("stop") == {}, "twice"
        still = same_picture(qemu, spice_gtk.grab)
        # A client that comes to a guest that stands still gets its picture too.
        spice_gtk.do("disconnect")
        wait_alone(qemu)
        qemu.connect(spice_gtk)
        assert (same_picture(qemu, spice_gtk.grab) == still).all()
        assert qemu.qmp.execute("cont") == {}
        qemu.qmp.wait_event("RESUME")
        qemu.serial.run("echo alive")

        assert qemu.qmp.execute("system_reset") == {}
        assert qemu.qmp.wait_event("RESET")["guest"] is False
        qemu.serial.text = ""
        qemu.serial.wait_ready()
        assert true_picture(qemu, spice_gtk.grab).any()
        assert [event for _, event in spice_gtk.do("status")["events"]] == ["opened"] * 4
        # Reset while it stands still.
        qemu.qmp.execute("stop")
        qemu.qmp.execute("system_reset")
        qemu.qmp.execute("cont")
        qemu.serial.text = ""
        qemu.serial.wait_ready()


@pytest.mark.parametrize(
    ("here", "there"),
    [("stock", "stock"), ("gspice", "gspice"), ("stock", "gspice"), ("gspice", "stock")],
)
def test_a_guest_moves_and_takes_its_client_along(
    here: str, there: str, spice_gtk: SpiceGtk, tmp_path: Path
) -> None:
    """Also from one library to the other: hosts are upgraded one by one."""
    guest: GuestKernel = guest_kernel()
    spice = ("disable-ticketing=on", "seamless-migration=on")
    target_path = tmp_path / "migration"
    waiting = ["-incoming", f"unix:{target_path}"]
    with (
        Qemu(tmp_path, library=find_library(here), guest=guest, spice=spice) as source,
        Qemu(tmp_path, *waiting, library=find_library(there), guest=guest, spice=spice) as target,
    ):
        source.connect(spice_gtk)
        source.serial.wait_ready()
        assert (
            source.qmp.execute(
                "client_migrate_info", protocol="spice", hostname="127.0.0.1", port=target.port
            )
            == {}
        )
        # The client links with the target before the guest moves.
        target.qmp.wait_event("SPICE_INITIALIZED", 5)
        source.qmp.execute("migrate", uri=f"unix:{target_path}")
        source.qmp.wait_event("STOP")
        target.qmp.wait_event("RESUME")
        source.qmp.wait_event("SPICE_MIGRATE_COMPLETED")
        assert source.qmp.execute("query-migrate")["status"] == "completed"
        assert source.qmp.execute("query-spice")["migrated"] is True
        assert target.qmp.execute("query-spice")["migrated"] is False
        wait_until(
            lambda: len(target.qmp.execute("query-spice")["channels"]) == 4, 10, "all channels at the target"
        )
        assert source.quit() == 0
        # The same picture, and keys go to where the guest is now.
        for code in (0x23, 0x17, 0x1C):
            spice_gtk.do("keys", scancodes=[code])
        target.serial.wait_match("^typed: hi$")
        assert true_picture(target, spice_gtk.grab).any()


def test_a_guest_moves_and_its_client_comes_anew(
    library: Library, spice_gtk: SpiceGtk, tmp_path: Path
) -> None:
    """What managers that know nothing of SPICE do: the guest goes on elsewhere, with its picture."""
    guest = guest_kernel()
    target_path = tmp_path / "migration"
    waiting = ["-incoming", f"unix:{target_path}"]
    with (
        Qemu(tmp_path, library=library, guest=guest) as source,
        Qemu(tmp_path, *waiting, library=library, guest=guest) as target,
    ):
        source.connect(spice_gtk)
        source.serial.wait_ready()
        before = true_picture(source, spice_gtk.grab)
        source.qmp.execute("migrate", uri=f"unix:{target_path}")
        target.qmp.wait_event("RESUME")
        wait_until(lambda: source.qmp.execute("query-migrate")["status"] == "completed", 20, "the move")
        spice_gtk.do("disconnect")
        assert source.quit() == 0
        target.connect(spice_gtk)
        assert (same_picture(target, spice_gtk.grab) == before).all()
        target.serial.run("seq 100 >/dev/tty1")
        true_picture(target, spice_gtk.grab)
