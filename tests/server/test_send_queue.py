"""The send queue: order, counts and partial sends."""

from hypothesis import given
from hypothesis import strategies as st

from gspice.server.send_queue import CHUNK, SendQueue
from gspice.server.transport import IOV_MAX


def test_a_message_is_not_written_before_it_is_begun() -> None:
    queue = SendQueue()
    queue.put([b"abc", b"", memoryview(b"de")])
    assert (queue.bytes, queue.begun, queue.head()) == (5, 0, [])
    assert queue.begin()
    assert (queue.bytes, queue.begun, queue.head()) == (5, 5, [b"abc", b"de"])
    assert not queue.begin()


def test_a_partial_send_leaves_the_rest() -> None:
    queue = SendQueue()
    queue.put([b"abc", b"defg", b"h"])
    queue.begin()
    queue.took(5)
    assert queue.head() == [b"fg", b"h"]
    assert (queue.bytes, queue.begun) == (3, 3)
    queue.took(0)
    queue.took(3)
    assert (queue.bytes, queue.begun, queue.head()) == (0, 0, [])


def test_only_so_much_is_begun_ahead() -> None:
    queue = SendQueue()
    for _ in range(10):
        queue.put([bytes(CHUNK // 2)])
    assert [queue.begin() for _ in range(4)] == [True, True, False, False]
    queue.took(1)
    assert queue.begin()


def test_head_is_what_one_send_takes() -> None:
    queue = SendQueue()
    queue.put([b"x"] * (IOV_MAX + 5))
    queue.begin()
    assert len(queue.head()) == IOV_MAX
    queue.took(IOV_MAX)
    assert len(queue.head()) == 5


def test_clear_forgets_all() -> None:
    queue = SendQueue()
    queue.put([b"a"])
    queue.begin()
    queue.put([b"b"])
    queue.clear()
    assert (queue.bytes, queue.begun, queue.head(), queue.begin()) == (0, 0, [], False)


@given(
    st.lists(st.lists(st.binary(max_size=9), max_size=4), max_size=12),
    st.lists(st.integers(0, 20), max_size=60),
)
def test_bytes_come_out_as_they_went_in(messages: list[list[bytes]], sends: list[int]) -> None:
    queue = SendQueue()
    for message in messages:
        queue.put(list(message))
    expected = b"".join(b"".join(message) for message in messages)
    out = b""
    for size in [*sends, *[1000] * (len(messages) + 1)]:
        queue.begin()
        piece = b"".join(bytes(buffer) for buffer in queue.head())[:size]
        queue.took(len(piece))
        out += piece
        assert queue.bytes == len(expected) - len(out)
    assert out == expected
