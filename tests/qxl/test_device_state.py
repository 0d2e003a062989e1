import logging

import pytest

from gspice.errors import GuestError
from gspice.qxl.device_state import LOGGED_GUEST_BUGS, GuestBugs, Interrupts, PendingIO
from gspice.qxl.structures import Interrupt, QXLRam


def test_an_interrupt_calls_back_once_until_it_is_taken() -> None:
    seen: list[Interrupt] = []
    interrupts = Interrupts(QXLRam(int_mask=0xFF), seen.append)
    interrupts.raise_(Interrupt.DISPLAY)
    interrupts.raise_(Interrupt.DISPLAY | Interrupt.IO_CMD)
    assert seen == [Interrupt.DISPLAY, Interrupt.IO_CMD]
    assert interrupts.take() == Interrupt.DISPLAY | Interrupt.IO_CMD
    assert interrupts.take() == 0
    interrupts.raise_(Interrupt.DISPLAY)
    assert seen[2:] == [Interrupt.DISPLAY]


def test_a_masked_interrupt_waits_for_its_mask() -> None:
    seen: list[Interrupt] = []
    ram = QXLRam(int_mask=Interrupt.IO_CMD)
    interrupts = Interrupts(ram, seen.append)
    interrupts.raise_(Interrupt.CURSOR)
    assert seen == []
    ram.int_mask = Interrupt.CURSOR
    interrupts.refresh()
    assert seen == [Interrupt.CURSOR]
    assert interrupts.take() == Interrupt.CURSOR


def test_take_folds_in_what_memory_says_and_clears_it() -> None:
    ram = QXLRam(int_pending=0xF0000000 | Interrupt.CLIENT)
    interrupts = Interrupts(ram)
    assert interrupts.take() == Interrupt.CLIENT
    assert ram.int_pending == 0


def test_reset_forgets_interrupts() -> None:
    interrupts = Interrupts(QXLRam())
    interrupts.raise_(Interrupt.CLIENT)
    interrupts.reset()
    assert interrupts.take() == 0


def test_one_asynchronous_call_at_a_time() -> None:
    pending = PendingIO()
    cookie = pending.begin(16)
    assert pending.port == 16
    with pytest.raises(GuestError, match="port 17 written before that of port 16"):
        pending.begin(17)
    assert not pending.finish(cookie + 1)
    assert pending.finish(cookie)
    assert pending.port is None
    assert not pending.finish(cookie)
    later = pending.begin(17)
    pending.reset()
    assert not pending.finish(later)


def test_guest_bugs_are_counted_and_the_log_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    bugs = GuestBugs(0)
    with caplog.at_level(logging.WARNING):
        for number in range(LOGGED_GUEST_BUGS + 30):
            bugs.note(GuestError(f"mistake {number}"))
    assert bugs.present
    assert bugs.count == LOGGED_GUEST_BUGS + 30
    assert len(caplog.records) == LOGGED_GUEST_BUGS
    bugs.reset()
    assert not bugs.present
    assert bugs.count == LOGGED_GUEST_BUGS + 30
