"""The main channel: what is said first, what is said once, and how a session ends."""

from collections.abc import Sequence

import pytest

from gspice.channels.main import INSECURE_KEYBOARD, MainChannelClient
from gspice.channels.mouse_mode import MouseModes
from gspice.channels.pings import PING_INTERVAL, SILENCE
from gspice.errors import ProtocolError
from gspice.vdi import ClientMonitor
from gspice.wire.caps import CapSet, MainCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.message import Message
from gspice.wire.messages.base import Disconnecting, MigrateFlushMark, Notify, Ping, Pong
from gspice.wire.messages.main import (
    MainAgentConnected,
    MainAgentConnectedTokens,
    MainAgentData,
    MainAgentDisconnected,
    MainAgentStart,
    MainAttachChannels,
    MainChannelsList,
    MainClientAgentData,
    MainClientAgentToken,
    MainClientInfo,
    MainClientMigrateEnd,
    MainInit,
    MainMouseMode,
    MainMouseModeRequest,
    MainMultiMediaTime,
    MainName,
    MainQualityIndicator,
    MainUuid,
)
from gspice.wire.types import ChannelId, MouseMode, NotifySeverity, NotifyVisibility
from tests.channels.recording_sender import RecordingSender, link_to

UUID = bytes(range(16))
CHANNELS = [
    (ChannelType.MAIN, 0),
    (ChannelType.DISPLAY, 0),
    (ChannelType.CURSOR, 0),
    (ChannelType.INPUTS, 0),
]
ALL_CAPS = CapSet.of(MainCap.NAME_AND_UUID, MainCap.AGENT_CONNECTED_TOKENS)
CAPS_REQUEST = bytes.fromhex("01000000 06000000 0000000000000000 08000000 01000000 00000000")


class FakeContext:
    display_hint = 1
    name = "a machine"
    uuid: bytes | None = UUID
    ram_hint = 64 << 20
    inputs_secure = True
    supports_monitors_config = True

    def __init__(self) -> None:
        self.mouse = MouseModes()
        self.offered = list(CHANNELS)
        self.time_base = 5000
        self.asked: list[list[ClientMonitor]] = []

    def mm_time(self, now: float) -> int:
        return self.time_base + int(now * 1000)

    def channels(self) -> Sequence[tuple[ChannelType, int]]:
        return self.offered

    def monitors_config(self, monitors: Sequence[ClientMonitor]) -> bool:
        self.asked.append(list(monitors))
        return True


class Session:
    def __init__(self, *, caps: CapSet = ALL_CAPS, local: bool = False, **context: object) -> None:
        self.context = FakeContext()
        for name, value in context.items():
            setattr(self.context, name, value)
        self.sender = RecordingSender()
        link = link_to(ChannelType.MAIN, caps=caps, local=local)
        self.client = MainChannelClient(link, self.sender, self.context)

    def start(self, now: float = 10.0) -> list[Message]:
        self.client.start(now)
        return self.sender.take()

    def receive(self, message: Message, now: float = 11.0) -> list[Message]:
        self.client.receive(message, now)
        return self.sender.take()

    def answer_pings(self, now: float) -> None:
        for ping_id in (1, 2, 3):
            self.client.receive(Pong(id=ping_id, timestamp=0), now)


@pytest.fixture
def session() -> Session:
    session = Session()
    session.start()
    return session


def listed(*entries: tuple[int, int]) -> MainChannelsList:
    return MainChannelsList(channels=tuple(ChannelId(type=t, id=i) for t, i in entries))


def test_capabilities() -> None:
    caps = [MainCap.SEMI_SEAMLESS_MIGRATE, MainCap.NAME_AND_UUID, MainCap.AGENT_CONNECTED_TOKENS]
    assert list(MainChannelClient.CAPS) == caps


# -- the start


def test_init_then_name_and_uuid_then_pings() -> None:
    sent = Session().start()
    assert sent[:3] == [
        MainInit(
            session_id=0x1234,
            display_channels_hint=1,
            supported_mouse_modes=1,
            current_mouse_mode=1,
            agent_connected=1,
            agent_tokens=10,
            multi_media_time=15000,
            ram_hint=64 << 20,
        ),
        MainName(name="a machine"),
        MainUuid(uuid=UUID),
    ]
    pings = [message for message in sent[3:] if isinstance(message, Ping)]
    assert [(ping.id, len(ping.data)) for ping in pings] == [(1, 0), (2, 0), (3, 256_000)]
    assert len(sent) == 6


def test_name_and_uuid_only_for_clients_that_know_them() -> None:
    assert [type(message) for message in Session(caps=CapSet(), local=True).start()] == [MainInit, Ping]


def test_what_the_machine_does_not_have_is_not_told() -> None:
    assert [type(m) for m in Session(name="", uuid=None, local=True).start()] == [MainInit, Ping]


def test_no_net_test_on_this_machine() -> None:
    session = Session(local=True)
    pings = [message for message in session.start() if isinstance(message, Ping)]
    assert [(ping.id, len(ping.data)) for ping in pings] == [(1, 0)]
    session.receive(Pong(id=1, timestamp=0), 10.5)
    assert session.client.round_trip.value == pytest.approx(0.5)
    assert session.client.bits_per_second == 0
    assert not session.client.low_bandwidth


@pytest.mark.parametrize(("time", "told"), [(0, 1), (0x1_0000_0000, 1), (0x1_0000_0005, 5)])
def test_the_multimedia_clock_wraps_and_is_never_zero(time: int, told: int) -> None:
    session = Session(time_base=time)
    (init,) = [message for message in session.start(0.0) if isinstance(message, MainInit)]
    assert init.multi_media_time == told
    session.client.send_mm_time(0.0)
    assert session.sender.take() == [MainMultiMediaTime(time=told)]


# -- the line


def test_a_slow_line_is_known_after_the_net_test(session: Session) -> None:
    assert not session.client.low_bandwidth
    session.receive(Pong(id=1, timestamp=0), 10.1)
    session.receive(Pong(id=2, timestamp=0), 10.1)
    session.receive(Pong(id=3, timestamp=0), 11.1)
    assert session.client.bits_per_second == pytest.approx(256_000 * 8)
    assert session.client.low_bandwidth
    assert session.client.round_trip.value == pytest.approx(0.1)


def test_a_ping_now_and_then(session: Session) -> None:
    session.answer_pings(11)
    assert session.client.deadline() == 11 + PING_INTERVAL
    session.client.on_timer(11 + PING_INTERVAL)
    (ping,) = session.sender.take()
    assert isinstance(ping, Ping)
    assert (ping.id, len(ping.data)) == (4, 0)


def test_a_silent_client_is_closed_with_a_reason(session: Session) -> None:
    assert session.client.deadline() == 10 + SILENCE
    session.client.on_timer(10 + SILENCE - 0.1)
    assert session.sender.closed_with is None
    session.client.on_timer(10 + SILENCE)
    assert session.sender.closed_with == "no answer to pings for 120 seconds"
    assert session.client.deadline() is None


# -- channels


def test_attach_is_answered_with_all_channels_but_main(session: Session) -> None:
    assert session.receive(MainAttachChannels()) == [listed((2, 0), (4, 0), (3, 0))]


def test_no_channel_is_listed_twice(session: Session) -> None:
    session.receive(MainAttachChannels())
    assert session.receive(MainAttachChannels()) == []
    session.client.channels_changed()
    assert session.sender.take() == []
    del session.context.offered[1]
    session.context.offered += [CHANNELS[1], (ChannelType.DISPLAY, 1), (ChannelType.DISPLAY, 1)]
    session.client.channels_changed()
    assert session.sender.take() == [listed((2, 1))]
    assert session.receive(MainAttachChannels()) == []


def test_later_channels_come_in_lists_of_one(session: Session) -> None:
    session.receive(MainAttachChannels())
    session.context.offered += [(ChannelType.DISPLAY, 1), (ChannelType.CURSOR, 1)]
    session.client.channels_changed()
    assert session.sender.take() == [listed((2, 1)), listed((4, 1))]


def test_nothing_is_listed_before_it_is_asked_for(session: Session) -> None:
    session.client.channels_changed()
    assert session.sender.take() == []


def test_the_first_list_is_sent_even_if_it_is_empty() -> None:
    session = Session(offered=[])
    session.start()
    assert session.receive(MainAttachChannels()) == [listed()]


def test_the_user_is_warned_once_of_an_insecure_keyboard() -> None:
    session = Session(inputs_secure=False)
    session.start()
    first, warning = session.receive(MainAttachChannels())
    assert isinstance(first, MainChannelsList)
    assert isinstance(warning, Notify)
    assert warning.message == INSECURE_KEYBOARD == "keyboard channel is insecure"
    assert warning.severity == NotifySeverity.WARN
    assert warning.visibility == NotifyVisibility.HIGH
    session.context.offered.append((ChannelType.DISPLAY, 1))
    assert session.receive(MainAttachChannels()) == [listed((2, 1))]


def test_no_warning_without_a_keyboard() -> None:
    session = Session(inputs_secure=False, offered=CHANNELS[:2])
    session.start()
    assert session.receive(MainAttachChannels()) == [listed((2, 0))]


# -- mouse mode


def test_mouse_modes(session: Session) -> None:
    modes = session.context.mouse
    assert session.receive(MainMouseModeRequest(mode=MouseMode.CLIENT)) == []
    modes.update(agent_mouse=True, primary_allows=True)
    assert session.sender.take() == [MainMouseMode(supported_modes=3, current_mode=1)]
    assert session.receive(MainMouseModeRequest(mode=MouseMode.CLIENT)) == [
        MainMouseMode(supported_modes=3, current_mode=2)
    ]
    assert session.receive(MainMouseModeRequest(mode=0xFFFF)) == []
    modes.update(primary_allows=False)
    assert session.sender.take() == [MainMouseMode(supported_modes=1, current_mode=1)]


# -- what is ignored, and what is not


@pytest.mark.parametrize("message", [MainClientInfo(cache_size=1), MainQualityIndicator(data=b"good")])
def test_messages_of_no_use_do_not_end_the_session(session: Session, message: Message) -> None:
    assert session.receive(message) == []


@pytest.mark.parametrize("message", [MainClientMigrateEnd(), MigrateFlushMark()])
def test_unasked_messages_end_the_session(session: Session, message: Message) -> None:
    with pytest.raises(ProtocolError, match=message.NAME):
        session.receive(message)


# -- the agent


def test_the_servers_agent_answers(session: Session) -> None:
    assert session.receive(MainAgentStart(num_tokens=0xFFFFFFFF)) == []
    (answer,) = session.receive(MainClientAgentData(data=CAPS_REQUEST))
    assert isinstance(answer, MainAgentData)


def test_the_agent_waits_for_the_clients_tokens(session: Session) -> None:
    session.receive(MainAgentStart(num_tokens=0))
    assert session.receive(MainClientAgentData(data=CAPS_REQUEST)) == []
    assert len(session.receive(MainClientAgentToken(num_tokens=1))) == 1


def test_monitors_reach_the_server(session: Session) -> None:
    session.receive(MainAgentStart(num_tokens=5))
    config = bytes.fromhex("01000000 02000000 0000000000000000 1c000000 01000000 01000000")
    config += bytes.fromhex("58020000 20030000 20000000 00000000 00000000")
    session.receive(MainClientAgentData(data=config))
    assert session.context.asked == [[ClientMonitor(800, 600)]]


def test_no_agent_where_displays_do_not_follow() -> None:
    session = Session(supports_monitors_config=False)
    (init,) = [message for message in session.start() if isinstance(message, MainInit)]
    assert (init.agent_connected, init.agent_tokens) == (0, 10)
    session.receive(MainAgentStart(num_tokens=5))
    assert session.receive(MainClientAgentData(data=CAPS_REQUEST)) == []


@pytest.mark.parametrize(
    ("caps", "told"),
    [(ALL_CAPS, MainAgentConnectedTokens(num_tokens=10)), (CapSet(), MainAgentConnected())],
)
def test_the_agent_comes_and_goes_with_the_displays_ability(caps: CapSet, told: Message) -> None:
    session = Session(caps=caps, supports_monitors_config=False)
    session.start()
    session.client.agent_changed()
    assert session.sender.take() == []
    session.context.supports_monitors_config = True
    session.client.agent_changed()
    session.client.agent_changed()
    assert session.sender.take() == [told]
    session.context.supports_monitors_config = False
    session.client.agent_changed()
    session.client.disconnect_agent()
    assert session.sender.take() == [MainAgentDisconnected(error=0)]


# -- the end


def test_disconnect_says_why_then_closes(session: Session) -> None:
    session.client.disconnect("another client has connected")
    notify, disconnecting = session.sender.take()
    assert isinstance(notify, Notify)
    assert notify.message == "another client has connected"
    assert notify.visibility == NotifyVisibility.HIGH
    assert isinstance(disconnecting, Disconnecting)
    assert session.sender.closed_with == "another client has connected"
    session.client.disconnect("again")
    assert session.sender.closed_with == "another client has connected"


def test_nothing_is_sent_or_taken_after_the_end(session: Session) -> None:
    session.client.disconnect("over")
    session.sender.take()
    session.context.mouse.update(agent_mouse=True, primary_allows=True)
    session.client.channels_changed()
    session.client.agent_changed()
    session.client.send_mm_time(12)
    session.context.supports_monitors_config = False
    session.client.agent_changed()
    session.client.on_timer(1000)
    assert session.receive(MainAttachChannels()) == []
    assert session.client.deadline() is None


def test_a_client_that_left_is_forgotten(session: Session) -> None:
    session.client.disconnected(12)
    session.client.disconnected(12)
    session.context.mouse.update(agent_mouse=True, primary_allows=True)
    assert session.sender.messages == [] and session.client.closed
