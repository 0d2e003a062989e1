from gspice.qxl import structures_draw as s
from tests.qxl.qxl_header import c_values, check, needs_headers


@needs_headers
def test_layout_and_numbers_are_those_of_the_header() -> None:
    check(
        s,
        {
            s.DrawType: "QXL_DRAW_",
            s.Effect: "QXL_EFFECT_",
            s.Ropd: "SPICE_ROPD_",
            s.BrushType: "SPICE_BRUSH_TYPE_",
            s.ClipType: "SPICE_CLIP_TYPE_",
        },
    )


@needs_headers
def test_bodies_that_share_a_structure_have_the_same_size() -> None:
    names = ("QXLCopy", "QXLBlend", "QXLBlackness", "QXLInvers", "QXLWhiteness")
    sizes = c_values(tuple(f"sizeof({name})" for name in names))
    assert len(set(sizes.values())) == 2
