"""What a client keeps of its pictures, and draws again without being sent them."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from gspice.channels.display_client import REST_S, DisplayChannelClient
from gspice.channels.display_images import CELLS
from gspice.geometry import Rect
from gspice.stream.client_caches import ClientCaches
from gspice.stream.compression import Compression, WanCompression
from gspice.stream.detect.video_detector import VideoMode
from gspice.wire.enums import ImageFlags
from gspice.wire.images import Bitmap, FromCache, FromCacheLossless, Glz, ZlibGlz
from gspice.wire.message import Message
from gspice.wire.messages.base import WaitForChannels
from gspice.wire.messages.display import DisplayInvalAllPixmaps, DisplayInvalList
from gspice.wire.messages.draw import DisplayCopy
from gspice.wire.types import ChannelWait, ResourceId
from tests.channels.display_rig import INIT, SPEC, RecordingSender, Rig, bitmap_copy, link

SCREEN = Rect(0, 0, SPEC.width, SPEC.height)
PIXELS = SCREEN.area
NO_WINDOW = replace(INIT, glz_dictionary_window_size=0)


def picture(seed: int, rect: Rect = SCREEN) -> bytes:
    """Blocks of 16x4 pixels."""
    rng, blocks = random.Random(seed), -(-rect.width // 16)
    rows = []
    for _ in range(-(-rect.height // 4)):
        row = b"".join(bytes((level, level, level, 0)) * 16 for level in rng.randbytes(blocks))
        rows += [row[: rect.width * 4]] * 4
    return b"".join(rows[: rect.height])


class Shown:
    """A screen that shows pictures one after the other, with pauses, and clients whose backdrop never has them."""

    def __init__(self, *, compression: Compression = Compression.LZ) -> None:
        self.rig = Rig(compression=compression)
        self.caches = ClientCaches()
        assert self.rig.hub.screen is not None
        self.rig.hub.screen.has_backdrop = False

    def connect(
        self, channel_id: int = 0, *, init: Message = INIT, local: bool = False
    ) -> tuple[DisplayChannelClient, RecordingSender]:
        sender = RecordingSender()
        info = replace(link(local=local), channel_id=channel_id, caches=self.caches)
        client = self.rig.hub.connect(info, sender)
        self.rig.clients.append((client, sender))
        client.receive(init, self.rig.now)
        self.settle()
        sender.messages.clear()
        return client, sender

    def show(self, seed: int, rect: Rect = SCREEN) -> None:
        self.rig.now += 1
        self.rig.submit(bitmap_copy(rect, picture(seed, rect)))
        self.settle()

    def settle(self) -> None:
        for _ in range(5):
            self.rig.push()


def drawn(sender: RecordingSender) -> list[DisplayCopy]:
    """What was drawn since the last call."""
    messages, sender.messages = sender.messages, []
    return [message for message in messages if isinstance(message, DisplayCopy)]


def kept(copies: Sequence[DisplayCopy]) -> list[int]:
    """The numbers under which the client was told to keep images."""
    return [copy.src.id for copy in copies if copy.src and copy.src.flags & ImageFlags.CACHE_ME]


def recalled(copies: Sequence[DisplayCopy]) -> list[DisplayCopy]:
    return [copy for copy in copies if isinstance(copy.src, FromCache | FromCacheLossless)]


def covered(copies: Sequence[DisplayCopy]) -> int:
    return sum(copy.base.box.area for copy in copies)


def test_what_was_seen_before_comes_from_the_cache() -> None:
    shown = Shown()
    client, sender = shown.connect(init=replace(INIT, pixmap_cache_size=8 * PIXELS))
    shown.show(1)
    first = drawn(sender)
    assert covered(first) == PIXELS and len(kept(first)) == len(first)
    shown.show(2)
    assert not recalled(drawn(sender))
    shown.show(1)
    again = drawn(sender)
    assert recalled(again) == again and covered(again) == PIXELS
    assert {copy.src.id for copy in again if copy.src} <= set(kept(first))
    assert sum(len(copy.serialize()) for copy in again) < 1000
    numbers = client.numbers()
    assert numbers.coders["cached"].pixels == PIXELS and numbers.coders["cached"].sent_bytes == 0
    assert numbers.stale_pixels == 0


def test_parts_of_what_was_seen_come_from_parts_of_images() -> None:
    shown = Shown()
    _, sender = shown.connect(init=replace(INIT, pixmap_cache_size=8 * PIXELS))
    shown.show(1)
    shown.show(2)
    drawn(sender)
    corner = Rect(0, 0, 4 * CELLS.width, 12 * CELLS.height)
    pixels = memoryview(picture(1))
    rows = b"".join(pixels[y * SPEC.width * 4 :][: corner.width * 4] for y in range(corner.height))
    shown.rig.now += 1
    shown.rig.submit(bitmap_copy(corner, rows))
    shown.settle()
    copies = drawn(sender)
    assert recalled(copies) == copies and covered(copies) == corner.area
    for copy in copies:
        assert copy.src is not None and copy.src_area.area < copy.src.width * copy.src.height
        assert (copy.src_area.width, copy.src_area.height) == (copy.base.box.width, copy.base.box.height)


def test_a_client_without_a_window_gets_and_draws_whole_images() -> None:
    shown = Shown(compression=Compression.AUTO_GLZ)
    _, sender = shown.connect(init=replace(NO_WINDOW, pixmap_cache_size=8 * PIXELS))
    shown.show(1)
    first = drawn(sender)
    assert len(kept(first)) == len(first)
    shown.show(2)
    drawn(sender)
    shown.show(1)
    again = drawn(sender)
    assert recalled(again) == again and covered(again) == PIXELS
    for copy in again:
        assert copy.src is not None
        assert copy.src_area == Rect(0, 0, copy.src.width, copy.src.height)
        assert (copy.base.box.width, copy.base.box.height) == (copy.src.width, copy.src.height)


def test_more_than_it_holds_is_dropped_the_oldest_first() -> None:
    shown = Shown()
    _, sender = shown.connect(init=replace(INIT, pixmap_cache_size=2 * PIXELS))
    held: set[int] = set()
    for seed in range(5):
        shown.show(seed)
        messages = list(sender.messages)
        held |= set(kept(drawn(sender)))
        for message in messages:
            if isinstance(message, DisplayInvalList):
                gone = {resource.id for resource in message.resources}
                assert gone <= held and message.resources[0] == ResourceId(id=min(held))
                held -= gone
        assert not any(isinstance(message, WaitForChannels) for message in messages)
    shown.show(3)
    assert covered(recalled(drawn(sender))) == PIXELS
    shown.show(0)
    assert not recalled(drawn(sender))


@pytest.mark.parametrize("size", [0, -1, 1000])
def test_a_client_that_keeps_nothing_is_told_to_keep_nothing(size: int) -> None:
    shown = Shown()
    _, sender = shown.connect(init=replace(INIT, pixmap_cache_size=size))
    for seed in (1, 2, 1):
        shown.show(seed)
    copies = drawn(sender)
    assert covered(copies) == 3 * PIXELS and not kept(copies) and not recalled(copies)


def test_a_client_on_the_same_host_is_told_to_keep_nothing() -> None:
    shown = Shown()
    _, sender = shown.connect(local=True)
    for seed in (1, 2, 1):
        shown.show(seed)
    copies = drawn(sender)
    assert not kept(copies) and all(isinstance(copy.src, Bitmap) for copy in copies)


def test_a_film_is_not_kept() -> None:
    shown = Shown()
    _, sender = shown.connect(init=replace(INIT, pixmap_cache_size=8 * PIXELS))
    shown.rig.hub.settings = replace(shown.rig.hub.settings, video=VideoMode.OFF)
    film = Rect(128, 64, 384, 256)
    for seed in range(10):
        shown.rig.now += 1 / 25
        shown.rig.submit(bitmap_copy(film, picture(seed % 3, film)))
        shown.rig.hub.push(shown.rig.now)
        shown.rig.answer()
    copies = drawn(sender)
    assert covered(copies) >= 9 * film.area
    assert not recalled(copies)
    assert covered([copy for copy in copies if kept([copy])]) <= film.area  # of the first picture


def test_slivers_are_neither_kept_nor_looked_for() -> None:
    shown = Shown()
    _, sender = shown.connect()
    line = Rect(0, 100, 640, 103)
    for seed in (1, 2, 1):
        shown.show(seed, line)
    copies = drawn(sender)
    assert len(copies) == 3 and not kept(copies) and not recalled(copies)


def test_another_channel_draws_what_has_come_and_waits_before_it_drops() -> None:
    shown = Shown()
    init = replace(INIT, pixmap_cache_size=2 * PIXELS)
    _, one = shown.connect(0, init=init)
    _, other = shown.connect(1, init=replace(init, glz_dictionary_id=2))
    shown.show(1)
    shown.show(2)
    assert kept(drawn(one)) and not kept(drawn(other))
    shown.rig.clients = shown.rig.clients[:1]  # the other answers nothing any more
    shown.show(1)
    assert covered(recalled(drawn(one))) == covered(recalled(drawn(other))) == PIXELS
    serial = other.serial
    shown.show(3)  # takes the room of 2, which both are known to have drawn
    assert not any(isinstance(message, WaitForChannels) for message in one.messages)
    shown.show(4)
    at = next(at for at, message in enumerate(one.messages) if isinstance(message, WaitForChannels))
    message, drop = one.messages[at : at + 2]
    assert isinstance(drop, DisplayInvalList) and isinstance(message, WaitForChannels)
    (wait,) = message.waits
    assert (wait.channel_type, wait.channel_id) == (2, 1) and 0 < wait.message_serial <= serial


def test_when_a_channel_is_lost_the_others_begin_anew() -> None:
    shown = Shown()
    init = replace(INIT, pixmap_cache_size=8 * PIXELS)
    lost, _ = shown.connect(0, init=init)
    _, one = shown.connect(1, init=replace(init, glz_dictionary_id=2))
    _, other = shown.connect(2, init=replace(init, glz_dictionary_id=3))
    shown.show(1)
    lost.disconnected(shown.rig.now)
    shown.rig.clients = shown.rig.clients[1:]
    for sender in (one, other):
        sender.messages.clear()
    shown.show(2)
    dropped = [message for message in one.messages if isinstance(message, DisplayInvalAllPixmaps)]
    assert dropped == [DisplayInvalAllPixmaps(waits=())]  # all that the other sent was answered
    (waited,) = [message for message in other.messages if isinstance(message, WaitForChannels)]
    assert isinstance(waited.waits[0], ChannelWait) and waited.waits[0].channel_id == 1
    for sender in (one, other):
        assert type(sender.messages[0]) in (DisplayInvalAllPixmaps, WaitForChannels)
    assert kept(drawn(one)) and not kept(drawn(other))  # they show the same
    shown.show(1)
    assert not recalled(drawn(one)) and not recalled(drawn(other))


def test_what_has_left_the_glz_window_still_comes_from_the_cache() -> None:
    shown = Shown(compression=Compression.GLZ)
    init = replace(INIT, pixmap_cache_size=8 * PIXELS, glz_dictionary_window_size=2 * PIXELS)
    _, sender = shown.connect(init=init)
    sizes, kinds = [], set()
    for seed in (1, 2, 3, 4, 1):
        shown.show(seed)
        copies = drawn(sender)
        kinds |= {type(copy.src) for copy in copies}
        sizes.append(sum(len(copy.serialize()) for copy in copies))
    assert sizes[-1] < 1000 and min(sizes[:-1]) > 10_000
    assert kinds <= {FromCache, Glz, ZlibGlz} and len(kinds) > 1


def photo(phase: int) -> bytes:
    return b"".join(
        bytes((x + y & 255, x * 2 & 255, y + phase & 255, 0))
        for y in range(SPEC.height)
        for x in range(SPEC.width)
    )


def test_lossy_pictures_are_drawn_again_and_made_exact_at_rest() -> None:
    shown = Shown(compression=Compression.AUTO_LZ)
    shown.rig.hub.settings = replace(shown.rig.hub.settings, jpeg=WanCompression.ALWAYS)
    client, sender = shown.connect(init=replace(INIT, pixmap_cache_size=8 * PIXELS))
    for phase, pause in ((0, REST_S), (99, 0.21), (0, 0.21)):
        drawn(sender)
        shown.rig.now += pause
        shown.rig.submit(bitmap_copy(SCREEN, photo(phase)))
        for _ in range(3):
            shown.rig.hub.push(shown.rig.now)
            shown.rig.answer()
        assert client.numbers().lossy_pixels == PIXELS
    lossy = drawn(sender)
    assert lossy and all(isinstance(copy.src, FromCache) for copy in lossy)
    shown.settle()
    exact = drawn(sender)
    assert covered(exact) == PIXELS and kept(exact) and not recalled(exact)
    assert client.numbers().lossy_pixels == 0
    for phase in (5, 0):
        shown.rig.now += 1
        shown.rig.submit(bitmap_copy(SCREEN, photo(phase)))
        shown.settle()
    again = [copy for copy in drawn(sender) if isinstance(copy.src, FromCacheLossless)]
    assert covered(again) == PIXELS


def test_whoever_gets_only_exact_pixels_draws_no_lossy_ones() -> None:
    shown = Shown(compression=Compression.AUTO_LZ)
    shown.rig.hub.settings = replace(shown.rig.hub.settings, jpeg=WanCompression.ALWAYS)
    client, sender = shown.connect(init=replace(INIT, pixmap_cache_size=8 * PIXELS))
    for phase, pause in ((0, REST_S), (99, 0.21), (0, 0.21)):
        if pause == 0.21 and not phase:
            shown.rig.hub.settings = replace(shown.rig.hub.settings, jpeg=WanCompression.NEVER)
        drawn(sender)
        shown.rig.now += pause
        shown.rig.submit(bitmap_copy(SCREEN, photo(phase)))
        for _ in range(3):
            shown.rig.hub.push(shown.rig.now)
            shown.rig.answer()
    assert client.numbers().lossy_pixels == 0
    copies = drawn(sender)
    assert covered(copies) == PIXELS and not recalled(copies)
