"""The video window: footage scaled into it, black where it does not reach."""

from gspice.geometry import Rect
from gspice.hosts.desktop import paint
from gspice.hosts.desktop.footage import Footage, scaled
from gspice.hosts.desktop.icons import Icon
from gspice.hosts.desktop.window import Window


class Video(Window):
    """Plays while it is on the desktop."""

    def __init__(self, width: int, height: int, title: str, footage: Footage) -> None:
        super().__init__(title, Icon.VIDEO, width, height)
        self._footage = footage
        self._last = paint.raster(*footage.size)
        """The picture that stands."""
        self.sized()
        self.paint()

    def sized(self) -> None:
        content = self.content
        width, height = self._footage.size
        scale = min(content.width / width, content.height / height)
        # Even sizes suit the video encoders that will see this picture.
        wide = min(content.width, max(2, round(width * scale) // 2 * 2))
        tall = min(content.height, max(2, round(height * scale) // 2 * 2))
        left = content.left + (content.width - wide) // 2
        top = content.top + (content.height - tall) // 2
        self._picture_rect = Rect.sized(left, top, wide, tall)
        self._last = scaled(self._last, wide, tall)

    def paint_content(self) -> None:
        paint.fill(self.store, self.content, 0)
        paint.part(self.store, self._picture_rect)[:] = self._last

    def tick(self, now: float) -> None:
        picture = self._footage.frame(now, self._picture_rect.width, self._picture_rect.height)
        if picture is not None:
            self._last = picture
            paint.part(self.store, self._picture_rect)[:] = picture
            self.touch(self._picture_rect)

    def deadline(self) -> float:
        return self._footage.deadline()
