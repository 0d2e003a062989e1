from gspice.qxl import structures_command as s
from tests.qxl.qxl_header import c_values, check, needs_headers


@needs_headers
def test_layout_and_numbers_are_those_of_the_header() -> None:
    check(s, {s.SurfaceCommandType: "QXL_SURFACE_CMD_", s.CursorCommandType: "QXL_CURSOR_"})


@needs_headers
def test_constants_are_those_of_the_header() -> None:
    ours = {
        "QXL_SURF_FLAG_KEEP_DATA": s.SURF_FLAG_KEEP_DATA,
        "QXL_CURSUR_DEVICE_DATA_SIZE": s.CURSOR_DEVICE_DATA_SIZE,
    }
    assert dict(c_values(tuple(ours))) == ours
