"""Polling a ring: some more looks within 10 ms, then asleep until woken."""

from collections import deque

from gspice.server.command_ring import REPOLLS_MS, CommandRing
from gspice.vdi.qxl import CommandExt


class Host:
    def __init__(self) -> None:
        self.commands: deque[CommandExt] = deque()
        self.fetches = 0
        self.notification = True

    def fetch(self, limit: int) -> list[CommandExt]:
        self.fetches += 1
        return [self.commands.popleft() for _ in range(min(limit, len(self.commands)))]

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


def looks(ring: CommandRing) -> list[int]:
    """The waits of a ring that stays empty, until it sleeps."""
    waits: list[int] = []
    while True:
        assert ring.take(10) == []
        wait = ring.rest()
        if wait is None:
            return waits
        waits.append(wait)
        assert len(waits) < 100, "it never sleeps"


def test_empty_ring_is_polled_for_ten_milliseconds_and_then_left_alone_until_woken() -> None:
    host = Host()
    ring = host.ring()
    assert looks(ring) == list(REPOLLS_MS) and sum(REPOLLS_MS) == 10
    assert REPOLLS_MS[0] == 0, "drivers with a full ring spin: the next command is a moment away"
    host.commands.append(COMMAND)
    fetches = host.fetches
    assert ring.take(10) == []
    assert host.fetches == fetches, "a sleeping ring must not be touched"
    ring.wakeup()
    assert ring.take(10) == [COMMAND]


def test_a_command_that_came_while_asking_is_taken_at_once() -> None:
    host = Host()
    ring = host.ring()
    for _ in REPOLLS_MS:
        ring.take(1)
        ring.rest()
    ring.take(1)
    host.commands.append(COMMAND)
    assert ring.rest() == 0
    assert ring.take(1) == [COMMAND]


def test_commands_start_the_burst_rule_anew() -> None:
    host = Host()
    ring = host.ring()
    for _ in REPOLLS_MS:
        ring.take(1)
        ring.rest()
    host.commands.append(COMMAND)
    ring.take(1)
    assert looks(ring) == list(REPOLLS_MS)
