"""What the clients of a display have in common: looks, shared images, monitors, scanouts."""

import random

import pytest

from gspice.channels.display import ACTED_S, FAST_FRAME_S, FRAME_S
from gspice.channels.display_client import QUEUE_HIGH
from gspice.geometry import Point, Rect
from gspice.pixels import Pixels, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import CopyBits, Drawable
from gspice.stream.compression import Compression
from gspice.stream.screen import Screen
from gspice.vdi.qxl import Head, MonitorsConfig
from gspice.wire.caps import CapSet, DisplayCap
from gspice.wire.messages.display import (
    DisplayInvalAllPalettes,
    DisplayMark,
    DisplayMonitorsConfig,
    DisplaySurfaceCreate,
    DisplaySurfaceDestroy,
)
from gspice.wire.messages.draw import DisplayCopy, DisplayCopyBits, DisplayFill
from tests.channels.display_rig import INIT, SPEC, Rig, bitmap_copy, copied, fill
from tests.channels.settling import LateEncoders


def test_nothing_is_sent_before_init_and_then_the_surface_image_monitors_mark() -> None:
    rig = Rig()
    client, sender = rig.connect()
    rig.draw(fill(Rect(0, 0, 10, 10)))
    assert sender.messages == []
    client.receive(INIT, 0)
    messages = list(sender.messages)
    types = sender.take()
    assert types[:2] == [DisplayInvalAllPalettes, DisplaySurfaceCreate]
    assert types[2:-2] == [DisplayCopy]
    assert types[-2:] == [DisplayMonitorsConfig, DisplayMark]
    assert copied(messages) == SPEC.width * SPEC.height


def test_without_a_primary_there_is_nothing_to_show_until_one_is_made() -> None:
    rig = Rig(primary=False)
    client, sender = rig.connect()
    client.receive(INIT, 0)
    assert sender.take() == [DisplayInvalAllPalettes]
    rig.create_primary()
    assert sender.take() == [DisplaySurfaceCreate, DisplayMonitorsConfig, DisplayMark]
    rig.hub.primary_destroyed()
    assert sender.take() == [DisplaySurfaceDestroy]


def test_one_slow_client_does_not_hold_another() -> None:
    rig = Rig()
    (slow, slow_sender), (fast, fast_sender) = rig.connect(), rig.connect()
    for client in (slow, fast):
        client.receive(INIT, 0)
    slow_sender.messages.clear()
    fast_sender.messages.clear()
    slow_sender.queued_bytes = QUEUE_HIGH + 1
    rig.draw(fill(Rect(0, 0, 20, 20)))
    assert slow_sender.take() == []
    assert fast_sender.take() == [DisplayFill]


def test_the_first_change_after_a_pause_is_sent_at_once_and_more_at_the_rate_of_frames() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    rig.push()
    rig.answer()
    sender.take()
    rig.draw(fill(Rect(0, 0, 8, 8), 1))
    assert sender.take() == [DisplayFill]
    rig.submit(fill(Rect(0, 0, 8, 8), 2))
    rig.hub.push(rig.now + FRAME_S / 2)
    assert sender.take() == [] and rig.wakes[-1] == pytest.approx(rig.now + FRAME_S)
    rig.hub.push(rig.wakes[-1])
    assert sender.take() == [DisplayFill]


def test_while_a_person_acts_frames_come_sooner() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    rig.push()
    rig.answer()
    rig.draw(fill(Rect(0, 0, 8, 8), 1))
    sender.take()
    rig.acted_at = rig.now
    rig.submit(fill(Rect(0, 0, 8, 8), 2))
    rig.hub.push(rig.now + FAST_FRAME_S)
    assert sender.take() == [DisplayFill]
    looked_at = rig.now + FAST_FRAME_S
    rig.acted_at = looked_at - 1.01 * ACTED_S
    rig.submit(fill(Rect(0, 0, 8, 8), 3))
    rig.hub.push(looked_at + FAST_FRAME_S)
    assert sender.take() == [] and rig.wakes[-1] == pytest.approx(looked_at + FRAME_S)


def test_what_was_declared_but_is_as_before_is_not_sent() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    rig.draw(fill(Rect(0, 0, 300, 300), 5))
    sender.take()
    rig.draw(fill(Rect(0, 0, 300, 300), 5))
    rig.hub.forget_pixels()
    rig.push_all()
    assert sender.take() == []


def test_what_the_guest_scrolls_is_scrolled_by_the_client() -> None:
    rig = Rig()
    client, sender = rig.connect()
    rig.submit(bitmap_copy(Rect(0, 0, 640, 480), random.Random(1).randbytes(640 * 480 * 4)))
    client.receive(INIT, 0)
    rig.push_all()
    sender.take()
    up = Rect(0, 0, 640, 400)
    rig.submit(Drawable(surface_id=0, bbox=up, op=CopyBits(Point(0, 80))))
    rig.push()
    rig.push()
    messages = sender.messages
    assert isinstance(messages[0], DisplayCopyBits)
    assert messages[0].base.box.area >= 0.9 * up.area and messages[0].src.y - messages[0].base.box.top == 80
    assert copied(messages) <= up.area - messages[0].base.box.area + 16 * 640


def test_clients_in_step_share_what_was_packed() -> None:
    rig = Rig(compression=Compression.LZ)
    pairs = [rig.connect() for _ in range(3)]
    for client, _ in pairs:
        client.receive(INIT, 0)
    rig.push_all()
    encoded: list[object] = []
    late = rig.hub._encoders = LateEncoders()
    rig.submit(fill(Rect(0, 0, 300, 300), 5))
    rig.submit(fill(Rect(7, 7, 90, 90), 6))
    rig.push()
    assert len(late.jobs) == 1, "one job for all three"
    for _, sender in pairs:
        sender.take()
    late.finish(0, rig.now)
    for _, sender in pairs:
        (message,) = sender.messages
        assert isinstance(message, DisplayCopy)
        encoded.append(message.src.data)  # type: ignore[union-attr]
    assert encoded[0] is encoded[1] is encoded[2]


def test_monitors_of_the_guest_replace_the_default_and_go_with_its_driver() -> None:
    rig = Rig()
    assert rig.hub.monitors_message().heads[0].width == SPEC.width
    client, sender = rig.connect()
    client.receive(INIT, 0)
    sender.messages.clear()
    heads = (Head(0, 0, 0, 0, 320, 480), Head(1, 0, 320, 0, 320, 480))
    rig.hub.guest_monitors(MonitorsConfig(4, heads))
    (message,) = sender.messages
    assert isinstance(message, DisplayMonitorsConfig)
    assert message.max_allowed == 4 and [head.x for head in message.heads] == [0, 320]
    rig.hub.guest_monitors(MonitorsConfig(4, ()))
    assert len(rig.hub.monitors_message().heads) == 2, "a config without heads is ignored"
    rig.hub.guest_monitors(None)
    assert len(rig.hub.monitors_message().heads) == 1


def test_the_guest_learns_what_all_clients_can() -> None:
    rig = Rig()
    assert rig.hub.shared_caps() == (False, bytes(58))
    first, _ = rig.connect()
    assert rig.hub.shared_caps() == (True, bytes([0b11]) + bytes(57))
    rig.connect(CapSet.of(DisplayCap.MONITORS_CONFIG))
    assert rig.hub.shared_caps() == (True, bytes([0b10]) + bytes(57))
    first.disconnected(0)
    first.disconnected(0)
    assert rig.hub.shared_caps()[0]


# Settings of the server


def test_clients_are_told_of_no_more_monitors_than_the_host_allows() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    heads = tuple(Head(number, 0, number * 100, 0, 100, 100) for number in range(4))
    for config, count, allowed, shown in (
        (MonitorsConfig(8, heads), 2, 2, 2),
        (MonitorsConfig(8, heads), 6, 6, 4),
        (MonitorsConfig(3, heads[:1]), 6, 3, 1),
        (MonitorsConfig(0, heads), 16, 4, 4),
        (None, 1, 1, 1),
    ):
        rig.hub.guest_monitors(config)
        sender.take()
        rig.hub.set_max_monitors(count)
        (message,) = sender.messages
        assert isinstance(message, DisplayMonitorsConfig)
        assert (message.max_allowed, len(message.heads)) == (allowed, shown)


# A host's scanout


class Scanout:
    """Pixels of one colour for each time that they are read, and the rectangles that were."""

    def __init__(self, color: int) -> None:
        self.color = color
        self.read_rects: list[Rect] = []

    def read(self, surface_id: int, rect: Rect) -> Pixels:
        self.read_rects.append(rect)
        self.color += 1
        data = self.color.to_bytes(4, "little") * rect.area
        return Pixels(rect.width, rect.height, rect.width * 4, SurfaceFormat.XRGB32, data)

    def view(self, surface_id: int) -> None:
        return None


def test_a_scanout_hides_what_the_guest_draws_until_it_is_off() -> None:
    rig = Rig()
    client, sender = rig.connect(CapSet())
    client.receive(INIT, 0)
    scanout = Scanout(0xABCDEF)
    small = SurfaceSpec(32, 16, SurfaceFormat.XRGB32)
    sender.take()
    rig.hub.scanout_on(small, scanout)
    assert rig.hub.scanout and rig.hub.primary == small
    assert sender.take() == [DisplaySurfaceDestroy, DisplaySurfaceCreate, DisplayMark]
    rig.push()
    assert sender.take() == [DisplayFill] and scanout.read_rects == [Rect(0, 0, 32, 16)]
    rig.draw(fill(Rect(0, 0, 640, 480)))
    rig.hub.primary_destroyed()
    rig.hub.primary_created(SPEC)
    assert sender.take() == []
    rig.hub.changed([Rect(1, 1, 2, 2)])
    rig.push()
    assert sender.take() == [DisplayFill]
    rig.hub.scanout_off()
    rig.push_all()
    assert copied(sender.messages) == 640 * 480
    assert [kind for kind in sender.take() if kind not in (DisplayCopy, DisplayFill)] == [
        DisplaySurfaceDestroy,
        DisplaySurfaceCreate,
        DisplayMark,
    ]
    rig.draw(fill(Rect(0, 0, 8, 8), 99))
    assert sender.take() == [DisplayFill]


def test_a_scanout_without_a_primary_surface_behind_it() -> None:
    rig = Rig(primary=False)
    client, sender = rig.connect()
    client.receive(INIT, 0)
    rig.hub.scanout_on(SPEC, Scanout(1))
    rig.hub.scanout_off()
    assert sender.take()[-1] == DisplaySurfaceDestroy and rig.hub.primary is None
    rig.hub.scanout_off()
    assert sender.take() == []


class Watching:
    """Notes what it sees."""

    def __init__(self) -> None:
        self.wants_looks = True
        self.seen: list[str] = []

    def looked(self, screen: Screen, new: bool, now: float) -> None:
        self.seen.append("new" if new else "looked")

    def hidden(self) -> None:
        self.seen.append("hidden")


def test_an_onlooker_sees_the_screen_without_a_client() -> None:
    rig = Rig()
    onlooker = Watching()
    rig.hub.onlooker = onlooker
    rig.push()
    assert onlooker.seen == ["looked"]
    rig.draw(fill(Rect(0, 0, 8, 8), 5))
    rig.draw(fill(Rect(0, 0, 8, 8), 5))
    assert onlooker.seen[1:] == ["new", "looked"]
    onlooker.wants_looks = False
    rig.draw(fill(Rect(0, 0, 8, 8), 6))
    assert onlooker.seen[3:] == [] and rig.hub.screen is not None and rig.hub.screen.dirty
    rig.hub.primary_destroyed()
    assert onlooker.seen[3:] == ["hidden"]


def test_an_onlooker_sees_what_clients_cannot_take() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0)
    rig.push_all()
    onlooker = Watching()
    rig.hub.onlooker = onlooker
    sender.blocked = True
    rig.draw(fill(Rect(0, 0, 8, 8), 5))
    assert onlooker.seen == ["new"]
