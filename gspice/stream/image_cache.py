"""The server's model of one client's pixmap cache, which all display channels of the client share.

The client keeps what it is told to keep and drops what it is told to drop: what is in its cache, the server knows.
Channels run beside each other, though, so what one of them did may reach the client after what another does. So what
one put is used by others only once the client is known to have it: else it might never come, and clients wait for ever
for what is not in their cache. And before anything is dropped that others may still be about to draw, the client is
told to wait for them. A wait must never stand before a GLZ image that was packed before it, as its own channel may hold
what the awaited one stands still for: channels send waits while no frame of theirs is packed, or behind it.

Everything here is done under ``lock``, together with queueing the messages that it is about: their order is that of
the lock. Numbers of images are never used again, so that nobody can mistake a late message for another's.
"""

from collections import OrderedDict
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import NamedTuple

MIN_CACHE_PIXELS = 1 << 16
"""Below this a cache holds no picture worth keeping."""
MAX_CACHE_PIXELS = 32 << 20
"""Of one client: 128 MiB of its memory. Clients may announce more, and get no more."""


class Wait(NamedTuple):
    """The client must have handled that message of that display channel first."""

    channel_id: int
    serial: int


class Part(NamedTuple):
    """One cell of an image: its digest, and where it is in the image."""

    digest: bytes
    x: int
    y: int


@dataclass(slots=True, eq=False)
class CacheUser:
    """One display channel, as ``PixmapCache.join`` gives it."""

    channel_id: int
    generation: int
    used_at: int = 0
    """Serial of its last message that put, drew or dropped an image."""
    confirmed: int = 0
    """Serial up to which the client has handled its messages, as far as is known."""
    waited: dict["CacheUser", int] = field(default_factory=dict)
    """Up to where this one has waited for others."""


@dataclass(slots=True, eq=False)
class CachedImage:
    """An image that the client keeps."""

    id: int
    width: int
    height: int
    lossy: bool
    """The client has it only about as it was captured."""
    putter: CacheUser
    put_at: int
    used: dict[CacheUser, int] = field(default_factory=dict)
    """The last message of each channel that needs it."""
    cells: dict[tuple[int, int], bytes] = field(default_factory=dict)
    """Digests by where in the image their cells begin."""
    found_here: int = 0
    """Digests that lead here; without any, the image is of no use."""

    @property
    def pixels(self) -> int:
        return self.width * self.height


class Found(NamedTuple):
    """Where pixels are in the cache."""

    image: CachedImage
    x: int
    y: int


class Dropped(NamedTuple):
    """Images that the client shall drop, once it has waited."""

    ids: list[int]
    waits: list[Wait]


class Entry(NamedTuple):
    """What a channel must send before it uses the cache again, after others lost theirs."""

    drop_all: bool
    """The client shall drop all images, once it has waited; else it only waits for the channel that said so."""
    waits: list[Wait]


class PixmapCache:
    """One client's pixmap cache; ``pixels``: as much as it keeps. The images used last are kept longest."""

    def __init__(self, pixels: int, lock: AbstractContextManager[object] | None = None) -> None:
        self.lock: AbstractContextManager[object] = lock or nullcontext()
        """Held around all calls, and the sending of what they are about."""
        self.pixels = 0
        """Of all images together."""
        self._capacity = min(pixels, MAX_CACHE_PIXELS)
        self._images: OrderedDict[int, CachedImage] = OrderedDict()
        """By number; the one that was used last comes last."""
        self._index: dict[bytes, Found] = {}
        self._useless: list[CachedImage] = []
        self._next_id = 1
        self._users: list[CacheUser] = []
        self._generation = 0
        self._reset_by: Wait | None = None
        """Who told the client to drop what it had before this generation; None: nobody did yet."""

    def __len__(self) -> int:
        return len(self._images)

    # Channels

    def join(self, channel_id: int) -> CacheUser:
        """A display channel of the client's came up; ``enter`` before it uses anything."""
        user = CacheUser(channel_id, 0 if not self._generation else -1)
        self._users.append(user)
        return user

    def leave(self, user: CacheUser) -> None:
        """A channel is gone: nobody knows what of it has reached the client, so all begin anew."""
        if user not in self._users:
            return
        self._users.remove(user)
        for other in self._users:
            other.waited.pop(user, None)
        self.reset()

    def reset(self) -> None:
        """Forget everything; the first channel to ``enter`` lets the client do so too."""
        self._generation += 1
        self._reset_by = None
        self.pixels = 0
        self._images.clear()
        self._index.clear()
        self._useless.clear()

    def confirm(self, user: CacheUser, serial: int) -> None:
        """The client has handled the channel's messages up to that one."""
        user.confirmed = max(user.confirmed, serial)

    def current(self, user: CacheUser) -> bool:
        """Whether the channel need not ``enter`` before it puts images there."""
        return user.generation == self._generation

    def enter(self, user: CacheUser, serial: int) -> Entry | None:
        """What the channel must send now, as its message ``serial``; None: nothing.

        Not while a frame of the channel is being packed.
        """
        if self.current(user):
            return None
        user.generation, user.used_at = self._generation, serial
        if self._reset_by is not None:
            return Entry(False, [self._reset_by])
        self._reset_by = Wait(user.channel_id, serial)
        return Entry(True, self._waits(user, [(other, other.used_at) for other in self._users]))

    # Images

    def find(self, user: CacheUser, digest: bytes, *, exact: bool) -> Found | None:
        """Where these pixels are, for the channel to draw. ``exact``: an image that is lossy does not count."""
        found = self._index.get(digest)
        if found is None or (exact and found.image.lossy):
            return None
        putter = found.image.putter
        return found if putter is user or found.image.put_at <= putter.confirmed else None

    def use(self, user: CacheUser, image: CachedImage, serial: int) -> None:
        """The channel draws the image, by its message ``serial``."""
        image.used[user] = user.used_at = serial
        self._images.move_to_end(image.id)

    def next_id(self) -> int:
        """The number of an image that is about to be ``put``."""
        return self._next_id

    def wanted(self, width: int, height: int, parts: Iterable[Part], *, lossy: bool) -> bool:
        """Whether keeping this image would help to find anything."""
        if width * height > self._capacity:
            return False
        return any(self._betters(self._index.get(part.digest), lossy) for part in parts)

    def put(
        self, user: CacheUser, serial: int, size: tuple[int, int], parts: Iterable[Part], *, lossy: bool
    ) -> None:
        """The channel's message ``serial`` makes the client keep the image under ``next_id``; then call ``drop``."""
        image = CachedImage(self._next_id, *size, lossy, user, serial, {user: serial})
        self._next_id += 1
        user.used_at = serial
        self._images[image.id] = image
        self.pixels += image.pixels
        for digest, x, y in parts:
            image.cells[x, y] = digest
            before = self._index.get(digest)
            if self._betters(before, lossy):
                if before is not None:
                    self._leads_elsewhere(before.image)
                self._index[digest] = Found(image, x, y)
                image.found_here += 1

    def drop(self, user: CacheUser, serial: int) -> Dropped | None:
        """What the client shall drop, to be sent as message ``serial`` if nothing waits and one later otherwise.

        None: nothing. Call it when what was put has been sent, for the waits' sake.
        """
        victims = dict.fromkeys(self._useless)
        self._useless.clear()
        excess = self.pixels - self._capacity - sum([victim.pixels for victim in victims])
        for image in self._images.values():
            if excess <= 0:
                break
            if image not in victims:
                victims[image] = None
                excess -= image.pixels
        if not victims:
            return None
        waits = self._waits(user, [use for victim in victims for use in victim.used.items()])
        user.used_at = serial + bool(waits)
        for victim in victims:
            del self._images[victim.id]
            self.pixels -= victim.pixels
            for digest in victim.cells.values():
                found = self._index.get(digest)
                if found is not None and found.image is victim:
                    del self._index[digest]
        return Dropped([victim.id for victim in victims], waits)

    @staticmethod
    def _betters(before: Found | None, lossy: bool) -> bool:
        return before is None or (before.image.lossy and not lossy)

    def _leads_elsewhere(self, image: CachedImage) -> None:
        image.found_here -= 1
        if not image.found_here:
            self._useless.append(image)

    def _waits(self, user: CacheUser, wanted: Iterable[tuple[CacheUser, int]]) -> list[Wait]:
        latest: dict[CacheUser, int] = {}
        for other, serial in wanted:
            if other is not user and serial > max(other.confirmed, user.waited.get(other, 0)):
                latest[other] = max(serial, latest.get(other, 0))
        user.waited.update(latest)
        return [Wait(other.channel_id, serial) for other, serial in latest.items()]
