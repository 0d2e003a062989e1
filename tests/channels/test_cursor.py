"""The cursor channel: one INIT between RESETs, the newest state for slow clients, a true cache."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gspice.channels.cursor import BACKLOG, CursorChannel, CursorChannelClient
from gspice.errors import GuestError, ProtocolError
from gspice.geometry import Point
from gspice.qxl import ops
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.base import ClientDisconnecting
from gspice.wire.messages.cursor import (
    CursorHide,
    CursorInit,
    CursorInvalAll,
    CursorInvalOne,
    CursorMove,
    CursorReset,
    CursorSet,
    CursorTrail,
)
from gspice.wire.types import Cursor, CursorFlags, CursorHeader
from tests.channels.recording_sender import RecordingSender, link_to

NONE = Cursor(flags=CursorFlags.NONE)


def set_command(unique: int = 7, *, visible: bool = True, x: int = 1, y: int = 2) -> ops.CursorSet:
    data = bytes([unique & 0xFF] * 16)
    shape = ops.CursorShape(unique=unique, type=0, width=2, height=2, hot_x=1, hot_y=0, data=data)
    return ops.CursorSet(Point(x, y), visible, shape)


def cursor(unique: int, flags: int) -> Cursor:
    header = CursorHeader(unique=unique, type=0, width=2, height=2, hot_x=1, hot_y=0)
    data = b"" if flags & CursorFlags.FROM_CACHE else bytes([unique & 0xFF] * 16)
    return Cursor(flags=flags, header=header, data=data)


@pytest.fixture
def channel() -> CursorChannel:
    return CursorChannel()


def join(channel: CursorChannel) -> tuple[CursorChannelClient, RecordingSender]:
    sender = RecordingSender()
    client = channel.connect(link_to(ChannelType.CURSOR), sender)
    client.start(0)
    return client, sender


def test_acknowledgements_every_20() -> None:
    assert CursorChannelClient.ACK_WINDOW == 20


def test_no_init_without_a_primary(channel: CursorChannel) -> None:
    _, sender = join(channel)
    channel.process(set_command())
    channel.process(ops.CursorMove(Point(5, 5)))
    channel.process(ops.CursorHide())
    channel.process(ops.CursorTrail(1, 2))
    assert sender.messages == []
    channel.primary_created()
    assert sender.take() == [
        CursorInit(
            position=Point(5, 5),
            trail_length=1,
            trail_frequency=2,
            visible=False,
            cursor=cursor(7, CursorFlags.CACHE_ME),
        )
    ]


def test_init_on_connect_with_a_primary(channel: CursorChannel) -> None:
    channel.primary_created()
    _, sender = join(channel)
    assert sender.take() == [CursorInit(position=Point(0, 0), visible=True, cursor=NONE)]


def test_a_second_primary_makes_no_second_init(channel: CursorChannel) -> None:
    channel.primary_created()
    _, sender = join(channel)
    channel.primary_created()
    assert len(sender.of(CursorInit)) == 1


def test_reset_then_init_when_there_is_a_primary_again(channel: CursorChannel) -> None:
    channel.primary_created()
    _, sender = join(channel)
    channel.process(set_command())
    sender.take()
    channel.reset()
    assert sender.take() == [CursorInvalAll(), CursorReset()]
    channel.reset()
    channel.process(ops.CursorMove(Point(5, 5)))
    assert sender.take() == []
    channel.primary_created()
    assert sender.take() == [CursorInit(position=Point(5, 5), visible=True, cursor=NONE)]
    # the cache went with the reset
    channel.process(set_command())
    assert sender.take() == [
        CursorSet(position=Point(1, 2), visible=True, cursor=cursor(7, CursorFlags.CACHE_ME))
    ]


def test_reset_says_nothing_to_clients_without_a_cursor(channel: CursorChannel) -> None:
    _, sender = join(channel)
    channel.reset()
    assert sender.messages == []


def test_each_command_has_its_message(channel: CursorChannel) -> None:
    channel.primary_created()
    _, sender = join(channel)
    sender.take()
    channel.process(set_command(visible=False))
    channel.process(ops.CursorMove(Point(5, -6)))
    channel.process(ops.CursorHide())
    channel.process(ops.CursorTrail(1, 2))
    channel.process(set_command())
    channel.process(set_command(unique=0))
    assert sender.take() == [
        CursorSet(position=Point(1, 2), visible=False, cursor=cursor(7, CursorFlags.CACHE_ME)),
        CursorMove(position=Point(5, -6)),
        CursorHide(),
        CursorTrail(length=1, frequency=2),
        CursorSet(position=Point(1, 2), visible=True, cursor=cursor(7, CursorFlags.FROM_CACHE)),
        CursorSet(position=Point(1, 2), visible=True, cursor=cursor(0, 0)),
    ]


def test_client_mode_leaves_moves_to_the_client(channel: CursorChannel) -> None:
    channel.primary_created()
    _, sender = join(channel)
    sender.take()
    channel.set_mouse_mode(True)
    channel.process(ops.CursorMove(Point(5, 6)))
    assert sender.take() == []
    channel.process(ops.CursorHide())
    channel.process(ops.CursorMove(Point(7, 8)))
    channel.process(ops.CursorMove(Point(9, 9)))
    assert sender.take() == [CursorHide(), CursorMove(position=Point(7, 8))]
    channel.set_mouse_mode(False)
    assert sender.take() == [CursorMove(position=Point(9, 9))]
    channel.set_mouse_mode(False)
    assert sender.take() == []


def test_a_hidden_cursor_stays_hidden_when_server_mode_returns(channel: CursorChannel) -> None:
    channel.primary_created()
    channel.set_mouse_mode(True)
    channel.process(ops.CursorHide())
    _, sender = join(channel)
    sender.take()
    channel.set_mouse_mode(False)
    assert sender.take() == []


def test_evicted_id_goes_before_the_shape_that_takes_its_place(channel: CursorChannel) -> None:
    channel.primary_created()
    _, sender = join(channel)
    for unique in range(1, 257):
        channel.process(set_command(unique))
    sender.take()
    channel.process(set_command(300))
    assert [type(message) for message in sender.messages] == [CursorInvalOne, CursorSet]
    assert sender.messages[0] == CursorInvalOne(id=1)


def test_clients_have_caches_of_their_own(channel: CursorChannel) -> None:
    channel.primary_created()
    join(channel)
    channel.process(set_command())
    _, second = join(channel)
    (init,) = second.of(CursorInit)
    assert init.cursor == cursor(7, CursorFlags.CACHE_ME)


def test_a_bad_shape_is_the_guests_fault_and_not_shown(channel: CursorChannel) -> None:
    channel.primary_created()
    _, sender = join(channel)
    sender.take()
    short = ops.CursorShape(unique=1, type=0, width=9, height=9, hot_x=0, hot_y=0, data=b"")
    with pytest.raises(GuestError):
        channel.process(ops.CursorSet(Point(0, 0), True, short))
    assert sender.messages == []


@pytest.mark.parametrize("full", ["blocked", "backlog"])
def test_a_slow_client_gets_the_newest_state_once(channel: CursorChannel, full: str) -> None:
    channel.primary_created()
    client, sender = join(channel)
    sender.take()
    sender.blocked = full == "blocked"
    sender.queued_bytes = BACKLOG + 1 if full == "backlog" else 0
    for step in range(1000):
        channel.process(set_command(step + 1))
        channel.process(ops.CursorMove(Point(step, step)))
    channel.process(ops.CursorTrail(1, 2))
    assert sender.messages == []
    sender.blocked, sender.queued_bytes = False, 0
    client.drained(1)
    assert sender.take() == [
        CursorSet(position=Point(999, 999), visible=True, cursor=cursor(1000, CursorFlags.CACHE_ME)),
        CursorTrail(length=1, frequency=2),
    ]
    client.drained(2)
    assert sender.take() == []


def test_a_slow_client_still_gets_the_reset(channel: CursorChannel) -> None:
    channel.primary_created()
    client, sender = join(channel)
    sender.take()
    sender.blocked = True
    channel.process(set_command())
    channel.reset()
    channel.primary_created()
    channel.process(set_command(9))
    sender.blocked = False
    client.drained(1)
    assert sender.take() == [
        CursorInvalAll(),
        CursorReset(),
        CursorInit(position=Point(1, 2), visible=True, cursor=cursor(9, CursorFlags.CACHE_ME)),
    ]


def test_a_client_that_left_is_told_nothing(channel: CursorChannel) -> None:
    channel.primary_created()
    client, sender = join(channel)
    client.disconnected(1)
    client.disconnected(1)
    sender.take()
    channel.process(set_command())
    client.drained(2)
    assert sender.messages == []


def test_clients_have_nothing_to_say(channel: CursorChannel) -> None:
    client, _ = join(channel)
    with pytest.raises(ProtocolError):
        client.receive(ClientDisconnecting(timestamp=0, reason=0), 0)


class ClientModel(RuleBasedStateMachine):
    """Any commands, resets and slow moments: what the client knows in the end is what the device has."""

    def __init__(self) -> None:
        super().__init__()
        self.channel = CursorChannel()
        self.client, self.sender = join(self.channel)
        self.cache: dict[int, bytes] = {}
        self.initialised = False
        self.shown: bytes | None = None
        self.visible = False
        self.place = Point(0, 0)
        self.primary = False

    def follow(self) -> None:
        """Take the messages as a client does, and insist on what it relies on."""
        for message in self.sender.take():
            match message:
                case CursorReset():
                    self.initialised = False
                    self.shown = None
                case CursorInvalAll():
                    self.cache.clear()
                case CursorInvalOne():
                    del self.cache[message.id]
                case CursorInit() | CursorSet():
                    assert self.initialised == isinstance(message, CursorSet)
                    self.initialised = True
                    self.take_shape(message.cursor)
                    self.visible, self.place = message.visible, message.position
                case CursorMove():
                    assert self.initialised
                    self.visible, self.place = True, message.position
                case CursorHide():
                    assert self.initialised
                    self.visible = False
            assert len(self.cache) <= 256

    def take_shape(self, taken: Cursor) -> None:
        if taken.header is None:
            self.shown = None
            return
        if taken.flags & CursorFlags.FROM_CACHE:
            self.shown = self.cache[taken.header.unique]
            return
        self.shown = bytes(taken.data)
        if taken.flags & CursorFlags.CACHE_ME:
            assert taken.header.unique
            self.cache[taken.header.unique] = self.shown

    @rule(unique=st.integers(0, 5), visible=st.booleans(), x=st.integers(0, 99))
    def sets(self, unique: int, visible: bool, x: int) -> None:
        self.channel.process(set_command(unique, visible=visible, x=x))
        self.follow()

    @rule(first=st.integers(10, 10_000))
    def sets_many(self, first: int) -> None:
        for unique in range(first, first + 150):
            self.channel.process(set_command(unique))
        self.follow()

    @rule(x=st.integers(0, 99))
    def moves(self, x: int) -> None:
        self.channel.process(ops.CursorMove(Point(x, x)))
        self.follow()

    @rule()
    def hides(self) -> None:
        self.channel.process(ops.CursorHide())
        self.follow()

    @rule()
    def resets(self) -> None:
        self.channel.reset()
        self.primary = False
        self.follow()

    @rule()
    def makes_a_primary(self) -> None:
        self.channel.primary_created()
        self.primary = True
        self.follow()

    @rule(slow=st.booleans())
    def changes_pace(self, slow: bool) -> None:
        self.sender.blocked = slow
        if not slow:
            self.client.drained(0)
        self.follow()

    @precondition(lambda self: not self.sender.blocked)
    @invariant()
    def the_client_shows_what_the_device_has(self) -> None:
        assert self.initialised == self.primary
        if not self.primary:
            return
        state = self.channel.state
        assert self.shown == (None if state.shape is None else state.shape.data)
        assert self.visible == state.visible
        # Where a hidden cursor is does not matter: it comes back with a position.
        assert not state.visible or self.place == state.position


TestClientModel = ClientModel.TestCase
TestClientModel.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
