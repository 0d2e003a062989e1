"""The server's own agent: capabilities, monitors, and nothing else."""

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.channels.agent import AgentSession
from gspice.channels.agent_builtin import MAX_SIDE, BuiltinAgent
from gspice.errors import ProtocolError
from gspice.vdi import ClientMonitor
from gspice.wire.message import Message
from gspice.wire.messages.main import MainAgentData, MainAgentToken


def message(kind: int, body: bytes) -> bytes:
    return struct.pack("<IIQI", 1, kind, 0, len(body)) + body


def monitors_body(*monitors: tuple[int, int, int, int], flags: int = 1, count: int | None = None) -> bytes:
    """(width, height, x, y) each, as VDAgentMonitorsConfig."""
    body = struct.pack("<II", len(monitors) if count is None else count, flags)
    for width, height, x, y in monitors:
        body += struct.pack("<IIIii", height, width, 32, x, y)
    return body


class Talk:
    def __init__(self) -> None:
        self.asked: list[list[ClientMonitor]] = []
        self.follows = True
        self.sent: list[Message] = []
        self.session = AgentSession(self.sent.append)
        self.session.connect(BuiltinAgent(self.follow))
        self.session.start(0xFFFFFFFF)

    def follow(self, monitors: Sequence[ClientMonitor]) -> bool:
        self.asked.append(list(monitors))
        return self.follows

    def say(self, data: bytes) -> None:
        for start in range(0, len(data), 2048):
            self.session.data(data[start : start + 2048])

    @property
    def answers(self) -> list[bytes]:
        """What was said to the client; tokens left out."""
        return [bytes(m.data) for m in self.sent if isinstance(m, MainAgentData)]


@pytest.fixture
def talk() -> Talk:
    return Talk()


SUCCESS = message(3, struct.pack("<II", 2, 1))
FAILURE = message(3, struct.pack("<II", 2, 2))


def test_capabilities_are_answered_when_asked_for(talk: Talk) -> None:
    talk.say(message(6, struct.pack("<II", 0, 0xFFFFFFFF)))
    assert talk.answers == []
    talk.say(message(6, struct.pack("<II", 1, 0xFFFFFFFF)))
    # MONITORS_CONFIG 1, REPLY 2, SPARSE_MONITORS_CONFIG 7, MONITORS_CONFIG_POSITION 12, FILE_XFER_DISABLED 13
    words = 1 << 1 | 1 << 2 | 1 << 7 | 1 << 12 | 1 << 13
    assert talk.answers == [message(6, struct.pack("<II", 0, words))]


def test_monitors_are_handed_on_and_answered(talk: Talk) -> None:
    talk.say(message(2, monitors_body((1024, 768, 0, 0), (800, 600, -800, 5))))
    assert talk.asked == [
        [ClientMonitor(1024, 768, 0, 0, 32), ClientMonitor(800, 600, -800, 5, 32)],
    ]
    assert talk.answers == [SUCCESS]


def test_monitors_that_are_off_are_handed_on(talk: Talk) -> None:
    talk.say(message(2, monitors_body((0, 0, 0, 0), (800, 600, 0, 0))))
    assert talk.asked == [[ClientMonitor(0, 0), ClientMonitor(800, 600)]]


def test_sizes_in_millimetres_are_allowed(talk: Talk) -> None:
    talk.say(message(2, monitors_body((800, 600, 0, 0), flags=3) + struct.pack("<HH", 200, 300)))
    assert talk.asked == [[ClientMonitor(800, 600)]]


def test_displays_that_do_not_follow(talk: Talk) -> None:
    talk.follows = False
    talk.say(message(2, monitors_body((800, 600, 0, 0))))
    assert talk.answers == [FAILURE]


@pytest.mark.parametrize("monitors", [[], [(MAX_SIDE + 1, 1, 0, 0)], [(1, 0xFFFFFFFF, 0, 0)]])
def test_monitors_that_cannot_be(talk: Talk, monitors: list[tuple[int, int, int, int]]) -> None:
    talk.say(message(2, monitors_body(*monitors)))
    assert talk.asked == []
    assert talk.answers == [FAILURE]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        monitors_body((1, 1, 0, 0))[:7],
        monitors_body((1, 1, 0, 0), count=2),
        monitors_body((1, 1, 0, 0), count=0xFFFFFFFF),
        monitors_body((1, 1, 0, 0), count=0x0CCCCCCD),
        monitors_body((1, 1, 0, 0), count=0),
        monitors_body((1, 1, 0, 0))[:-1],
        monitors_body((1, 1, 0, 0), flags=3),
        monitors_body((1, 1, 0, 0)) + b"x",
    ],
    ids=["empty", "short", "2 of 1", "max", "overflow", "0 of 1", "cut", "no sizes", "tail"],
)
def test_counts_are_held_against_the_size(talk: Talk, body: bytes) -> None:
    with pytest.raises(ProtocolError):
        talk.say(message(2, body))
    assert talk.asked == []


def test_256_monitors_and_no_more(talk: Talk) -> None:
    many = [(1, 1, 0, 0)] * 256
    talk.say(message(2, monitors_body(*many, flags=3) + bytes(4 * 256)))
    assert len(talk.asked[0]) == 256
    with pytest.raises(ProtocolError):
        talk.say(message(2, monitors_body(*many, (1, 1, 0, 0))))


def test_a_configuration_in_many_pieces(talk: Talk) -> None:
    data = message(2, monitors_body(*[(9, 9, 0, 0)] * 200))
    talk.session.data(data[:20])
    for start in range(20, len(data), 700):
        talk.session.data(data[start : start + 700])
    assert len(talk.asked[0]) == 200
    assert MainAgentToken(num_tokens=5) in talk.sent


@pytest.mark.parametrize("kind", [1, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 0xFFFFFFFF])
def test_all_else_is_passed_over(talk: Talk, kind: int) -> None:
    talk.say(message(kind, bytes(5000)))
    assert talk.answers == []
    assert talk.asked == []
    talk.say(message(2, monitors_body((800, 600, 0, 0))))
    assert talk.answers == [SUCCESS]


def test_a_new_start_begins_with_a_new_message(talk: Talk) -> None:
    talk.session.data(message(2, monitors_body((800, 600, 0, 0)))[:30])
    talk.session.start(0xFFFFFFFF)
    talk.say(message(2, monitors_body((640, 480, 0, 0))))
    assert talk.asked == [[ClientMonitor(640, 480)]]


@given(st.sampled_from([2, 6]), st.binary(max_size=100))
@settings(max_examples=150, deadline=None)
def test_random_bodies_raise_nothing_but_protocol_errors(kind: int, body: bytes) -> None:
    talk = Talk()
    try:
        talk.say(message(kind, body))
    except ProtocolError:
        assert talk.asked == []
