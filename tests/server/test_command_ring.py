"""Polling a ring: some more looks, then asleep until woken."""

from collections import deque

from gspice.server.command_ring import FLOOD, FLOOD_POLLS, POLL_MS, POLLS, CommandRing
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


def test_empty_ring_is_looked_at_a_little_longer_and_then_left_alone_until_woken() -> None:
    host = Host()
    ring = host.ring()
    assert looks(ring) == [POLL_MS] * POLLS
    assert ring.asleep
    host.commands.append(COMMAND)
    fetches = host.fetches
    assert ring.take(10) == []
    assert host.fetches == fetches, "a sleeping ring must not be touched"
    ring.wakeup()
    assert not ring.asleep and ring.take(10) == [COMMAND]


def test_a_command_that_came_while_asking_is_taken_at_once() -> None:
    host = Host()
    ring = host.ring()
    for _ in range(POLLS):
        ring.take(1)
        ring.rest()
    ring.take(1)
    host.commands.append(COMMAND)
    assert ring.rest() == 0
    assert ring.take(1) == [COMMAND]


def test_commands_start_the_rule_anew() -> None:
    host = Host()
    ring = host.ring()
    for _ in range(POLLS):
        ring.take(1)
        ring.rest()
    host.commands.append(COMMAND)
    ring.take(1)
    assert looks(ring) == [POLL_MS] * POLLS


def test_after_a_burst_the_next_commands_are_a_moment_away() -> None:
    host = Host()
    ring = host.ring()
    host.commands.extend([COMMAND] * FLOOD)
    assert len(ring.take(2 * FLOOD)) == FLOOD
    assert looks(ring) == [0] * FLOOD_POLLS + [POLL_MS] * POLLS


def test_many_small_takes_are_no_burst() -> None:
    host = Host()
    ring = host.ring()
    for _ in range(FLOOD):
        host.commands.append(COMMAND)
        ring.take(10)
    assert looks(ring) == [POLL_MS] * POLLS
