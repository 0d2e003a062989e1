from gspice.qxl import structures_image as s
from tests.qxl.qxl_header import check, needs_headers


@needs_headers
def test_layout_and_numbers_are_those_of_the_header() -> None:
    check(
        s,
        {
            s.ImageType: "SPICE_IMAGE_TYPE_",
            s.ImageGroup: "QXL_IMAGE_GROUP_",
            s.ImageFlag: "QXL_IMAGE_",
            s.BitmapFlag: "QXL_BITMAP_",
        },
    )
