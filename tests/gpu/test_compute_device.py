"""What every device promises, on the software drivers of both APIs."""

import gc
import os
import threading
from collections.abc import Callable, Iterator

import psutil
import pytest

from gspice.errors import GpuError, GpuLostError, GpuMemoryError
from gspice.gpu.compute.device import (
    MAX_GROUPS,
    ComputeDevice,
    DeviceLimits,
    check_copy,
    check_dispatch,
    check_range,
)
from tests.gpu.devices import (
    APIS,
    content,
    device_class,
    filled,
    numbers,
    open_device,
    use_test_shaders,
    words,
)
from tests.gpu.failing_device import FailingDevice

MIB = 1 << 20
ROUNDS = 8


@pytest.fixture(scope="module", params=APIS)
def shared(request: pytest.FixtureRequest) -> Iterator[ComputeDevice]:
    api: str = request.param
    with open_device(api) as device:
        yield device


@pytest.fixture(name="device")
def fixture_device(shared: ComputeDevice, monkeypatch: pytest.MonkeyPatch) -> Iterator[ComputeDevice]:
    use_test_shaders(monkeypatch)
    before = shared.live_objects
    programs = len(shared._programs)  # type: ignore[attr-defined]
    yield shared
    for thing in list(shared._objects):  # type: ignore[attr-defined]
        thing.close()
    assert shared.live_objects == before + len(shared._programs) - programs  # type: ignore[attr-defined]
    shared.flush()


# What it is


def test_says_what_it_is(device: ComputeDevice) -> None:
    info = device.info
    assert info.api in APIS and info.software
    assert "llvmpipe" in info.name
    assert info.vendor and "Mesa" in info.driver
    assert info.max_buffer_bytes >= 64 * MIB and info.max_buffer_bytes % 4 == 0


# Buffers


@pytest.mark.parametrize("size", [4, 64, 4096 + 4, 3 * MIB])
def test_buffers_begin_with_zeros(device: ComputeDevice, size: int) -> None:
    # Memory that was used before, so that old content would show.
    for _ in range(2):
        buffer = device.buffer(size)
        assert buffer.size == size
        assert device.read(buffer, 0, size).take() == bytes(size)
        device.upload(buffer, 0, b"\xff" * size)
        device.flush()
        buffer.close()


@pytest.mark.parametrize("size", [0, -4, 3, 6])
def test_buffers_are_of_whole_words(device: ComputeDevice, size: int) -> None:
    with pytest.raises(ValueError, match="multiple of 4"):
        device.buffer(size)


def test_what_is_too_large_is_no_end(device: ComputeDevice) -> None:
    with pytest.raises(GpuMemoryError, match=str(device.info.max_buffer_bytes)):
        device.buffer(device.info.max_buffer_bytes + 4)
    assert content(device, filled(device, 1, 2)) == [1, 2]


# Uploads, copies, readbacks


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: memoryview(data).cast("I")])
def test_uploads_any_bytes(device: ComputeDevice, kind: Callable[[bytes], bytes]) -> None:
    buffer = device.buffer(24)
    device.upload(buffer, 8, kind(words(1, 2, 3)))
    assert content(device, buffer) == [0, 0, 1, 2, 3, 0]


def test_uploaded_bytes_are_the_callers_again(device: ComputeDevice) -> None:
    buffer = device.buffer(4096)
    data = bytearray(b"\x11" * 4096)
    device.upload(buffer, 0, data)
    data[:] = b"\x22" * 4096
    data.clear()  # BufferError, were it still in use
    assert device.read(buffer, 0, 4096).take() == b"\x11" * 4096


def test_bytes_that_lie_apart_are_refused(device: ComputeDevice) -> None:
    buffer = device.buffer(16)
    with pytest.raises(ValueError, match="apart"):
        device.upload(buffer, 0, memoryview(bytes(32))[::2])
    device.upload(buffer, 0, b"")


@pytest.mark.parametrize("api", APIS)
def test_uploads_larger_than_the_staging_come_through(api: str) -> None:
    data = os.urandom(3 * MIB + 12)
    with open_device(api, DeviceLimits(staging_bytes=MIB // 4)) as device:
        buffer = device.buffer(len(data))
        for _ in range(2):
            device.upload(buffer, 0, data)
        device.upload(buffer, MIB, b"\0" * 1024)
        expected = data[:MIB] + bytes(1024) + data[MIB + 1024 :]
        assert device.read(buffer, 0, len(data)).take() == expected


def test_copies_between_and_within_buffers(device: ComputeDevice) -> None:
    one, other = filled(device, 1, 2, 3, 4), device.buffer(16)
    device.copy(one, 4, other, 8, 8)
    assert content(device, other) == [0, 0, 2, 3]
    device.copy(other, 8, other, 0, 8)
    assert content(device, other) == [2, 3, 2, 3]
    device.copy(one, 0, other, 0, 0)
    device.copy(one, 0, one, 0, 0)
    assert content(device, one) == [1, 2, 3, 4]


def test_readbacks_hold_what_was_there_then(device: ComputeDevice) -> None:
    buffer = device.buffer(8)
    readbacks = []
    for number in range(20):
        device.upload(buffer, 4, words(number))
        readbacks.append(device.read(buffer, 4, 4))
    assert [numbers(readback.take()) for readback in reversed(readbacks)] == [[n] for n in range(19, -1, -1)]


def test_readbacks_become_ready_without_being_waited_for(device: ComputeDevice) -> None:
    readback = device.read(filled(device, 7), 0, 4)
    for _ in range(1_000_000):
        if readback.ready():
            break
    else:
        pytest.fail("never ready")
    assert readback.ready()
    assert numbers(readback.take()) == [7]


def test_a_readback_is_taken_once(device: ComputeDevice) -> None:
    readback = device.read(filled(device, 7), 0, 4)
    readback.take()
    for again in (readback.take, readback.ready):
        with pytest.raises(ValueError, match="taken"):
            again()
    readback.close()


def test_a_readback_may_be_given_up(device: ComputeDevice) -> None:
    buffer = filled(device, 1, 2)
    before = device.live_objects
    for _ in range(10):
        device.read(buffer, 0, 8).close()
    assert device.live_objects == before
    assert content(device, buffer) == [1, 2]


def test_readbacks_outlive_their_buffers(device: ComputeDevice) -> None:
    buffer = filled(device, 5, 6)
    readback = device.read(buffer, 0, 8)
    buffer.close()
    assert numbers(readback.take()) == [5, 6]


def test_buffers_may_be_closed_while_they_are_used(device: ComputeDevice) -> None:
    swap = device.program("swap")
    one, other = filled(device, 1, 2, 3), device.buffer(12)
    device.dispatch(swap, (one, other), (1, 1, 1), words(3))
    one.close()
    one.close()
    assert content(device, other) == [2, 3, 1]


# Programs and dispatches


def test_programs_are_compiled_once(device: ComputeDevice) -> None:
    assert device.program("grow") is device.program("grow")


def test_dispatches_see_what_those_before_them_wrote(device: ComputeDevice) -> None:
    grow, swap = device.program("grow"), device.program("swap")
    count = 1000
    one, other = filled(device, *range(count)), device.buffer(4 * count)
    expected = list(range(count))
    for turn in range(12):
        device.dispatch(grow, (one,), (16, 1, 1), words(count, turn))
        expected = [(3 * word + turn) & 0xFFFFFFFF for word in expected]
        device.dispatch(swap, (one, other), (16, 1, 1), words(count))
        one, other = other, one
        expected = expected[1:] + expected[:1]
    assert content(device, one) == expected


def test_everything_happens_in_its_order(device: ComputeDevice) -> None:
    grow = device.program("grow")
    buffer, spare = filled(device, 1), device.buffer(4)
    device.dispatch(grow, (buffer,), (1, 1, 1), words(1, 1))  # 4
    first = device.read(buffer, 0, 4)
    device.copy(buffer, 0, spare, 0, 4)
    device.upload(buffer, 0, words(10))
    device.dispatch(grow, (buffer,), (1, 1, 1), words(1, 0))  # 30
    device.copy(spare, 0, buffer, 0, 4)
    second = device.read(buffer, 0, 4)
    device.dispatch(grow, (buffer,), (1, 1, 1), words(1, 2))  # 14
    device.flush()
    device.upload(spare, 0, words(99))
    assert numbers(first.take()) == [4]
    assert numbers(second.take()) == [4]
    assert content(device, buffer) == [14]
    assert content(device, spare) == [99]


def test_all_bindings_parameters_and_groups(device: ComputeDevice) -> None:
    eight = device.program("eight")
    inputs = [filled(device, number) for number in range(1, 8)]
    result = device.buffer(4 * (16 + 24))
    push = [1 << (number % 8) for number in range(16)]
    device.dispatch(eight, (*inputs, result), (2, 3, 4), words(*push))
    got = content(device, result)
    expected = 0
    for number in range(8):
        expected ^= push[number] << number
    assert got[:3] == [7654321, expected, expected]
    assert got[16:] == list(range(1, 25))


def test_parameters_that_are_not_given_are_zero(device: ComputeDevice) -> None:
    grow = device.program("grow")
    buffer = filled(device, 5)
    device.dispatch(grow, (buffer,), (1, 1, 1), words(1, 7))
    device.dispatch(grow, (buffer,), (1, 1, 1), words(1))
    assert content(device, buffer) == [(5 * 3 + 7) * 3]


def test_the_language_means_the_same(device: ComputeDevice) -> None:
    language = device.program("language")
    buffer = device.buffer(48)
    device.dispatch(language, (buffer,), (1, 1, 1), words(0x80000003, -1001))
    table, cases = (7, 11, 13, 17), (5, 6, 6, 9)
    loop = sum(cases[i & 3] * table[i & 3] for i in range(8) if i != 3)
    assert content(device, buffer) == [
        number & 0xFFFFFFFF
        for number in (
            0x80000003 * 0x10001, -0x80000003, -1001 >> 3, -250, 1, loop, 0x80000003, 0, 23, -100,
            5 * 0x80000003, 1,
        )
    ]  # fmt: skip


def test_a_shader_that_does_not_compile_is_no_end(device: ComputeDevice) -> None:
    with pytest.raises(GpuError, match="cannot compile shader broken") as caught:
        device.program("broken")
    assert not isinstance(caught.value, GpuLostError | GpuMemoryError)
    with pytest.raises(GpuError, match="no shader"):
        device.program("no_such")
    assert content(device, filled(device, 3)) == [3]


def test_mistakes_are_refused_and_do_nothing(device: ComputeDevice) -> None:
    grow = device.program("grow")
    one, other = filled(device, 1, 2), device.buffer(8)
    closed = device.buffer(8)
    closed.close()
    mistakes: list[Callable[[], object]] = [
        lambda: device.upload(one, 4, bytes(8)),
        lambda: device.upload(one, 2, bytes(4)),
        lambda: device.upload(one, 0, bytes(3)),
        lambda: device.upload(closed, 0, bytes(4)),
        lambda: device.copy(one, 0, other, 4, 8),
        lambda: device.copy(one, -4, other, 0, 4),
        lambda: device.copy(one, 0, one, 0, 4),
        lambda: device.copy(closed, 0, one, 0, 4),
        lambda: device.read(one, 8, 4),
        lambda: device.read(one, 0, 0),
        lambda: device.read(closed, 0, 4),
        lambda: device.dispatch(grow, (), (1, 1, 1), words(1)),
        lambda: device.dispatch(grow, (one, other), (1, 1, 1), words(1)),
        lambda: device.dispatch(grow, (closed,), (1, 1, 1), words(1)),
        lambda: device.dispatch(grow, (one,), (0, 1, 1), words(1)),
        lambda: device.dispatch(grow, (one,), (1, MAX_GROUPS + 1, 1), words(1)),
        lambda: device.dispatch(grow, (one,), (1, 1, 1), bytes(68)),
        lambda: device.dispatch(grow, (one,), (1, 1, 1), bytes(3)),
    ]
    for mistake in mistakes:
        with pytest.raises(ValueError):
            mistake()
    assert content(device, one) == [1, 2] and content(device, other) == [0, 0]


def test_what_is_another_devices_is_refused(device: ComputeDevice) -> None:
    with open_device(device.info.api) as stranger:
        theirs = stranger.buffer(8)
        program = stranger.program("grow")
        with pytest.raises(ValueError, match="none of this"):
            device.read(theirs, 0, 8)
        with pytest.raises(ValueError, match="none of this"):
            device.dispatch(program, (device.buffer(8),), (1, 1, 1), words(1))
        # And the two do not get into each other's way.
        mine = filled(device, 1, 2)
        stranger.upload(theirs, 0, words(3, 4))
        assert content(device, mine) == [1, 2] and content(stranger, theirs) == [3, 4]


def test_waiting_lets_other_threads_run(device: ComputeDevice) -> None:
    grow = device.program("grow")
    count = 4 * MIB // 4
    buffer = device.buffer(4 * count)
    seen: list[int] = []
    go, done = threading.Event(), threading.Event()

    def count_up() -> None:
        number = 0
        go.set()
        while not done.is_set():
            number += 1
        seen.append(number)

    thread = threading.Thread(target=count_up)
    thread.start()
    go.wait()
    for turn in range(20):
        device.dispatch(grow, (buffer,), (count // 64, 1, 1), words(count, turn))
    device.read(buffer, 0, 4).take()
    done.set()
    thread.join()
    assert seen[0] > 100


# The end


@pytest.mark.parametrize("api", APIS)
def test_closing_frees_all_and_ends_all(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use_test_shaders(monkeypatch)
    device = open_device(api)
    grow = device.program("grow")
    buffer = filled(device, *range(1000))
    waiting = [device.read(buffer, 0, 4000) for _ in range(5)]
    device.dispatch(grow, (buffer,), (16, 1, 1), words(1000, 1))
    assert device.live_objects == 7
    device.close()
    assert device.live_objects == 0
    device.close()
    calls: list[Callable[[], object]] = [
        lambda: device.buffer(4),
        lambda: device.program("grow"),
        lambda: device.upload(buffer, 0, bytes(4)),
        lambda: device.copy(buffer, 0, buffer, 4, 4),
        lambda: device.read(buffer, 0, 4),
        lambda: device.dispatch(grow, (buffer,), (1, 1, 1)),
        device.flush,
        waiting[0].take,
        waiting[1].ready,
    ]
    for call in calls:
        with pytest.raises(GpuLostError, match="closed"):
            call()
    buffer.close()
    for readback in waiting:
        readback.close()


class Resources:
    """What a process holds."""

    def __init__(self) -> None:
        gc.collect()
        process = psutil.Process()
        self.bytes = process.memory_info().rss
        self.descriptors = process.num_fds()
        self.threads = process.num_threads()


def assert_no_growth(turn: Callable[[], None], turns: int, allowed: int) -> None:
    """Do it as often in several rounds: what leaks grows in each of them, an allocator that warms up does not."""
    grown = []
    for _ in range(ROUNDS):
        before = Resources()
        for _ in range(turns):
            turn()
        after = Resources()
        grown.append(after.bytes - before.bytes)
        same = after.descriptors <= before.descriptors and after.threads <= before.threads
        if same and grown[-1] < allowed:
            return
    pytest.fail(f"bytes grown in rounds of {turns}: {grown}; {vars(before)} became {vars(after)}")


def test_buffers_leave_nothing_behind(device: ComputeDevice) -> None:
    def turn() -> None:
        with device.buffer(64 * 1024) as buffer:
            device.upload(buffer, 0, b"\x55" * 65536)
            device.flush()

    before = device.live_objects
    assert_no_growth(turn, 200, MIB)
    assert device.live_objects == before


def test_readbacks_leave_nothing_behind(device: ComputeDevice) -> None:
    buffer = device.buffer(64 * 1024)

    def turn() -> None:
        device.read(buffer, 0, 65536).take()
        device.read(buffer, 0, 65536).close()

    before = device.live_objects
    assert_no_growth(turn, 200, MIB)
    assert device.live_objects == before


def test_dispatches_leave_nothing_behind(device: ComputeDevice) -> None:
    grow = device.program("grow")
    one = device.buffer(4096)

    def turn() -> None:
        with device.buffer(4096) as other:
            for buffer in (one, other):
                device.dispatch(grow, (buffer,), (16, 1, 1), words(1024, 1))
            device.copy(one, 0, other, 0, 4096)

    assert_no_growth(turn, 200, MIB)


@pytest.mark.parametrize("api", APIS)
def test_devices_and_programs_leave_nothing_behind(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use_test_shaders(monkeypatch)
    device_class(api)

    def turn() -> None:
        device = open_device(api)
        grow = device.program("grow")
        buffer = device.buffer(MIB)
        device.dispatch(grow, (buffer,), (16, 1, 1), words(1024, 1))
        device.read(buffer, 0, 4096)
        device.close()
        assert device.live_objects == 0

    assert_no_growth(turn, 20, 2 * MIB)


# The wrapper that other tests use


@pytest.mark.parametrize("error", [GpuLostError("gone"), GpuMemoryError("full")])
def test_failing_devices_fail_once_or_for_good(device: ComputeDevice, error: GpuError) -> None:
    failing = FailingDevice(device, at=1, error=error)
    buffer = failing.buffer(4)
    with pytest.raises(type(error)):
        failing.upload(buffer, 0, words(1))
    if isinstance(error, GpuLostError):
        with pytest.raises(GpuLostError):
            failing.flush()
    else:
        failing.upload(buffer, 0, words(2))
        assert numbers(failing.read(buffer, 0, 4).take()) == [2]
        assert failing.calls == ["buffer", "upload", "upload", "read", "take"]
    assert failing.failed


def test_failing_devices_count_what_they_are_told(device: ComputeDevice) -> None:
    failing = FailingDevice(device, at=0, only=["take"])
    readback = failing.read(failing.buffer(4), 0, 4)
    with pytest.raises(GpuLostError):
        readback.take()
    with pytest.raises(GpuLostError):
        failing.buffer(4)
    readback.close()


# What they share


@pytest.mark.parametrize(("offset", "length"), [(-4, 4), (0, -4), (4, 8), (2, 4), (0, 6), (12, 0)])
def test_ranges_outside_are_refused(offset: int, length: int) -> None:
    with pytest.raises(ValueError):
        check_range(8, offset, length)


def test_ranges_and_copies_inside_are_taken() -> None:
    check_range(8, 0, 8)
    check_range(8, 8, 0)
    check_copy(0, 8, 8)
    check_copy(8, 0, 8)
    with pytest.raises(ValueError, match="overlap"):
        check_copy(4, 0, 8)


def test_dispatches_are_checked() -> None:
    check_dispatch(8, 8, (MAX_GROUPS, 1, 1), bytes(64))
    with pytest.raises(ValueError, match="9 buffers"):
        check_dispatch(9, 9, (1, 1, 1), b"")
