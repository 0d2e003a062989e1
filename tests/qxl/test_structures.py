import ctypes

from gspice.qxl import structures as s
from tests.qxl.qxl_header import c_values, check, needs_headers


@needs_headers
def test_layout_and_numbers_are_those_of_the_header() -> None:
    check(
        s,
        {s.IOPort: "QXL_IO_", s.Interrupt: "QXL_INTERRUPT_", s.CommandType: "QXL_CMD_"},
    )


@needs_headers
def test_magics_and_sizes_are_those_of_the_header() -> None:
    ours = {
        "QXL_ROM_MAGIC": s.ROM_MAGIC,
        "QXL_RAM_MAGIC": s.RAM_MAGIC,
        "QXL_COMMAND_RING_SIZE": s.COMMAND_RING_SIZE,
        "QXL_CURSOR_RING_SIZE": s.CURSOR_RING_SIZE,
        "QXL_RELEASE_RING_SIZE": s.RELEASE_RING_SIZE,
        "QXL_LOG_BUF_SIZE": s.LOG_BUF_SIZE,
        "QXL_IO_RANGE_SIZE": len(s.IOPort),
        "sizeof(((QXLRam*)0)->cmd_ring.items[0])": ctypes.sizeof(s.QXLCommand),
        "sizeof(((QXLRam*)0)->release_ring.items[0])": 8,
        "sizeof(((QXLRom*)0)->client_monitors_config.heads)": ctypes.sizeof(s.QXLURect)
        * s.CLIENT_MONITORS_MAX,
    }
    assert dict(c_values(tuple(ours))) == ours


def test_fields_are_views_of_memory() -> None:
    memory = bytearray(ctypes.sizeof(s.QXLRect) + 3)
    rect = s.QXLRect.from_buffer(memory, 3)
    rect.bottom = -2
    assert memory[3 + 8 : 3 + 12] == b"\xfe\xff\xff\xff"
