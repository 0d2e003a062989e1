"""The agent conversation: tokens both ways, pieces, and what a hostile client cannot do with them."""

import contextlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.channels.agent import (
    MAX_QUEUED,
    TOKENS,
    TOKENS_RETURNED,
    AgentAssembler,
    AgentSession,
    WholeMessage,
)
from gspice.errors import ProtocolError
from gspice.wire.message import Message
from gspice.wire.messages.agent import AgentReply
from gspice.wire.messages.main import MainAgentData, MainAgentToken

REPLY = AgentReply(type=2, error=1)
REPLY_BYTES = struct.pack("<IIQIII", 1, 3, 0, 8, 2, 1)


def header(kind: int, size: int, protocol: int = 1) -> bytes:
    return struct.pack("<IIQI", protocol, kind, 0, size)


class FakeAgent:
    """Keeps pieces, and takes its time over them if told to."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.started = 0
        self.left = 0
        self.prompt = True

    def client_started(self, session: AgentSession) -> None:
        self.started += 1

    def client_left(self, session: AgentSession) -> None:
        self.left += 1

    def take(self, piece: memoryview, session: AgentSession) -> None:
        self.pieces.append(bytes(piece))
        if self.prompt:
            session.taken()


class Talk:
    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.session = AgentSession(self.sent.append)
        self.agent = FakeAgent()
        self.session.connect(self.agent)

    def take(self) -> list[Message]:
        got, self.sent[:] = list(self.sent), []
        return got


@pytest.fixture
def talk() -> Talk:
    talk = Talk()
    talk.session.start(0xFFFFFFFF)
    return talk


def test_ten_tokens_returned_in_fives(talk: Talk) -> None:
    assert (TOKENS, TOKENS_RETURNED) == (10, 5)
    for count in range(1, 21):
        talk.session.data(b"x")
        assert len(talk.sent) == count // 5
    assert talk.take() == [MainAgentToken(num_tokens=5)] * 4


def test_a_client_cannot_spend_more_than_it_has(talk: Talk) -> None:
    talk.agent.prompt = False
    for _ in range(10):
        talk.session.data(b"x")
    with pytest.raises(ProtocolError, match="without a token"):
        talk.session.data(b"x")


def test_tokens_come_back_when_the_agent_is_done(talk: Talk) -> None:
    talk.agent.prompt = False
    for _ in range(10):
        talk.session.data(b"x")
    for _ in range(4):
        talk.session.taken()
    with pytest.raises(ProtocolError):
        talk.session.data(b"x")
    talk.session.taken()
    for _ in range(5):
        talk.session.data(b"x")
    with pytest.raises(ProtocolError):
        talk.session.data(b"x")


def test_pieces_have_2048_bytes_at_most(talk: Talk) -> None:
    talk.session.data(bytes(2048))
    with pytest.raises(ProtocolError, match="2049"):
        talk.session.data(bytes(2049))


def test_what_comes_before_agent_start_is_discarded_and_costs_nothing() -> None:
    talk = Talk()
    for _ in range(50):
        talk.session.data(b"x")
    assert talk.agent.pieces == []
    assert talk.sent == []
    talk.session.start(1)
    assert talk.agent.started == 1
    for _ in range(10):
        talk.session.data(b"x")
    assert len(talk.agent.pieces) == 10


def test_a_new_agent_does_not_get_what_was_meant_for_the_old(talk: Talk) -> None:
    talk.session.data(b"old")
    talk.session.disconnect()
    assert talk.agent.left == 1
    talk.session.data(b"late")
    newer = FakeAgent()
    talk.session.connect(newer)
    talk.session.data(b"late")
    assert newer.pieces == []
    talk.session.start(1)
    talk.session.data(b"new")
    assert newer.pieces == [b"new"]
    assert talk.agent.pieces == [b"old"]


def test_a_new_agent_comes_with_all_tokens(talk: Talk) -> None:
    talk.agent.prompt = False
    for _ in range(10):
        talk.session.data(b"x")
    talk.session.taken()
    talk.session.connect(talk.agent)
    talk.session.start(1)
    for _ in range(10):
        talk.session.data(b"x")
    for _ in range(4):
        talk.session.taken()
    assert talk.sent == []


def test_without_an_agent_a_client_talks_to_nobody() -> None:
    session = AgentSession(lambda message: pytest.fail("sent"))
    session.start(10)
    session.data(b"x")
    session.add_tokens(5)
    session.send(REPLY)
    assert not session.started
    assert not session.connected


def test_messages_to_the_client_carry_a_header(talk: Talk) -> None:
    talk.session.send(REPLY)
    assert talk.take() == [MainAgentData(data=REPLY_BYTES)]


def test_messages_wait_for_the_clients_tokens() -> None:
    talk = Talk()
    talk.session.start(1)
    for _ in range(3):
        talk.session.send(REPLY)
    assert len(talk.take()) == 1
    talk.session.add_tokens(1)
    assert len(talk.take()) == 1
    talk.session.add_tokens(0xFFFFFFFF)
    assert len(talk.take()) == 1
    talk.session.add_tokens(0xFFFFFFFF)
    talk.session.send(REPLY)
    assert len(talk.take()) == 1


def test_a_client_that_takes_nothing_is_given_up() -> None:
    talk = Talk()
    talk.session.start(0)
    for _ in range(MAX_QUEUED):
        talk.session.send(REPLY)
    with pytest.raises(ProtocolError, match="do not come"):
        talk.session.send(REPLY)


def test_a_new_start_drops_what_waited() -> None:
    talk = Talk()
    talk.session.start(0)
    talk.session.send(REPLY)
    talk.session.start(5)
    assert talk.sent == []


def wanted(kind: int) -> int:
    return {6: 100, 2: 5000}.get(kind, 0)


def feed(assembler: AgentAssembler, *pieces: bytes) -> list[WholeMessage]:
    got = [assembler.feed(memoryview(piece)) for piece in pieces]
    return [message for message in got if message is not None]


def test_one_piece_messages() -> None:
    assert feed(AgentAssembler(wanted), header(6, 3) + b"abc", header(6, 0)) == [(6, b"abc"), (6, b"")]


@pytest.mark.parametrize("piece", [b"", header(6, 3)[:19]])
def test_the_first_piece_holds_the_whole_header(piece: bytes) -> None:
    with pytest.raises(ProtocolError, match="header has 20"):
        feed(AgentAssembler(wanted), piece)


def test_other_protocols_are_refused() -> None:
    with pytest.raises(ProtocolError, match="protocol 2"):
        feed(AgentAssembler(wanted), header(6, 0, protocol=2))


@pytest.mark.parametrize("kind", [6, 99])
@pytest.mark.parametrize(
    "pieces", [[header(0, 2)[8:] + b"abc"], [header(0, 4)[8:] + b"ab", b"cde"]], ids=["first", "later"]
)
def test_pieces_do_not_go_past_their_message(kind: int, pieces: list[bytes]) -> None:
    first = struct.pack("<II", 1, kind) + pieces[0]
    with pytest.raises(ProtocolError, match="past its message"):
        feed(AgentAssembler(wanted), first, *pieces[1:])


def test_too_large_for_what_it_is() -> None:
    with pytest.raises(ProtocolError, match="at most 100"):
        feed(AgentAssembler(wanted), header(6, 101))


def test_unwanted_messages_are_passed_over_without_being_kept() -> None:
    assembler = AgentAssembler(wanted)
    assert feed(assembler, header(4, 0xFFFFFFFF), *[bytes(2048)] * 100) == []
    assert assembler._kept is None
    assembler.reset()
    assert feed(assembler, header(12, 3000) + bytes(2000), bytes(1000), header(6, 1) + b"z") == [(6, b"z")]


def test_reset_forgets_half_a_message() -> None:
    assembler = AgentAssembler(wanted)
    feed(assembler, header(6, 5) + b"ab")
    assembler.reset()
    assert feed(assembler, header(6, 1) + b"z") == [(6, b"z")]


@given(
    st.lists(st.tuples(st.sampled_from([2, 6, 9]), st.binary(max_size=90), st.integers(1, 40)), max_size=6)
)
@settings(max_examples=100, deadline=None)
def test_any_split_gives_the_same_messages(messages: list[tuple[int, bytes, int]]) -> None:
    pieces = []
    for kind, body, step in messages:
        data = header(kind, len(body)) + body
        pieces.append(data[: 20 + step])
        pieces += [data[at : at + step] for at in range(20 + step, len(data), step)]
    got = feed(AgentAssembler(wanted), *pieces)
    assert got == [(kind, body) for kind, body, _ in messages if wanted(kind)]


@given(st.lists(st.binary(max_size=60), max_size=10))
@settings(max_examples=100, deadline=None)
def test_random_pieces_raise_nothing_but_protocol_errors(pieces: list[bytes]) -> None:
    assembler = AgentAssembler(wanted)
    with contextlib.suppress(ProtocolError):
        feed(assembler, *pieces)
