"""Clients: who may open what, who replaces whom, and that nothing is left of those that went."""

import contextlib
import gc
import socket
import threading
from collections.abc import Iterator

import pytest

from gspice.channels.base import LinkInfo
from gspice.errors import LinkRefused
from gspice.server.clients import REPLACED
from gspice.server.transport import PlainTransport
from gspice.vdi.core import ChannelEvent, ChannelEventInfo
from gspice.wire.caps import CapSet
from gspice.wire.channel_types import ChannelType
from gspice.wire.link import LinkError
from gspice.wire.messages.base import Disconnecting, Notify
from gspice.wire.messages.cursor import CursorInit
from gspice.wire.messages.inputs import InputsInit
from gspice.wire.messages.main import MainAttachChannels, MainChannelsList, MainClientMigrateEnd, MainInit
from tests.peers.raw_link import COMMON, RawChannel
from tests.server.server_rig import ServerRig, server_rig
from tests.server.worker_rig import open_descriptors, our_threads

INPUTS, DISPLAY, CURSOR = ChannelType.INPUTS, ChannelType.DISPLAY, ChannelType.CURSOR


@pytest.fixture
def rig() -> Iterator[ServerRig]:
    with server_rig() as rig:
        yield rig


@pytest.fixture
def with_display(rig: ServerRig) -> ServerRig:
    rig.add_qxl()
    rig.do(rig.server.vm_start)
    return rig


def refused(rig: ServerRig, kind: ChannelType, connection_id: int, channel_id: int = 0) -> int:
    with pytest.raises(LinkRefused) as caught:
        rig.link(kind, connection_id, channel_id=channel_id)
    return caught.value.code


def test_the_newest_client_replaces_the_one_before_and_says_so(with_display: ServerRig) -> None:
    rig = with_display
    rig.do(lambda: rig.server.set_max_clients(1))
    old, old_id = rig.main()
    channels = [rig.link(kind, old_id) for kind in (INPUTS, DISPLAY, CURSOR)]
    new, new_id = rig.main()
    assert rig.do(lambda: [client.connection_id for client in rig.server.clients]) == [new_id]
    notify = old.receive_type(Notify)
    assert isinstance(notify, Notify) and notify.message == REPLACED
    old.receive_type(Disconnecting)
    assert all(peer.wait_closed() for peer in (old, *channels))
    old.close()
    assert new_id != old_id and rig.do(lambda: rig.server.num_clients) == 1
    rig.until(lambda: rig.server.num_connections == 1)
    assert refused(rig, INPUTS, old_id) == LinkError.BAD_CONNECTION_ID
    rig.link(INPUTS, new_id).receive_type(InputsInit)
    assert not new.wait_closed(0.05)


def test_clients_are_there_together_until_the_oldest_makes_room(with_display: ServerRig) -> None:
    rig = with_display
    rig.do(lambda: rig.server.set_max_clients(2))
    mains = [rig.main() for _ in range(2)]
    displays = [rig.link(DISPLAY, connection_id) for _, connection_id in mains]
    assert rig.do(lambda: rig.server.num_clients) == 2
    assert not any(peer.wait_closed(0.05) for peer in (mains[0][0], *displays))
    _, newest = rig.main()
    assert rig.do(lambda: [client.connection_id for client in rig.server.clients]) == [mains[1][1], newest]
    mains[0][0].receive_type(Disconnecting)
    assert displays[0].wait_closed() and not displays[1].wait_closed(0.05)


def test_without_its_main_channel_a_client_is_gone(with_display: ServerRig) -> None:
    rig = with_display
    main, connection_id = rig.main()
    channels = [rig.link(kind, connection_id) for kind in (INPUTS, DISPLAY, CURSOR)]
    rig.until(lambda: rig.server.num_connections == 4)
    main.close()
    assert all(peer.wait_closed() for peer in channels)
    rig.until(lambda: rig.server.num_connections == 0)
    assert rig.do(lambda: rig.server.num_clients) == 0
    assert refused(rig, INPUTS, connection_id) == LinkError.BAD_CONNECTION_ID


def test_connection_ids_must_be_those_of_a_client(with_display: ServerRig) -> None:
    rig = with_display
    for kind in (INPUTS, DISPLAY, CURSOR):
        assert refused(rig, kind, 0) == LinkError.BAD_CONNECTION_ID
    _, connection_id = rig.main()
    assert 0 < connection_id < 1 << 31, "hosts keep it in a signed int"
    assert refused(rig, INPUTS, connection_id + 1) == LinkError.BAD_CONNECTION_ID
    assert refused(rig, ChannelType.MAIN, connection_id) == LinkError.BAD_CONNECTION_ID
    assert rig.do(lambda: rig.server.num_clients) == 1, "nor does such a main channel replace anybody"


def test_a_client_that_is_ahead_of_its_machine(rig: ServerRig) -> None:
    """It brings the id that it has, and hears nothing before it says that the machine is here."""
    rig.add_qxl()
    main = rig.link(ChannelType.MAIN, 0x89ABCDEF)
    channels = {kind: rig.link(kind, 0x89ABCDEF) for kind in (INPUTS, DISPLAY, CURSOR)}
    rig.until(lambda: rig.server.num_connections == 4)
    assert rig.events_of(DISPLAY)[-1] == ChannelEvent.INITIALIZED
    for peer in (main, *channels.values()):
        with pytest.raises(TimeoutError):
            peer.receive(0.02)
    rig.do(rig.server.vm_start)
    main.send(MainClientMigrateEnd())
    init = main.receive_type(MainInit)
    assert isinstance(init, MainInit) and init.session_id == 0x89ABCDEF
    channels[INPUTS].receive_type(InputsInit)
    channels[CURSOR].receive_type(CursorInit)
    # It has all its channels: those that come later are what is offered.
    rig.add_qxl(1, size=None)
    offered = main.receive_type(MainChannelsList)
    assert isinstance(offered, MainChannelsList)
    assert [(channel.type, channel.id) for channel in offered.channels] == [(DISPLAY, 1)]


def test_nobody_comes_ahead_of_a_machine_that_runs(with_display: ServerRig) -> None:
    rig = with_display
    _, connection_id = rig.main()
    assert refused(rig, ChannelType.MAIN, connection_id ^ 1) == LinkError.BAD_CONNECTION_ID
    assert rig.do(lambda: rig.server.num_clients) == 1, "nor does such a main channel replace anybody"


def test_a_client_that_is_ahead_leaves_nothing_behind(rig: ServerRig) -> None:
    rig.add_qxl()
    main = rig.link(ChannelType.MAIN, 7)
    channels = [rig.link(kind, 7) for kind in (INPUTS, DISPLAY, CURSOR)]
    rig.until(lambda: rig.server.num_connections == 4)
    main.close()
    assert all(peer.wait_closed() for peer in channels)
    rig.until(lambda: rig.server.num_connections == 0)
    assert rig.events_of(DISPLAY)[-1] == ChannelEvent.DISCONNECTED


def test_the_end_of_a_replaced_client_is_not_that_of_one_with_the_same_id(rig: ServerRig) -> None:
    def link(number: int) -> LinkInfo:
        return LinkInfo(
            connection_id=number,
            channel_type=ChannelType.MAIN,
            channel_id=0,
            common_caps=COMMON,
            channel_caps=CapSet(),
            secure=False,
            local=True,
            peer="test",
        )

    def let_in() -> socket.socket:
        near, far = socket.socketpair()
        transport = PlainTransport(near)
        info = ChannelEventInfo(transport.local_address, transport.peer_address)
        rig.do(lambda: rig.server.clients.linked(transport, link(7), b"", info))
        return far

    # Both were authorized before either was there.
    ends = [let_in(), let_in()]
    rig.until(lambda: rig.server.num_connections == 1)
    assert rig.do(lambda: rig.server.num_clients) == 1
    for end in ends:
        end.close()
    rig.until(lambda: rig.server.num_clients == 0)


def test_ids_are_not_to_be_guessed(rig: ServerRig) -> None:
    ids = {rig.main()[1] for _ in range(5)}
    assert len(ids) == 5 and max(ids) - min(ids) > 1000


def test_channels_that_do_not_exist_or_are_open_already(with_display: ServerRig) -> None:
    rig = with_display
    _, connection_id = rig.main()
    unavailable = LinkError.CHANNEL_NOT_AVAILABLE
    assert refused(rig, DISPLAY, connection_id, 1) == unavailable
    assert refused(rig, INPUTS, connection_id, 1) == unavailable
    assert refused(rig, ChannelType.PLAYBACK, connection_id) == unavailable
    for kind in (INPUTS, DISPLAY, CURSOR):
        first = rig.link(kind, connection_id)
        rig.until(lambda kind=kind: ChannelEvent.INITIALIZED in rig.events_of(kind))  # type: ignore[misc]
        assert refused(rig, kind, connection_id) == unavailable
        first.close()
        rig.until(lambda kind=kind: ChannelEvent.DISCONNECTED in rig.events_of(kind))  # type: ignore[misc]
        rig.link(kind, connection_id)


def test_two_links_to_one_channel_at_once(with_display: ServerRig) -> None:
    """Both may be let in by the link stage; only one of them is served."""
    rig = with_display
    _, connection_id = rig.main()
    peers: list[RawChannel] = []

    def open_one() -> None:
        with contextlib.suppress(LinkRefused, ConnectionError):  # another one was first
            peers.append(rig.link(CURSOR, connection_id))

    threads = [threading.Thread(target=open_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rig.until(lambda: rig.server.num_connections == 2)
    served = 0
    for peer in peers:
        try:
            peer.receive_type(CursorInit)
            served += 1
        except ConnectionError:
            assert peer.wait_closed()
    assert served == 1


@pytest.mark.parametrize("client", ["gone", "has the channel already"])
def test_what_changed_between_the_links_check_and_its_end(rig: ServerRig, client: str) -> None:
    _, connection_id = rig.main()
    if client != "gone":
        rig.link(INPUTS, connection_id).receive_type(InputsInit)
    near, far = socket.socketpair()
    info = ChannelEventInfo("", "")
    link = LinkInfo(
        connection_id=connection_id + (client == "gone"),
        channel_type=INPUTS,
        channel_id=0,
        common_caps=COMMON,
        channel_caps=CapSet(),
        secure=False,
        local=True,
        peer="late",
    )
    rig.do(lambda: rig.server.clients.linked(PlainTransport(near), link, b"", info))
    far.settimeout(5)
    assert far.recv(1) == b""
    far.close()
    assert [event for event, known in rig.loop.events if known is info] == [ChannelEvent.DISCONNECTED]


def test_a_channel_linked_as_its_client_leaves_is_closed(with_display: ServerRig) -> None:
    rig = with_display
    for _ in range(10):
        main, connection_id = rig.main()
        main.close()  # races with the link below
        try:
            peer = rig.link(DISPLAY, connection_id)
        except (LinkRefused, ConnectionError):
            continue
        assert peer.wait_closed()
    rig.until(lambda: rig.server.num_connections == 0)
    connected = [info for event, info in rig.loop.events if event == ChannelEvent.CONNECTED]
    rig.until(
        lambda: (
            len([1 for event, _ in rig.loop.events if event == ChannelEvent.DISCONNECTED]) == len(connected)
        )
    )


def test_a_client_whose_first_bytes_are_nonsense_is_no_client(rig: ServerRig) -> None:
    peer, _ = rig.main()
    peer.send_bytes(b"\xff" * 6)
    assert peer.wait_closed()
    rig.until(lambda: rig.server.num_connections == rig.server.num_clients == 0)


def test_devices_that_come_later_are_offered(rig: ServerRig) -> None:
    main, connection_id = rig.main()
    main.send(MainAttachChannels())
    offered = main.receive_type(MainChannelsList)
    assert isinstance(offered, MainChannelsList) and [c.type for c in offered.channels] == [INPUTS]
    rig.add_qxl(3)
    later = [main.receive_type(MainChannelsList), main.receive_type(MainChannelsList)]
    channels = [
        channel for message in later if isinstance(message, MainChannelsList) for channel in message.channels
    ]
    assert [(c.type, c.id) for c in channels] == [(DISPLAY, 3), (CURSOR, 3)]
    rig.link(CURSOR, connection_id, channel_id=3).receive_type(CursorInit)


def test_disconnecting_all_tells_them_why(with_display: ServerRig) -> None:
    rig = with_display
    main, connection_id = rig.main()
    display = rig.link(DISPLAY, connection_id)
    rig.do(lambda: rig.server.disconnect_clients("good night"))
    notify = main.receive_type(Notify)
    assert isinstance(notify, Notify) and notify.message == "good night"
    assert main.wait_closed() and display.wait_closed()


def test_a_hundred_connects_leave_nothing(with_display: ServerRig) -> None:
    rig = with_display

    def visit(ways: int) -> None:
        main, connection_id = rig.main()
        peers = [main]
        if ways % 3 == 2:
            peers += [rig.link(kind, connection_id) for kind in (INPUTS, DISPLAY, CURSOR)]
        if ways % 5 == 0:
            with socket.create_connection(("127.0.0.1", rig.server.port or 0), 5) as sock:
                sock.sendall(b"REDQ")
        for peer in peers if ways % 2 else peers[::-1]:
            peer.close()

    visit(5)  # threads that start at the first need
    rig.until(lambda: rig.server.num_connections == 0)
    gc.collect()
    threads, descriptors = our_threads(), open_descriptors()
    for number in range(100):
        visit(number)
    rig.until(lambda: rig.server.num_connections == 0 and not len(rig.server.edge._handshakes))
    gc.collect()
    assert (our_threads(), open_descriptors()) == (threads, descriptors)
    assert not rig.server.edge._infos
    ended = [info for event, info in rig.loop.events if event == ChannelEvent.DISCONNECTED]
    begun = [info for event, info in rig.loop.events if event == ChannelEvent.CONNECTED]
    assert len(begun) == len(ended) and {id(info) for info in begun} == {id(info) for info in ended}
