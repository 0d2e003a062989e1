"""Numbers of a whole server: whose channel is whose, and what crosses from worker to host."""

from collections.abc import Iterator

import pytest

from gspice.geometry import Rect
from gspice.server.metrics_address import MetricsAddress
from gspice.server.options import ServerOptions
from gspice.server.statistics import ServerNumbers, by_client
from gspice.server.statistics_publisher import StatisticsPublisher
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.base import Ping, Pong
from gspice.wire.messages.display import DisplayInit
from tests.peers.raw_link import RawChannel
from tests.server.metrics_samples import channel
from tests.server.server_rig import ServerRig, server_rig

INIT = DisplayInit(
    pixmap_cache_id=1, pixmap_cache_size=1 << 20, glz_dictionary_id=1, glz_dictionary_window_size=0
)


@pytest.fixture
def rig() -> Iterator[ServerRig]:
    with server_rig(ServerOptions(host="127.0.0.1", port=0, metrics=MetricsAddress(port=0))) as rig:
        yield rig


def numbers(rig: ServerRig) -> ServerNumbers:
    return rig.do(rig.server.numbers)


def channels(found: ServerNumbers) -> list[tuple[int, str]]:
    """Number of the client and type of the channel, of all channels."""
    return sorted(
        (client.number, channel.channel_type.name) for client in found.clients for channel in client.channels
    )


def answer(peer: RawChannel) -> None:
    """Take what comes and answer pings, as long as something comes."""
    try:
        while (message := peer.receive(0.05)) is not None:
            if isinstance(message, Ping):
                peer.send(Pong(id=message.id, timestamp=message.timestamp))
    except TimeoutError:
        return


def test_each_client_has_its_channels_and_its_own_number(rig: ServerRig) -> None:
    _, driver = rig.add_qxl()
    rig.do(rig.server.vm_start)
    for _ in (1, 2):
        main, connection_id = rig.main()
        rig.link(ChannelType.INPUTS, connection_id)
        display = rig.link(ChannelType.DISPLAY, connection_id)
        display.send(INIT)
    expected = [(number, kind) for number in (1, 2) for kind in ("DISPLAY", "INPUTS", "MAIN")]
    rig.until(lambda: channels(rig.server.numbers()) == expected)
    answer(display)
    rig.do(lambda: driver.fill(Rect(0, 0, 30, 30), 0xFFFFFF))
    while not answered_frames(numbers(rig)):
        answer(display)
    found = numbers(rig)
    for client in found.clients:
        assert client.peer.startswith("127.0.0.1:") and not client.secure
    (device,) = found.devices
    assert device.canvas == "cpu" and device.commands["Fill"] == 1
    assert device.damage.declared >= device.damage.changed > 0
    main.close()
    rig.until(lambda: len(rig.server.numbers().clients) == 1)


def answered_frames(found: ServerNumbers) -> int:
    """Frames that the second client has answered for."""
    return sum(
        channel.display.latency_count
        for client in found.clients[1:]
        for channel in client.channels
        if channel.display is not None
    )


def test_without_metrics_workers_publish_nothing() -> None:
    with server_rig() as rig:
        rig.add_qxl()
        rig.main()
        found = numbers(rig)
        assert not found.devices and len(found.clients) == 1
        assert rig.do(lambda: rig.server.metrics_address) is None


def test_a_device_that_is_gone_has_no_numbers(rig: ServerRig) -> None:
    device, _ = rig.add_qxl()
    rig.until(lambda: [each.canvas for each in rig.server.numbers().devices] == ["cpu"])
    rig.do(lambda: rig.server.remove_interface(device))
    assert not numbers(rig).devices


def test_channels_by_client() -> None:
    one, two = channel(ChannelType.MAIN), channel(ChannelType.DISPLAY)
    assert by_client([one, two]) == {one.connection_id: [one, two]}
    assert by_client([]) == {}


def test_before_it_starts_a_worker_has_published_that_it_has_nothing() -> None:
    publisher = StatisticsPublisher(4)
    publisher.touch()
    assert (publisher.newest.qxl_id, publisher.newest.canvas) == (4, "")
    assert publisher.newest.settled
