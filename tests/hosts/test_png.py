"""PNG files of surfaces."""

from pathlib import Path

import pytest
from PIL import Image

from gspice.errors import ConfigError
from gspice.hosts.png import write_png
from gspice.pixels import Pixels, SurfaceFormat

PIXELS = Pixels(2, 2, 12, SurfaceFormat.XRGB32, bytes(range(24)))


def test_colours_and_stride(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    write_png(path, PIXELS)
    with Image.open(path) as image:
        assert image.mode == "RGB"
        assert image.tobytes() == bytes([2, 1, 0, 6, 5, 4, 14, 13, 12, 18, 17, 16])
    assert [p.name for p in tmp_path.iterdir()] == ["x.png"]


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write the picture"):
        write_png(tmp_path / "no" / "x.png", PIXELS)
    with pytest.raises(ValueError, match="RGB565"):
        write_png(tmp_path / "x.png", PIXELS._replace(format=SurfaceFormat.RGB565))
