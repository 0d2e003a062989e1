"""spice_replay_* as a C host calls them."""

import ctypes as c
import gzip
import logging
import os
import threading
from collections import Counter
from pathlib import Path

import pytest
import zstandard

from gspice.geometry import Point
from gspice.hosts.libspice import library, replay
from gspice.qxl import ops
from tests.hosts.libspice.c_host import Library, in_thread
from tests.hosts.libspice.replayed import (
    DATA,
    PRIMARY,
    CommandExtStruct,
    Server,
    Worker,
    c_file,
    libc,
    recording,
)
from tests.qxl.recording_samples import drawn

QXL = 0x2000
SERVER = Server()
FIRMWARE = DATA / "firmware.rec.zst"
SMALL = recording([ops.MessageCommand(b"one"), ops.MessageCommand(b"two")])


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(library, "tell_worker", Worker(SERVER).tell)
    return Library()


def start(functions: Library, file: int, surfaces: int = 1024) -> int:
    handle: int = functions("spice_replay_new", file, c.c_int(surfaces), result=c.c_uint64)
    return handle


def step(functions: Library, handle: int) -> int:
    address: int = functions("spice_replay_next_cmd", handle, QXL, result=c.c_uint64)
    return address


def release(functions: Library, handle: int, address: int) -> None:
    functions("spice_replay_free_cmd", handle, address, result=None)


def end(functions: Library, handle: int) -> None:
    functions("spice_replay_free", handle, result=None)
    assert handle not in replay._replays


def messages(functions: Library, handle: int) -> list[bytes]:
    texts = []
    while address := step(functions, handle):
        command = SERVER.read(address)
        assert isinstance(command, ops.MessageCommand)
        texts.append(command.text)
        release(functions, handle, address)
    return texts


def test_a_real_recording_from_a_thread_of_the_hosts(functions: Library) -> None:
    kinds: Counter[int] = Counter()
    handle = start(functions, c_file(FIRMWARE))
    assert handle

    def play() -> bool:
        while address := step(functions, handle):
            kinds[CommandExtStruct.from_address(address).type] += 1
            release(functions, handle, address)
        return True

    assert in_thread(play)
    assert kinds == {1: 1369}
    end(functions, handle)


def test_commands_are_freed_on_another_thread_and_after_the_recording(functions: Library) -> None:
    handle = start(functions, c_file(DATA / "qxl-xorg.rec.zst"))
    taken = [step(functions, handle) for _ in range(500)]
    assert all(taken)

    def free() -> None:
        for address in taken[:250]:
            release(functions, handle, address)

    thread = threading.Thread(target=free)
    thread.start()
    thread.join(20)
    end(functions, handle)
    for address in taken[250:]:
        release(functions, handle, address)
    release(functions, handle, 0)


def test_a_surface_id_comes_back_with_its_command(functions: Library) -> None:
    # The device of this recording had 1023 off-screen surfaces, and used nearly all of them.
    handle = start(functions, c_file(DATA / "qxl-xorg.rec.zst"))
    while address := step(functions, handle):
        release(functions, handle, address)
    assert not replay._replays[handle].skipped
    end(functions, handle)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
def test_a_pipe_however_it_is_packed(functions: Library, pack: object) -> None:
    reader, writer = os.pipe()
    os.write(writer, pack(SMALL))  # type: ignore[operator]
    os.close(writer)
    handle = start(functions, libc.fdopen(reader, b"r"))
    assert messages(functions, handle) == [b"one", b"two"]
    end(functions, handle)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reader)


def test_a_file_that_the_host_has_begun_to_read(functions: Library, tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(b"for the host\n" + SMALL)
    file = c_file(path)
    while libc.fgetc(file) != ord("\n"):
        pass
    handle = start(functions, file)
    assert messages(functions, handle) == [b"one", b"two"]
    end(functions, handle)


def test_what_is_no_recording_stays_the_hosts(
    functions: Library, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "text").write_bytes(b"some text")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "good").write_bytes(SMALL)
    for name, surfaces, reason in (
        ("text", 9, "expected"),
        ("empty", 9, "expected"),
        ("good", 0, "nsurfaces"),
    ):
        caplog.clear()
        file = c_file(tmp_path / name)
        assert start(functions, file, surfaces) == 0
        assert reason in caplog.text
        assert libc.fclose(file) == 0, "it was closed already"
    assert start(functions, 0) == 0


def test_a_damaged_recording_ends_with_the_reason_in_the_log(
    functions: Library, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    path = tmp_path / "damaged"
    path.write_bytes(SMALL[:-3])
    handle = start(functions, c_file(path))
    assert messages(functions, handle) == [b"one"]
    assert "spice_replay_next_cmd: recording damaged at byte" in caplog.text
    assert step(functions, handle) == 0
    end(functions, handle)


def test_handles_that_do_not_exist_do_no_harm(functions: Library, caplog: pytest.LogCaptureFixture) -> None:
    assert step(functions, 0) == 0
    functions("spice_replay_free", 999999, result=None)
    assert len([record for record in caplog.records if "there is no recording" in record.message]) == 2


def test_two_recordings_at_once_keep_their_commands_apart(functions: Library, tmp_path: Path) -> None:
    draws: list[ops.Command] = [
        ops.MessageCommand(b"x"),
        *[drawn(ops.CopyBits(Point(number, 0))) for number in range(40)],
    ]
    path = tmp_path / "recording"
    path.write_bytes(recording([PRIMARY, *draws]))
    handles = [start(functions, c_file(path)) for _ in range(2)]
    seen: list[list[ops.Command]] = [[], []]
    for _ in range(len(draws)):
        for handle, commands in zip(handles, seen, strict=True):
            # The second one's commands are for another device.
            address = functions("spice_replay_next_cmd", handle, QXL + handle, result=c.c_uint64)
            commands.append(SERVER.take(address))
    assert seen == [draws, draws]
    assert not any(functions("spice_replay_next_cmd", h, QXL + h, result=c.c_uint64) for h in handles)
    for handle in handles:
        end(functions, handle)


def test_what_was_made_and_not_asked_for_goes_with_the_recording(functions: Library, tmp_path: Path) -> None:
    path = tmp_path / "recording"
    draws = [drawn(ops.CopyBits(Point(number, 0))) for number in range(9)]
    path.write_bytes(recording([PRIMARY, *draws]))
    for _ in range(3):
        handle = start(functions, c_file(path))
        address = step(functions, handle)
        command = SERVER.take(address)
        assert command == draws[0], "and the next one has its own commands"
        assert functions("spice_replay_next_cmd", handle, QXL + 64, result=c.c_uint64) == 0
        end(functions, handle)
