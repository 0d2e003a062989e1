"""A client goes ahead of its machine, changes over, or stays: what it is told, and when the server knows."""

import pytest

from gspice.channels.main import MainChannelClient
from gspice.channels.main_migration import MigrationLeave
from gspice.errors import ProtocolError
from gspice.wire.caps import CapSet, MainCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.message import Message
from gspice.wire.messages.main import (
    MainAttachChannels,
    MainClientMigrateEnd,
    MainInit,
    MainMigrateBegin,
    MainMigrateCancel,
    MainMigrateConnected,
    MainMigrateConnectError,
    MainMigrateDstDoSeamless,
    MainMigrateDstSeamlessNack,
    MainMigrateEnd,
    MainMigrateSwitchHost,
)
from tests.channels.recording_sender import RecordingSender, link_to
from tests.channels.test_main import ALL_CAPS, FakeContext

BEGIN = MainMigrateBegin(port=5900, secure_port=0, host="there")
SWITCH = MainMigrateSwitchHost(port=5900, secure_port=0, host="there")
ONE_BY_ONE = CapSet.of(MainCap.NAME_AND_UUID)


class Leaver:
    """A client's part, and what became of it."""

    def __init__(self, *, capable: bool = True) -> None:
        self.sent: list[Message] = []
        self.settled: list[str] = []
        self.part = MigrationLeave(self.sent.append, capable=capable)

    def begin(self) -> None:
        self.part.begin(BEGIN, lambda: self.settled.append("linked"))

    def end(self) -> None:
        self.part.end(SWITCH, lambda: self.settled.append("left"))


def test_a_client_goes_ahead_and_changes_over() -> None:
    client = Leaver()
    client.begin()
    assert (client.sent, client.settled) == ([BEGIN], [])
    client.part.answer(True)
    assert client.settled == ["linked"] and client.part.connected
    client.end()
    assert (client.sent[1:], client.settled) == ([MainMigrateEnd()], ["linked"])
    client.part.left()
    assert client.settled == ["linked", "left"]
    client.part.left()
    assert client.settled == ["linked", "left"], "once"


@pytest.mark.parametrize("answers", [[], [False]])
def test_one_that_is_not_linked_there_begins_anew(answers: list[bool]) -> None:
    client = Leaver()
    client.begin()
    for answer in answers:
        client.part.answer(answer)
    client.end()
    assert client.sent[1:] == [SWITCH]
    # An answer to what is over does not mean that it has left.
    client.part.answer(True)
    assert "left" not in client.settled and not client.part.connected


def test_one_that_cannot_hold_two_servers_is_not_asked() -> None:
    client = Leaver(capable=False)
    client.begin()
    assert (client.sent, client.settled) == ([], ["linked"])
    client.end()
    assert client.sent == [SWITCH]


@pytest.mark.parametrize("answered", [True, False])
def test_the_machine_stays(answered: bool) -> None:
    client = Leaver()
    client.part.cancel()
    assert client.sent == [], "nothing was begun"
    client.begin()
    if answered:
        client.part.answer(True)
    client.part.cancel()
    assert client.sent == [BEGIN, MainMigrateCancel()] and client.settled == ["linked"]
    client.begin()
    client.part.answer(True)
    client.end()
    assert client.sent[-1] == MainMigrateEnd()


def test_an_answer_that_nobody_asked_for() -> None:
    with pytest.raises(ProtocolError, match="never begun"):
        Leaver().part.answer(True)


# -- on the main channel


def main_channel(
    caps: CapSet = ALL_CAPS, *, ahead: bool = False
) -> tuple[MainChannelClient, RecordingSender, list[str]]:
    sender, arrived = RecordingSender(), list[str]()
    link = link_to(ChannelType.MAIN, caps=caps)
    client = MainChannelClient(
        link, sender, FakeContext(), (lambda: arrived.append("here")) if ahead else None
    )
    client.start(10.0)
    return client, sender, arrived


@pytest.mark.parametrize("answer", [MainMigrateConnected(), MainMigrateConnectError()])
def test_answers_come_from_the_client(answer: Message) -> None:
    client, sender, settled = main_channel(CapSet.of(MainCap.SEMI_SEAMLESS_MIGRATE))
    with pytest.raises(ProtocolError, match="never begun"):
        client.receive(answer, 11.0)
    client.migration.begin(BEGIN, lambda: settled.append("linked"))
    assert sender.of(MainMigrateBegin) == [BEGIN]
    client.receive(answer, 11.0)
    assert settled == ["linked"] and client.migration.connected == isinstance(answer, MainMigrateConnected)


def test_a_client_that_cannot_is_not_sent_ahead() -> None:
    client, sender, settled = main_channel(ONE_BY_ONE)
    client.migration.begin(BEGIN, lambda: settled.append("linked"))
    assert settled == ["linked"] and not sender.of(MainMigrateBegin)


def test_a_client_that_leaves_is_not_waited_for() -> None:
    client, _, settled = main_channel(CapSet.of(MainCap.SEMI_SEAMLESS_MIGRATE))
    client.migration.begin(BEGIN, lambda: settled.append("linked"))
    client.disconnected(11.0)
    assert settled == ["linked"]


def test_one_that_is_ahead_hears_nothing_until_its_machine_is_here() -> None:
    client, sender, arrived = main_channel(ahead=True)
    client.agent_changed()
    client.channels_changed()
    client.send_mm_time(10.0)
    assert client.deadline() is None and sender.take() == []
    client.receive(MainMigrateDstDoSeamless(src_version=1), 11.0)
    assert sender.take() == [MainMigrateDstSeamlessNack()]
    with pytest.raises(ProtocolError, match=MainAttachChannels.NAME):
        client.receive(MainAttachChannels(), 11.0)
    client.receive(MainClientMigrateEnd(), 500.0)
    assert arrived == ["here"] and isinstance(sender.take()[0], MainInit)
    # It has its channels, and its silence counts from now on.
    client.channels_changed()
    assert sender.take() == []
    deadline = client.deadline()
    assert deadline is not None and deadline > 500
    with pytest.raises(ProtocolError):
        client.receive(MainClientMigrateEnd(), 501.0)
