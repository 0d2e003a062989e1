"""What all channels do: pings, acknowledgements, notices."""

import pytest

from gspice.client.channel import MAX_NOTICES, ClientChannel
from gspice.client.inputs import InputsChannel
from gspice.errors import ProtocolError
from gspice.wire.enums import MigrateFlags
from gspice.wire.messages import base
from gspice.wire.messages.inputs import InputsKeyModifiers, InputsKeyUp
from gspice.wire.types import ChannelWait

ANY = InputsKeyModifiers(modifiers=0)


@pytest.fixture
def channel() -> ClientChannel:
    return InputsChannel()


def notify(text: str) -> base.Notify:
    return base.Notify(timestamp=0, severity=1, visibility=1, message=text)


def test_a_ping_is_answered(channel: ClientChannel) -> None:
    channel.receive(base.Ping(id=5, timestamp=123, data=b"x" * 100), 1)
    assert channel.take_output() == [base.Pong(id=5, timestamp=123)]
    assert channel.take_output() == []


def test_nothing_is_acknowledged_before_it_is_asked_for(channel: ClientChannel) -> None:
    for serial in range(1, 100):
        channel.receive(ANY, serial)
    assert channel.take_output() == []


def test_every_window_of_messages_is_acknowledged(channel: ClientChannel) -> None:
    channel.receive(ANY, 1)
    channel.receive(base.SetAck(generation=9, window=3), 2)
    assert channel.take_output() == [base.AckSync(generation=9)]
    acks = []
    for serial in range(3, 12):
        channel.receive(ANY, serial)
        acks.append(len(channel.take_output()))
    assert acks == [0, 0, 1, 0, 0, 1, 0, 0, 1]


def test_sub_messages_are_not_counted(channel: ClientChannel) -> None:
    channel.receive(base.SetAck(generation=1, window=2), 1)
    for serial in (2, 2, 2, 3, 3):
        channel.receive(ANY, serial)
    assert channel.take_output() == [base.AckSync(generation=1), base.Ack()]


def test_a_new_window_counts_from_its_own_message(channel: ClientChannel) -> None:
    channel.receive(base.SetAck(generation=1, window=3), 1)
    channel.receive(ANY, 2)
    channel.receive(base.SetAck(generation=2, window=2), 3)
    channel.take_output()
    channel.receive(ANY, 4)
    assert channel.take_output() == []
    channel.receive(ANY, 5)
    assert channel.take_output() == [base.Ack()]


def test_a_window_of_none_ends_the_acknowledgements(channel: ClientChannel) -> None:
    channel.receive(base.SetAck(generation=1, window=0), 1)
    channel.take_output()
    channel.receive(ANY, 2)
    assert channel.take_output() == []


def test_last_words_are_those_before_the_end(channel: ClientChannel) -> None:
    channel.receive(notify("keyboard channel is insecure"), 1)
    assert channel.last_words == ""
    channel.receive(notify("another client has \x1b[2Jconnected\n"), 2)
    channel.receive(base.Disconnecting(timestamp=0, reason=0), 3)
    assert channel.last_words == "another client has ?[2Jconnected"


def test_a_reason_without_a_notice(channel: ClientChannel) -> None:
    channel.receive(base.Disconnecting(timestamp=0, reason=7), 1)
    assert "password" in channel.last_words


def test_notices_do_not_pile_up(channel: ClientChannel) -> None:
    for number in range(100):
        channel.receive(notify(f"{number} " + "x" * 10_000), number + 1)
    assert len(channel.notices) == MAX_NOTICES
    assert channel.notices[-1].startswith("99 ")
    assert all(len(notice) < 300 for notice in channel.notices)


def test_a_migration_that_wants_a_flush_gets_its_mark(channel: ClientChannel) -> None:
    channel.receive(base.Migrate(flags=MigrateFlags.NEED_DATA_TRANSFER), 1)
    assert channel.take_output() == []
    channel.receive(base.Migrate(flags=MigrateFlags.NEED_FLUSH), 2)
    assert channel.take_output() == [base.MigrateFlushMark()]


def test_waiting_for_other_channels_is_passed_over(channel: ClientChannel) -> None:
    wait = ChannelWait(channel_type=2, channel_id=1, message_serial=5)
    channel.receive(base.WaitForChannels(waits=(wait,)), 1)
    assert channel.take_output() == []


def test_what_nobody_asked_for_is_an_error(channel: ClientChannel) -> None:
    with pytest.raises(ProtocolError, match="InputsKeyUp"):
        channel.receive(InputsKeyUp(code=1), 1)


def test_names_tell_channels_apart() -> None:
    assert InputsChannel().name == "inputs channel"
    assert InputsChannel(2).name == "inputs channel 2"


def waits(*serials: tuple[int, int]) -> base.WaitForChannels:
    """For messages of inputs channels: id and serial."""
    return base.WaitForChannels(
        waits=tuple(
            ChannelWait(channel_type=3, channel_id=number, message_serial=serial)
            for number, serial in serials
        )
    )


def test_a_channel_waits_until_others_have_come_so_far() -> None:
    channels = {number: InputsChannel(number) for number in range(3)}
    waiting = channels[0]
    waiting.peer = lambda channel_type, number: channels.get(number) if channel_type == 3 else None
    for channel in channels.values():
        channel.receive(ANY, 1)
    waiting.receive(waits((1, 3), (2, 2), (9, 99), (0, 2)), 2)
    assert not waiting.resume() and waiting.handled == 1
    channels[1].receive(ANY, 2)
    channels[2].receive(ANY, 2)
    assert not waiting.resume()
    channels[1].receive(ANY, 3)
    assert waiting.resume() and waiting.handled == 2
    waiting.receive(base.Ping(id=1, timestamp=0), 3)
    assert waiting.handled == 3 and len(waiting.take_output()) == 1


def test_what_has_come_already_is_not_waited_for(channel: ClientChannel) -> None:
    other = InputsChannel(1)
    other.receive(ANY, 5)
    channel.peer = lambda channel_type, number: other
    channel.receive(waits((1, 5)), 1)
    assert channel.resume() and channel.handled == 1
