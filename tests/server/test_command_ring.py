"""Polling a ring: one more look after 10 ms, then asleep until woken."""

from collections import deque

from gspice.server.command_ring import REPOLL_MS, CommandRing
from gspice.vdi.qxl import CommandExt


class Host:
    def __init__(self) -> None:
        self.commands: deque[CommandExt] = deque()
        self.fetches = 0
        self.notification = True

    def fetch(self) -> CommandExt | None:
        self.fetches += 1
        return self.commands.popleft() if self.commands else None

    def request(self) -> bool:
        return self.notification and not self.commands

    def ring(self) -> CommandRing:
        return CommandRing(self.fetch, self.request)


COMMAND = CommandExt(0x1000, 1, 1)


def test_take_gives_at_most_the_limit() -> None:
    host = Host()
    host.commands.extend([COMMAND] * 5)
    ring = host.ring()
    assert len(ring.take(3)) == 3
    assert len(ring.take(3)) == 2


def test_empty_ring_is_polled_once_more_and_then_left_alone_until_woken() -> None:
    host = Host()
    ring = host.ring()
    assert ring.take(10) == []
    assert ring.rest() == REPOLL_MS
    assert ring.take(10) == []
    assert ring.rest() is None
    host.commands.append(COMMAND)
    fetches = host.fetches
    assert ring.take(10) == []
    assert host.fetches == fetches, "a sleeping ring must not be touched"
    ring.wakeup()
    assert ring.take(10) == [COMMAND]


def test_a_command_that_came_while_asking_is_taken_at_once() -> None:
    host = Host()
    ring = host.ring()
    ring.take(1)
    ring.rest()
    ring.take(1)
    host.commands.append(COMMAND)
    assert ring.rest() == 0
    assert ring.take(1) == [COMMAND]


def test_commands_start_the_burst_rule_anew() -> None:
    host = Host()
    ring = host.ring()
    ring.take(1)
    assert ring.rest() == REPOLL_MS
    host.commands.append(COMMAND)
    ring.take(1)
    ring.take(1)
    assert ring.rest() == REPOLL_MS
