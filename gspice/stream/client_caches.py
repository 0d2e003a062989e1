"""What one client keeps for all its display channels together, as the server has to know it."""

from contextlib import AbstractContextManager

from gspice.codec.glz_encode import GlzDictionary
from gspice.stream.image_cache import MIN_CACHE_PIXELS, PixmapCache

MAX_WINDOW_PIXELS = 16 << 20
"""Of a GLZ dictionary: both ends hold so many pixels, 64 MiB. Clients may announce more, and get no more."""
MIN_WINDOW_PIXELS = 1 << 16
"""Below this a dictionary holds no picture worth referring to."""


class ClientCaches:
    """Made with the client; its display channels, each on its worker's thread, share it."""

    def __init__(self, lock: AbstractContextManager[object] | None = None) -> None:
        """``lock``: a reentrant one, where the channels are on several threads."""
        self._lock = lock
        self._dictionaries: dict[int, GlzDictionary] = {}
        self._pixmaps: dict[int, PixmapCache] = {}

    def dictionary(self, dictionary_id: int, window_pixels: int) -> GlzDictionary | None:
        """The GLZ dictionary that the client knows by this number; None where it announced no window for one.

        The first channel to ask says how large it is.
        """
        if window_pixels < MIN_WINDOW_PIXELS:
            return None
        known = self._dictionaries.get(dictionary_id)
        if known is None:
            made = GlzDictionary(min(window_pixels, MAX_WINDOW_PIXELS))
            # Another thread may be here too: setdefault is one step for the interpreter.
            known = self._dictionaries.setdefault(dictionary_id, made)
        return known

    def pixmaps(self, cache_id: int, pixels: int) -> PixmapCache | None:
        """The pixmap cache that the client knows by this number; None where it announced next to none.

        The first channel to ask says how large it is.
        """
        if pixels < MIN_CACHE_PIXELS:
            return None
        known = self._pixmaps.get(cache_id)
        if known is None:
            known = self._pixmaps.setdefault(cache_id, PixmapCache(pixels, self._lock))
        return known

    def channel_lost(self) -> None:
        """Images that were packed may never have arrived: what follows on other channels must not refer to them."""
        for dictionary in tuple(self._dictionaries.values()):
            dictionary.forget()
