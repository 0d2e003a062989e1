"""Migration as hosts drive it: whatever they begin is completed in time, whatever clients do."""

from collections.abc import Callable, Iterator

import pytest

from gspice.channels.main import MainChannelClient
from gspice.errors import ConfigError, GSpiceError, InterfaceError
from gspice.server.loop import PollLoop
from gspice.server.migration import CLIENT_TIMEOUT_MS, Destination, Migration
from gspice.vdi import MigrateInterface
from gspice.wire.caps import CapSet, MainCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.messages.main import (
    MainMigrateBegin,
    MainMigrateCancel,
    MainMigrateConnected,
    MainMigrateConnectError,
    MainMigrateEnd,
    MainMigrateSwitchHost,
)
from tests.channels.recording_sender import RecordingSender, link_to
from tests.channels.test_main import FakeContext
from tests.server.server_rig import server_rig


class Host(MigrateInterface):
    """A host that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def migrate_connect_complete(self) -> None:
        self.told.append("connected")

    def migrate_end_complete(self) -> None:
        self.told.append("ended")


class Rig:
    """A migration with clients, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.host: Host | None = Host()
        self.now = 100.0
        self.loop = PollLoop(lambda: self.now)
        self.senders: list[RecordingSender] = []
        self.mains: list[MainChannelClient] = []
        self.migration = Migration(self.loop, lambda: self.host, lambda: self.mains)

    @property
    def told(self) -> list[str]:
        return self.host.told if self.host else []

    def add_client(self) -> MainChannelClient:
        sender = RecordingSender()
        link = link_to(ChannelType.MAIN, caps=CapSet.of(MainCap.SEMI_SEAMLESS_MIGRATE))
        main = MainChannelClient(link, sender, FakeContext())
        self.senders.append(sender)
        self.mains.append(main)
        return main

    def connect(self) -> None:
        self.migration.connect("there", 5900, 5901, "CN=there")

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.loop.run_once(0)


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.loop.close()


def test_nobody_is_there(rig: Rig) -> None:
    rig.migration.connect("there", 5900, -1, "")
    assert rig.told == ["connected"]
    assert rig.migration.destination == Destination(
        host="there", port=5900, secure_port=None, cert_subject=None
    )
    rig.migration.start()
    rig.migration.end(True)
    assert rig.told == ["connected", "ended"] and rig.migration.destination is None


def test_clients_go_ahead_and_change_over(rig: Rig) -> None:
    one, two = rig.add_client(), rig.add_client()
    rig.connect()
    begin = MainMigrateBegin(port=5900, secure_port=5901, host="there", cert_subject="CN=there")
    assert [sender.take() for sender in rig.senders] == [[begin], [begin]]
    one.receive(MainMigrateConnected(), rig.now)
    assert rig.told == []
    two.receive(MainMigrateConnectError(), rig.now)
    assert rig.told == ["connected"]
    rig.migration.end(True)
    switch = MainMigrateSwitchHost(port=5900, secure_port=5901, host="there", cert_subject="CN=there")
    assert [sender.take() for sender in rig.senders] == [[MainMigrateEnd()], [switch]]
    one.disconnected(rig.now)
    assert rig.told == ["connected"]
    two.disconnected(rig.now)
    assert rig.told == ["connected", "ended"]


def test_clients_that_do_nothing_are_not_waited_for_long(rig: Rig) -> None:
    main = rig.add_client()
    rig.connect()
    rig.pass_time(CLIENT_TIMEOUT_MS / 1000 - 1)
    assert rig.told == []
    rig.pass_time(2)
    assert rig.told == ["connected"]
    rig.migration.end(True)
    # What comes too late is not taken for the client's leaving.
    main.receive(MainMigrateConnected(), rig.now)
    assert rig.told == ["connected"]
    rig.pass_time(CLIENT_TIMEOUT_MS / 1000 + 1)
    assert rig.told == ["connected", "ended"]


def test_a_client_leaves_before_it_has_answered(rig: Rig) -> None:
    rig.add_client()
    rig.connect()
    rig.mains[0].disconnected(rig.now)
    assert rig.told == ["connected"]


@pytest.mark.parametrize("answered", [True, False])
def test_the_machine_stays(rig: Rig, answered: bool) -> None:
    main = rig.add_client()
    rig.connect()
    if answered:
        main.receive(MainMigrateConnected(), rig.now)
    rig.migration.end(False)
    assert rig.told == ["connected", "ended"]
    assert rig.senders[0].of(MainMigrateCancel) and not main.closed


def test_the_end_comes_before_the_answer(rig: Rig) -> None:
    main = rig.add_client()
    rig.connect()
    rig.migration.end(True)
    assert rig.told == ["connected"]
    main.disconnected(rig.now)
    assert rig.told == ["connected", "ended"]


def test_a_second_destination_takes_the_place_of_the_first(rig: Rig) -> None:
    main = rig.add_client()
    rig.connect()
    rig.migration.connect("elsewhere", 5905, 0, None)
    assert rig.told == ["connected"]
    main.receive(MainMigrateConnected(), rig.now)
    assert rig.told == ["connected", "connected"]
    assert [begin.host for begin in rig.senders[0].of(MainMigrateBegin)] == ["there", "elsewhere"]


def test_a_server_that_closes_keeps_nobody_waiting(rig: Rig) -> None:
    rig.add_client()
    rig.connect()
    rig.migration.close()
    assert rig.told == ["connected"]


@pytest.mark.parametrize(
    "arguments", [(None, 1, 1), ("", 1, 1), ("there", -1, -1), ("there", 0, 0), ("there", 65536, 0)]
)
def test_no_destination(rig: Rig, arguments: tuple[str | None, int, int]) -> None:
    with pytest.raises(ConfigError, match="needs a host and a port"):
        rig.migration.connect(*arguments, None)
    assert rig.told == [] and rig.migration.destination is None


def test_calls_out_of_turn_complete_what_the_host_waits_for(rig: Rig) -> None:
    for call in (rig.migration.start, rig.migration.switch, lambda: rig.migration.end(False)):
        with pytest.raises(ConfigError, match="without a destination"):
            call()
    assert rig.told == ["ended"]


def test_without_an_interface_there_is_only_the_old_way(rig: Rig) -> None:
    rig.host = None
    rig.add_client()
    with pytest.raises(InterfaceError, match="migration interface"):
        rig.connect()
    with pytest.raises(InterfaceError, match="migration interface"):
        rig.migration.end(True)
    rig.migration.info("there", 0, 5901, "CN=there")
    rig.migration.switch()
    switch = MainMigrateSwitchHost(port=0, secure_port=5901, host="there", cert_subject="CN=there")
    assert rig.senders[0].take() == [switch]
    with pytest.raises(ConfigError):
        rig.migration.switch()


def test_through_the_server_with_a_client() -> None:
    host = Host()
    with server_rig() as rig:
        server = rig.server
        main, _ = rig.main()
        rig.do(lambda: server.add_interface(host))
        rig.do(lambda: server.migrate_connect("there", 5900, 5901, "CN=there"))
        rig.do(server.migrate_start)
        rig.do(lambda: server.migrate_end(False))
        assert host.told == ["connected", "ended"]
        assert not main.wait_closed(0.02), "the client stays"
        rig.do(lambda: server.migrate_info("there", 5900, 0, None))
        rig.do(server.migrate_switch)
        main.receive_type(MainMigrateSwitchHost)
        calls: list[Callable[[], None]] = [server.migrate_start, server.migrate_switch]
        for call in calls:
            with pytest.raises(GSpiceError):
                rig.do(call)
