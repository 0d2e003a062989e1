"""How one display channel sends images: what its client keeps of them, and what need not be sent again."""

from collections import deque
from collections.abc import Sequence
from typing import TypeAlias

from gspice.channels.base import LinkInfo, Sender
from gspice.channels.display_messages import channel_waits, image_message, recalled_message
from gspice.geometry import Rect
from gspice.stream.cells import Cells, Grid
from gspice.stream.client_caches import ClientCaches
from gspice.stream.client_view import ClientView
from gspice.stream.image_cache import MAX_CACHE_PIXELS, Part, PixmapCache
from gspice.stream.image_encoder import Coder, EncodedImage
from gspice.stream.recall import MIN_PIXELS, Recalled, recall, recall_wholes
from gspice.stream.screen import Screen
from gspice.wire.message import Message
from gspice.wire.messages.base import WaitForChannels
from gspice.wire.messages.display import DisplayInit, DisplayInvalAllPixmaps, DisplayInvalList
from gspice.wire.types import ResourceId

CELLS = Grid(128, 16)
"""By which parts of images are found again. Few rows, as slow links get few at a time."""
MOST_HOMES = 256
"""Places at which a client that draws only whole images is known to keep some; of more, the oldest are forgotten."""
MOST_MARKS = 1024
"""Pings under way that are remembered; of more, the oldest confirm nothing."""

Kept: TypeAlias = Sequence[Part]
"""The cells of an image by which it would be found again; none: it is not to be kept."""


class DisplayImages:
    """One display channel's use of its client's pixmap cache, on the worker's thread.

    Call ``surface`` for each new screen, ``looked`` for each look, ``recall`` before stale pixels are taken,
    ``captured`` when they are, and ``send`` with what they were packed to.
    """

    def __init__(self, sender: Sender, surface_id: int) -> None:
        self._sender = sender
        self._surface_id = surface_id
        self._cache: PixmapCache | None = None
        self.complete = False
        """Whether the client is no browser's: those have no GLZ window, draw neither parts of images nor clipped, and
        unpack JPEG on the side, so that it lands on top of what came after it."""
        self._cells: Cells | None = None
        self._marks: deque[tuple[int, int]] = deque(maxlen=MOST_MARKS)
        """Pings that were not answered yet, and their serials."""
        self._homes: dict[Rect, None] = {}
        """Where images were put that are kept, for a client that draws only whole ones; the newest last."""
        self._unseen: set[int] = set()
        """Cells that have changed since they were last looked for in the cache."""

    def use(self, caches: ClientCaches, init: DisplayInit, link: LinkInfo) -> None:
        """What the client has announced."""
        self.complete = init.glz_dictionary_window_size > 0
        # A client on the same host takes pixels as they are sooner than anyone finds out what it has of them.
        if not link.local:
            self._cache = caches.pixmaps(init.pixmap_cache_id, init.pixmap_cache_size)
        if self._cache is not None:
            with self._cache.lock:
                self._user = self._cache.join(link.channel_id)

    def leave(self) -> None:
        """The channel is gone."""
        if self._cache is not None:
            with self._cache.lock:
                self._cache.leave(self._user)
            self._cache = None

    def surface(self, screen: Screen | None) -> None:
        """The client has this screen's surface now, with nothing on it."""
        self._cells = None
        if screen is not None and self._cache is not None:
            self._cells = screen.cells(CELLS)
            self._homes.clear()
            self._unseen = self._cells.touching([screen.bounds])

    def looked(self, rects: Sequence[Rect]) -> None:
        """The newest look has other pixels there."""
        if self._cells is not None:
            self._unseen |= self._cells.touching(rects)

    def recall(self, view: ClientView, ahead: list[Message], *, exact: bool) -> Sequence[Recalled]:
        """Let the client draw what it has of what is stale, which then is not; not while a frame of it is packed.

        ``ahead`` goes before it, and is then empty.
        """
        cache, cells = self._cache, self._cells
        if cache is None or cells is None:
            return ()
        with cache.lock:
            self._enter(cache)
        if view.stale.area < MIN_PIXELS:
            return ()
        unseen = self._unseen & cells.touching(view.stale.rects()) if len(cache) else set()
        self._unseen = set()
        if not unseen:
            return ()
        wanted = list(cells.digests(unseen)) if self.complete else []
        # A frame may have been packed, and put at home, from a surface that was larger.
        homes = [
            home
            for home in self._homes
            if cells.bounds.contains(home) and not unseen.isdisjoint(cells.touching([home]))
        ]
        with cache.lock:
            if self.complete:
                found = recall(wanted, view.stale, cache, self._user, exact=exact)
            else:
                found = recall_wholes(homes, cells, view.stale, cache, self._user, exact=exact)
            if not found:
                return ()
            for message in ahead:
                self._sender.queue(message)
            ahead.clear()
            for each in found:
                self._sender.queue(
                    recalled_message(self._surface_id, each, insist=not exact and not each.image.lossy)
                )
                cache.use(self._user, each.image, self._sender.serial)
        for each in found:
            view.stale.subtract(each.rect)
            view.lossy.subtract(each.rect)
            if each.image.lossy:
                view.lossy.add(each.rect)
        return found

    def marked(self, mark: int) -> None:
        """The last message was a ping of that number."""
        self._marks.append((mark, self._sender.serial))

    def answered(self, mark: int) -> None:
        """The client has answered that ping."""
        while self._marks:
            first, serial = self._marks.popleft()
            if first == mark:
                if self._cache is not None:
                    with self._cache.lock:
                        self._cache.confirm(self._user, serial)
                return

    def _enter(self, cache: PixmapCache) -> None:
        entry = cache.enter(self._user, self._sender.serial + 1)
        if entry is not None:
            kind = DisplayInvalAllPixmaps if entry.drop_all else WaitForChannels
            self._sender.send(kind(waits=channel_waits(entry.waits)))

    def captured(self, rects: Sequence[Rect]) -> Sequence[Kept]:
        """What is in these places of the newest look, which are being captured."""
        return [self._parts(rect) for rect in rects]

    def _parts(self, rect: Rect) -> Kept:
        if self._cells is None or not MIN_PIXELS <= rect.area <= MAX_CACHE_PIXELS:
            return ()
        if not self.complete:
            digest = self._cells.digest(rect)
            return () if digest is None else [Part(digest, 0, 0)]
        cells = self._cells.digests(self._cells.within(rect))
        return [Part(cell.digest, cell.rect.left - rect.left, cell.rect.top - rect.top) for cell in cells]

    def send(self, images: Sequence[tuple[Rect, EncodedImage, Kept]]) -> None:
        """Queue captures, for the client to keep where that helps."""
        cache = self._cache
        if cache is None:
            for rect, image, _ in images:
                self._sender.queue(image_message(self._surface_id, rect, image))
            return
        with cache.lock:
            # Behind a frame that is packed already no wait may come: what it would be for is not kept.
            current = cache.current(self._user)
            for rect, image, parts in images:
                keep = current and parts and image.coder is not Coder.SOLID
                if keep and cache.wanted(image.width, image.height, parts, lossy=image.lossy):
                    number = cache.next_id()
                    self._sender.queue(image_message(self._surface_id, rect, image, number))
                    size = image.width, image.height
                    cache.put(self._user, self._sender.serial, size, parts, lossy=image.lossy)
                    self._at_home(rect)
                else:
                    self._sender.queue(image_message(self._surface_id, rect, image))
            dropped = cache.drop(self._user, self._sender.serial + 1)
            if dropped is not None:
                if dropped.waits:
                    self._sender.queue(WaitForChannels(waits=channel_waits(dropped.waits)))
                resources = tuple(ResourceId(id=number) for number in dropped.ids)
                self._sender.queue(DisplayInvalList(resources=resources))

    def _at_home(self, rect: Rect) -> None:
        if not self.complete:
            self._homes.pop(rect, None)
            self._homes[rect] = None
            if len(self._homes) > MOST_HOMES:
                del self._homes[next(iter(self._homes))]
