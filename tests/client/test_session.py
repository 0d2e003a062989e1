"""The main channel, and which channels are opened."""

import pytest

from gspice.client.session import MAX_CHANNELS, Session
from gspice.errors import ProtocolError
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import MouseMode, VideoCodec
from gspice.wire.message import Message
from gspice.wire.messages import base, main
from gspice.wire.messages.display import DisplayReset, DisplayStreamActivateReport, DisplayStreamReport
from gspice.wire.types import ChannelId
from tests.client.fake_server import create_primary
from tests.client.messages import FRAME, STREAM

INIT = main.MainInit(
    session_id=7,
    display_channels_hint=1,
    supported_mouse_modes=3,
    current_mouse_mode=1,
    agent_connected=0,
    agent_tokens=10,
    multi_media_time=1,
    ram_hint=0,
)
DISPLAY = ChannelId(type=ChannelType.DISPLAY, id=0)
OTHERS = (ChannelId(type=ChannelType.CURSOR, id=0), ChannelId(type=ChannelType.USBREDIR, id=3))


def listing(*channels: ChannelId) -> Message:
    return main.MainChannelsList(channels=channels)


def feed(session: Session, *messages: Message) -> Session:
    for serial, message in enumerate(messages, 1):
        session.main.receive(message, serial)
    return session


def test_the_session_begins() -> None:
    session = feed(Session(), INIT)
    assert session.main.session_id == 7
    assert session.main.take_output() == [main.MainAttachChannels()]
    assert session.channels_to_open() == []


def test_wanted_channels_that_are_offered_are_opened_once() -> None:
    session = feed(Session(), INIT, listing(DISPLAY, *OTHERS))
    assert session.channels_to_open() == [session.display, session.cursor]
    feed(session, listing(DISPLAY), listing(ChannelId(type=ChannelType.INPUTS, id=0)))
    assert session.channels_to_open() == [session.inputs]
    assert session.channels_to_open() == []


def test_only_wanted_channels_are_opened() -> None:
    session = feed(Session(wanted={ChannelType.DISPLAY}, display_id=1), INIT, listing(DISPLAY, *OTHERS))
    assert session.channels_to_open() == []
    feed(session, listing(ChannelId(type=ChannelType.DISPLAY, id=1)))
    assert session.channels_to_open() == [session.display]


def test_what_a_server_must_not_send() -> None:
    with pytest.raises(ProtocolError, match="before"):
        feed(Session(), listing(DISPLAY))
    with pytest.raises(ProtocolError, match="second INIT"):
        feed(Session(), INIT, INIT)
    many = tuple(ChannelId(type=kind, id=number) for kind in range(100, 117) for number in range(256))
    assert len(many) > MAX_CHANNELS
    with pytest.raises(ProtocolError, match="channels offered"):
        feed(Session(), INIT, listing(*many))


def test_what_is_known_of_the_machine() -> None:
    session = feed(Session(), INIT, main.MainName(name="vm"), main.MainUuid(uuid=bytes(range(16))))
    assert (session.main.machine, session.main.uuid) == ("vm", bytes(range(16)))


def test_the_display_hears_what_time_it_is_at_the_server() -> None:
    now = 100.0
    session = feed(Session(video=[VideoCodec.MJPEG], clock=lambda: now), INIT)
    display = session.display
    display.start(CapSet.of(DisplayCap.STREAM_REPORT))
    display.take_output()
    assert {DisplayCap.STREAM_REPORT, DisplayCap.CODEC_MJPEG} <= set(display.caps)
    wanted = DisplayStreamActivateReport(stream_id=STREAM.id, unique_id=2, max_window_size=1, timeout_ms=1000)
    delays = []
    for message in (None, main.MainMultiMediaTime(time=300)):
        if message is not None:
            now = 101.0
            feed(session, message)
        for serial, each in enumerate((create_primary(8, 4), STREAM, wanted, FRAME), 1):
            display.receive(each, serial)
        delays += [
            each.last_frame_delay for each in display.take_output() if isinstance(each, DisplayStreamReport)
        ]
        display.receive(DisplayReset(), 5)
    assert delays == [0, -299], "the frame was for 1"


def test_mouse_modes() -> None:
    session = feed(Session(), INIT)
    session.main.take_output()
    session.main.request_mouse_mode(MouseMode.CLIENT)
    assert session.main.take_output() == [main.MainMouseModeRequest(mode=2)]
    assert int(session.main.mouse_mode) == MouseMode.SERVER
    feed(session, main.MainMouseMode(supported_modes=3, current_mode=2))
    assert int(session.main.mouse_mode) == MouseMode.CLIENT


def test_agent_and_clock_are_passed_over() -> None:
    session = feed(
        Session(),
        INIT,
        main.MainAgentConnected(),
        main.MainAgentConnectedTokens(num_tokens=1),
        main.MainAgentData(data=b"x"),
        main.MainAgentToken(num_tokens=1),
        main.MainAgentDisconnected(),
        main.MainMultiMediaTime(time=1),
    )
    assert session.main.take_output() == [main.MainAttachChannels()]


def test_a_migration_is_declined() -> None:
    session = feed(Session(), INIT)
    session.main.take_output()
    feed(session, main.MainMigrateBegin(port=1, secure_port=0, host="there"), main.MainMigrateCancel())
    assert session.main.take_output() == [main.MainMigrateConnectError()]


def test_a_machine_that_moves_away_says_where() -> None:
    session = feed(Session(), INIT, main.MainMigrateSwitchHost(port=1, secure_port=0, host="there"))
    assert session.main.last_words == "the virtual machine has moved to there"


def test_progress_names_the_next_step() -> None:
    session = Session(wanted={ChannelType.DISPLAY})
    seen = [session.progress()]

    def step() -> None:
        seen.append(session.progress())

    session.main.start(CapSet())
    step()
    feed(session, INIT)
    step()
    feed(session, listing())
    step()
    feed(session, listing(DISPLAY))
    session.channels_to_open()
    step()
    session.display.start(CapSet())
    step()
    session.display.receive(create_primary(1, 1), 1)
    step()
    session.display.marked = True
    assert session.progress() == ""
    wanted = ["main channel", "INIT", "list", "offered", "display channel to be linked", "primary", "MARK"]
    assert len(seen) == len(wanted)
    assert all(word in text for word, text in zip(wanted, seen, strict=True)), seen


def test_a_ping_with_a_payload_is_answered() -> None:
    session = feed(Session(), INIT)
    session.main.take_output()
    feed(session, base.Ping(id=1, timestamp=2, data=bytes(256000)))
    assert session.main.take_output() == [base.Pong(id=1, timestamp=2)]


def test_a_channel_waits_only_for_what_is_linked() -> None:
    session = feed(Session(display_id=1), INIT)
    assert session.display.peer(ChannelType.CURSOR, 1) is None
    session.cursor.start(CapSet())
    assert session.display.peer(ChannelType.CURSOR, 1) is session.cursor
    assert session.display.peer(ChannelType.CURSOR, 0) is None
    assert session.display.peer(ChannelType.DISPLAY, 0) is None
