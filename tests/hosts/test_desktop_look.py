"""The parts that pictures are made of: fonts, wallpaper, pointers, shadow, layout, damage."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import ConfigError
from gspice.geometry import Rect
from gspice.hosts.desktop import fonts, paint
from gspice.hosts.desktop.cursors import CursorShape, cursor_image
from gspice.hosts.desktop.damage import join_rects, solid_runs
from gspice.hosts.desktop.icons import Icon, draw_icon
from gspice.hosts.desktop.layout import default_place
from gspice.hosts.desktop.shadow import cast_shadow, shadow_bounds
from gspice.hosts.desktop.wallpaper import landscape
from gspice.region import Region


def test_missing_font_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "FONT_DIRECTORIES", (tmp_path,))
    with pytest.raises(ConfigError, match="fonts-dejavu-core"):
        fonts.font("Sans", 77)


def test_text_is_antialiased_and_stays_in_its_place() -> None:
    target = paint.raster(120, 40, 0xFFFFFF)
    width = fonts.sans(13).draw(target, 20, 10, "Spice", 0x000000)
    assert width == fonts.sans(13).width("Spice")
    inked = target[:, :, 0] < 255
    assert not inked[:, : 20 - 2].any()
    assert not inked[:, 20 + width + 2 :].any()
    shades = np.unique(target[:, :, 0])
    assert shades.min() < 40
    assert len(shades) > 10


def test_text_is_cut_at_the_edges() -> None:
    whole = paint.raster(60, 40, 0xFFFFFF)
    fonts.bold(12).draw(whole, 5, 5, "Window", 0x223344)
    cut = paint.raster(30, 12, 0xFFFFFF)
    fonts.bold(12).draw(cut, 5 - 12, 5 - 8, "Window", 0x223344)
    assert np.array_equal(cut, whole[8:20, 12:42])


def test_wrapping_and_fitting() -> None:
    face = fonts.sans(13)
    text = "the quick brown fox jumps over the lazy dog"
    lines = face.wrap(text, 100)
    assert " ".join(lines) == text
    assert all(face.width(line) <= 100 for line in lines)
    assert face.wrap("", 100) == []
    assert face.fit(text, 1000) == text
    short = face.fit(text, 80)
    assert short.endswith("…")
    assert face.width(short) <= 80
    assert face.fit(text, 0) == ""


@pytest.mark.parametrize("size", [(1, 1), (320, 240), (641, 479), (200, 700), (2000, 1100)])
def test_wallpaper_takes_any_size(size: tuple[int, int]) -> None:
    picture = landscape(*size)
    assert picture.shape == (size[1], size[0], 4)
    assert not picture[:, :, 3].any()


def test_wallpaper_is_the_same_each_time_and_not_plain() -> None:
    picture = landscape(320, 240)
    assert np.array_equal(picture, landscape(320, 240))
    assert len(np.unique(picture.reshape(-1, 4), axis=0)) > 2000


@pytest.mark.parametrize("shape", list(CursorShape))
def test_pointers_are_premultiplied(shape: CursorShape) -> None:
    image = cursor_image(shape)
    pixels = np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, 4)
    assert (pixels[:, :, :3] <= pixels[:, :, 3:]).all()
    assert (pixels[:, :, 3] == 255).any()
    assert (pixels[0, :, 3] < 40).all()
    assert 0 <= image.hot.x < image.width
    assert 0 <= image.hot.y < image.height
    assert cursor_image(shape) is image


def test_pointers_have_ids_of_their_own() -> None:
    ids = {cursor_image(shape).unique for shape in CursorShape}
    assert len(ids) == len(CursorShape)
    assert 0 not in ids


def test_icons_differ() -> None:
    pictures = set()
    for icon in Icon:
        target = paint.raster(16, 16, 0x808080)
        draw_icon(target, icon, 0, 0)
        pictures.add(target.tobytes())
    assert len(pictures) == len(Icon)


_coordinates = st.tuples(st.integers(0, 90), st.integers(0, 90), st.integers(1, 60), st.integers(1, 60))
_rects = st.builds(lambda box: Rect.sized(*box), _coordinates)


@given(st.lists(_rects, min_size=1, max_size=6))
def test_shadow_is_the_same_in_pieces(pieces: list[Rect]) -> None:
    window = Rect(40, 45, 100, 90)
    area = Rect(0, 0, 150, 150)
    whole = paint.raster(150, 150, 0xC0B0A0)
    cast_shadow(whole, area, window, area)
    target = paint.raster(150, 150, 0xC0B0A0)
    left = Region(pieces)
    for rect in left.rects():
        cast_shadow(target, area, window, rect)
        part = (slice(rect.top, rect.bottom), slice(rect.left, rect.right))
        assert np.array_equal(target[part], whole[part])


def test_shadow_fades_out_at_its_bounds() -> None:
    window = Rect(40, 40, 160, 120)
    target = paint.raster(220, 200, 0xFFFFFF)
    cast_shadow(target, Rect(0, 0, 220, 200), window, Rect(0, 0, 220, 200))
    bounds = shadow_bounds(window)
    assert (target[bounds.top - 1] == paint.bgrx(0xFFFFFF)).all()
    assert (target[bounds.top] >= 240)[:, :3].all()
    assert target[window.bottom + 2, 100, 0] < 225


@pytest.mark.parametrize(
    "size", [(320, 200), (640, 440), (800, 560), (1280, 760), (1920, 1040), (3840, 2120)]
)
def test_every_window_has_a_place_on_every_screen(size: tuple[int, int]) -> None:
    area = Rect(0, 0, *size)
    places = [default_place(icon, area) for icon in Icon if icon is not Icon.LOGO]
    assert all(area.contains(place) and place.width >= 150 for place in places)
    if size[0] >= 800:
        video, terminal = default_place(Icon.VIDEO, area), default_place(Icon.TERMINAL, area)
        assert video.intersect(terminal).empty


@given(st.lists(_rects, max_size=40))
def test_joined_rects_cover_the_same(rects: list[Rect]) -> None:
    region = Region(rects)
    joined = join_rects(region.rects())
    assert all(Region(joined).covers(rect) for rect in rects)
    assert region.extents == Region(joined).extents
    assert len(joined) <= max(1, len(region))


def test_far_apart_rects_stay_apart() -> None:
    rects = [Rect(0, 0, 50, 50), Rect(500, 500, 560, 560)]
    assert sorted(join_rects(list(rects))) == rects
    assert join_rects([Rect(0, 0, 50, 50), Rect(0, 50, 50, 90)]) == [Rect(0, 0, 50, 90)]


def test_plain_rows_are_found() -> None:
    picture = paint.raster(200, 120, 0x102030)
    picture[50:60, 7] = 1
    assert list(solid_runs(picture)) == [(0, 50, 0x102030), (50, 60, None), (60, 120, 0x102030)]
    picture[60:] = paint.bgrx(0xFFEEDD)
    assert list(solid_runs(picture))[-1] == (60, 120, 0xFFEEDD)
    small = paint.raster(10, 10, 0x102030)
    assert list(solid_runs(small)) == [(0, 10, None)]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_runs_tile_the_picture(bands: list[int]) -> None:
    picture = np.concatenate([paint.raster(256, 12, color * 0x010101) for color in bands])
    picture[::24, 5] = 77
    runs = list(solid_runs(picture))
    assert runs[0][0] == 0
    assert runs[-1][1] == len(picture)
    assert all(first[1] == second[0] for first, second in pairwise(runs))
    for top, bottom, color in runs:
        if color is not None:
            assert (picture[top:bottom] == paint.bgrx(color)).all()
