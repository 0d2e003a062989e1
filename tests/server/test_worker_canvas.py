"""A worker gets a canvas whatever its GPU does, and in time."""

import logging
import threading
from collections.abc import Iterator

import pytest

from gspice.errors import ConfigError, GpuError
from gspice.gpu.budgets import GpuBudgets
from gspice.gpu.canvas import Canvas
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.server import worker_canvas
from gspice.server.worker_canvas import TimeLimit, open_worker_canvas


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """Set at the end, so that nothing hangs for longer than its test."""
    event = threading.Event()
    yield event
    event.set()


def test_what_is_in_time_is_done_on_another_thread() -> None:
    seen: list[threading.Thread] = []
    TimeLimit(60)(lambda: seen.append(threading.current_thread()))
    (thread,) = seen
    assert thread is not threading.current_thread() and thread.daemon


def test_what_it_raises_is_raised() -> None:
    def fail() -> None:
        raise ConfigError("no such device")

    with pytest.raises(ConfigError, match="no such device"):
        TimeLimit(60)(fail)


def test_what_hangs_is_left(never: threading.Event) -> None:
    with pytest.raises(GpuError, match=r"within 0\.01 s"):
        TimeLimit(0.01)(lambda: assert_set(never))


def assert_set(event: threading.Event) -> None:
    event.wait()


def test_all_tries_together_have_one_limit() -> None:
    now = [0.0]
    limit = TimeLimit(60, lambda: now[0])
    ran: list[int] = []
    limit(lambda: ran.append(1))
    now[0] = 61.0
    with pytest.raises(GpuError):
        limit(lambda: ran.append(2))
    assert ran == [1]


def test_the_cpu_draws_where_the_operators_choice_cannot(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[tuple[str, str | None, object]] = []

    def select(
        name: str, *, device: str | None = None, guard: object = None, budgets: object = None
    ) -> Canvas:
        asked.append((name, device, budgets))
        raise ConfigError("no device 7 for opengl")

    monkeypatch.setattr(worker_canvas, "select_canvas", select)
    budgets = GpuBudgets(journal=9)
    with caplog.at_level(logging.INFO):
        assert isinstance(open_worker_canvas("opengl", "7", budgets), CpuCanvas)
    assert asked == [("opengl", "7", budgets)]
    assert caplog.records[0].levelname == "ERROR"
    assert "no device 7 for opengl; the CPU draws instead" in caplog.text
    assert "chosen (instead of opengl: no device 7 for opengl)" in caplog.text and "asked" not in caplog.text
