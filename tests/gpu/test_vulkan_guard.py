"""What ends a call under the guard, and what still ends the process."""

import ctypes
import signal
import subprocess
import sys
import threading

import pytest

from gspice.errors import GpuLostError
from gspice.gpu.vulkan import guard

LIBC = ctypes.CDLL(None)
BEGIN = "import ctypes, os, signal\nfrom gspice.gpu.vulkan import guard\nlibc = ctypes.CDLL(None)\n"


def address(name: str) -> int:
    return ctypes.cast(getattr(LIBC, name), ctypes.c_void_p).value or 0


def ends(code: str) -> int:
    """The exit status of a process that runs this."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code], check=False, stderr=subprocess.DEVNULL, timeout=30
    )
    return done.returncode


def test_calls_pass_words_and_their_result() -> None:
    assert guard.call(address("labs"), (1 << 64) - 5) == 5
    target = ctypes.create_string_buffer(8)
    source = ctypes.create_string_buffer(b"word", 8)
    guard.call(address("memcpy"), ctypes.addressof(target), ctypes.addressof(source), 4)
    assert target.value == b"word"


def test_an_abort_ends_the_call_again_and_again() -> None:
    guard.hold()
    try:
        for _ in range(100):
            with pytest.raises(GpuLostError):
                guard.call(address("abort"))
        assert guard.call(address("labs"), 7) == 7
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        assert signal.SIGABRT not in blocked
    finally:
        guard.let_go()


def test_each_thread_has_its_own_way_back() -> None:
    failed: list[int] = []

    def abort_often() -> None:
        for _ in range(50):
            try:
                guard.call(address("abort"))
            except GpuLostError:
                failed.append(threading.get_ident())

    guard.hold()
    try:
        threads = [threading.Thread(target=abort_often) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        guard.let_go()
    assert len(failed) == 200


@pytest.mark.parametrize(
    "code",
    [
        "guard.hold(); libc.abort()",
        "guard.hold(); os.kill(os.getpid(), signal.SIGABRT)",
        "guard.hold(); guard.hold(); guard.let_go(); libc.abort()",
        "guard.hold(); guard.let_go(); libc.abort()",
        "guard.call(ctypes.cast(libc.abort, ctypes.c_void_p).value)",
    ],
)
def test_other_aborts_end_the_process(code: str) -> None:
    assert ends(code) == -signal.SIGABRT


def test_a_handler_that_was_there_gets_what_is_not_ours() -> None:
    code = (
        "signal.signal(signal.SIGABRT, lambda *_: os._exit(41))\n"
        "guard.hold()\n"
        "os.kill(os.getpid(), signal.SIGABRT)\n"
        "for _ in range(1000): pass\n"
    )
    assert ends(code) == 41


def test_letting_go_gives_the_signal_back() -> None:
    code = (
        "signal.signal(signal.SIGABRT, signal.SIG_IGN)\n"
        "guard.hold(); guard.let_go()\n"
        "os.kill(os.getpid(), signal.SIGABRT)\n"
        "os._exit(42)\n"
    )
    assert ends(code) == 42
