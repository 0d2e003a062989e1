"""Metrics of a real ``gspice serve``, held against what a client has received."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gspice.hosts.stats_fetch import Document, document, fetch
from gspice.server.metrics_address import MetricsAddress
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.base import Ack, AckSync, Ping, Pong, SetAck
from gspice.wire.messages.display import DisplayInit
from gspice.wire.messages.main import MainInit
from tests.peers.peers import Serve, SpiceGtk
from tests.peers.qemu import Library, Qemu
from tests.peers.raw_link import RawChannel

PATIENCE_S = 20.0
SANDBOX = ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"]
INIT = DisplayInit(
    pixmap_cache_id=1, pixmap_cache_size=1 << 20, glz_dictionary_id=1, glz_dictionary_window_size=1 << 20
)


class CountingChannel(RawChannel):
    """A channel that answers pings, acknowledges, and counts what it receives after the link stage."""

    received = 0
    _window = _messages = 0

    def take(self, timeout: float) -> bool:
        """Whether something came."""
        try:
            message = self.receive(timeout)
        except TimeoutError:
            return False
        assert message is not None, "closed"
        self._messages += 1
        if isinstance(message, Ping):
            self.send(Pong(id=message.id, timestamp=message.timestamp))
        elif isinstance(message, SetAck):
            self._window, self._messages = message.window, 0
            self.send(AckSync(generation=message.generation))
        elif self._window and self._messages % self._window == 0:
            self.send(Ack())
        return True


def counting(channel: CountingChannel) -> CountingChannel:
    """Count what is fed to its reader; what came with the link's last bytes lies in there already."""
    channel.received = sum([len(chunk) for chunk in channel._reader._chunks])
    feed = channel._reader.feed

    def counted(data: bytes | bytearray | memoryview) -> None:
        channel.received += len(data)
        feed(data)

    channel._reader.feed = counted  # type: ignore[method-assign]
    return channel


def displays(serve: Serve, address: MetricsAddress) -> tuple[Document, int, Document]:
    """The document, the bytes that the display channel has sent, and the display's part."""
    got = document(fetch(address))
    (client,) = got["clients"]
    (sent,) = [each["sent_bytes"] for each in client["channels"] if each["channel"] == "display"] or [0]
    return got, sent, (client.get("displays") or [{}])[0]


def address_of(serve: Serve) -> MetricsAddress:
    line = serve.wait_log("metrics are served at")
    match = re.search(r"127\.0\.0\.1:(\d+)", line)
    assert match is not None
    return MetricsAddress(port=int(match[1]))


def test_bytes_are_those_that_the_client_has_received(start_serve: Callable[..., Serve]) -> None:
    serve = start_serve("--metrics=:0", "--size=640x480")
    address = address_of(serve)
    main = RawChannel(serve.port, ChannelType.MAIN)
    init = main.receive_type(MainInit)
    assert isinstance(init, MainInit)
    display = counting(CountingChannel(serve.port, ChannelType.DISPLAY, init.session_id))
    display.send(INIT)
    end = time.monotonic() + PATIENCE_S
    while displays(serve, address)[2].get("frame_latency_seconds", {}).get("count", 0) < 5:
        display.take(0.05)
        assert time.monotonic() < end
    before = display.received
    serve.freeze()
    while True:
        while display.take(0.05):
            pass
        got, sent, shown = displays(serve, address)
        if sent == display.received and shown["under_way_bytes"] == 0:
            break
        assert time.monotonic() < end, (sent, display.received)
    assert display.received >= before > 0
    assert shown["stale_pixels"] == 0 and shown["frames"] > 5
    assert 0 < shown["frame_latency_seconds"]["0.5"] <= shown["frame_latency_seconds"]["0.95"] < 60
    packed = sum(entry["sent_bytes"] for entry in shown["images"].values())
    assert 0 < packed < sent
    (device,) = got["devices"]
    assert device["canvas"] and device["commands"] and device["damage_declared_pixels"] > 0
    run = [sys.executable, "-m", "gspice.cli.main", "stats", str(address)]
    text = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    assert "1 client\n" in text and "from damage to the client's answer: median" in text


@pytest.mark.peer
def test_a_real_client_is_seen(
    start_serve: Callable[..., Serve], spice_gtk: SpiceGtk, tmp_path: Path
) -> None:
    serve = start_serve(f"--metrics=unix:{tmp_path / 'metrics'}", "--size=640x480")
    address = MetricsAddress(unix_path=str(tmp_path / "metrics"))
    assert document(fetch(address))["clients"] == []
    spice_gtk.connect(serve)
    end = time.monotonic() + PATIENCE_S
    seen: list[int] = []
    while not (seen and seen[-1] > seen[0] + 1000):
        clients = document(fetch(address))["clients"]
        found = [each for client in clients for each in client["channels"] if each["channel"] == "display"]
        seen += [each["sent_bytes"] for each in found if each["sent_bytes"]]
        assert time.monotonic() < end, clients
    (client,) = clients
    assert {each["channel"] for each in client["channels"]} == {"main", "inputs", "display", "cursor"}
    assert serve.stop() == 0
    assert not Path(str(address.unix_path)).exists()


@pytest.mark.peer
def test_qemu_in_its_sandbox_serves_them_too(ours: Library, spice_gtk: SpiceGtk, tmp_path: Path) -> None:
    address = MetricsAddress(unix_path=str(tmp_path / "metrics"))
    library = replace(ours, environment={**ours.environment, "GSPICE_METRICS": str(address)})
    with Qemu(tmp_path, *SANDBOX, library=library) as qemu:
        qemu.connect(spice_gtk)
        end = time.monotonic() + PATIENCE_S
        while not (clients := document(fetch(address))["clients"]) or "displays" not in clients[0]:
            assert time.monotonic() < end, clients
        assert document(fetch(address))["devices"][0]["commands"]
        assert qemu.quit() == 0
    assert not Path(str(address.unix_path)).exists()
