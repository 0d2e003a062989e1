"""Antialiased text by Pillow from the DejaVu fonts."""

from collections import OrderedDict
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gspice.errors import ConfigError
from gspice.hosts.desktop import paint
from gspice.hosts.desktop.paint import Mask
from gspice.hosts.desktop.screen import Raster

FONT_DIRECTORIES = (
    Path("/usr/share/fonts/truetype/dejavu"),
    Path("/usr/share/fonts/dejavu"),
    Path("/usr/share/fonts/TTF"),
)
"""Debian's place first, then those of other distributions."""

_CACHED_TEXTS = 1024
_PAD = 2
"""Room around a mask for glyphs that reach beyond their advance."""


class Font:
    """One face at one size in pixels; masks of recent texts are kept."""

    def __init__(self, path: Path, size: int) -> None:
        # The basic layout gives the same pixels whether or not libraqm is there.
        self._face = ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
        self.ascent, descent = self._face.getmetrics()
        self.height = self.ascent + descent
        self._masks: OrderedDict[str, Mask] = OrderedDict()

    def width(self, text: str) -> int:
        """Pixels that the text takes on a line."""
        return round(self._face.getlength(text))

    def _mask(self, text: str) -> Mask:
        mask = self._masks.get(text)
        if mask is None:
            picture = Image.new("L", (self.width(text) + 2 * _PAD, self.height + 2 * _PAD))
            ImageDraw.Draw(picture).text(
                (_PAD, _PAD + self.ascent), text, fill=255, font=self._face, anchor="ls"
            )
            mask = self._masks[text] = np.array(picture)
            if len(self._masks) > _CACHED_TEXTS:
                self._masks.popitem(last=False)
        else:
            self._masks.move_to_end(text)
        return mask

    def draw(self, target: Raster, x: int, y: int, text: str, color: int) -> int:
        """Draw one line whose top left is at (x, y); the width it took."""
        if text.strip():
            paint.blend(target, x - _PAD, y - _PAD, self._mask(text), color)
        return self.width(text)

    def fit(self, text: str, width: int) -> str:
        """The text, cut with an ellipsis where it is wider than ``width`` pixels."""
        if self.width(text) <= width:
            return text
        while text and self.width(text + "…") > width:
            text = text[:-1]
        return text + "…" if text else ""

    def wrap(self, text: str, width: int) -> list[str]:
        """Lines of at most ``width`` pixels, broken between words; a word that is wider has its own line."""
        lines: list[str] = []
        line = ""
        for word in text.split():
            longer = f"{line} {word}" if line else word
            if line and self.width(longer) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        return [*lines, line] if line else lines


@cache
def font(name: str, size: int) -> Font:
    """The DejaVu face of that name, as in ``DejaVu<name>.ttf``; ConfigError where it is not installed."""
    file = f"DejaVu{name}.ttf"
    for directory in FONT_DIRECTORIES:
        if (directory / file).is_file():
            return Font(directory / file, size)
    raise ConfigError(
        f"the embedded desktop needs the font {file}: install the DejaVu fonts "
        "(Debian package fonts-dejavu-core)"
    )


def sans(size: int) -> Font:
    return font("Sans", size)


def bold(size: int) -> Font:
    return font("Sans-Bold", size)


def mono(size: int) -> Font:
    return font("SansMono", size)
