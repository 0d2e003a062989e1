"""What display channels count: damage that was true, and how long the client was behind."""

from gspice.channels.display import FRAME_S
from gspice.geometry import Rect
from gspice.qxl.ops import Brush, Drawable, Fill, Mask
from gspice.wire.messages.base import Ping, Pong
from tests.channels.display_rig import INIT, SPEC, Rig

BOX = Rect(10, 10, 110, 60)


def fill(color: int, rect: Rect = BOX) -> Drawable:
    return Drawable(surface_id=0, bbox=rect, op=Fill(Brush(1, color), 8, Mask()))


def answer(ping: Ping) -> Pong:
    return Pong(id=ping.id, timestamp=ping.timestamp)


def submit(rig: Rig, drawable: Drawable, now: float) -> None:
    (outcome,) = rig.canvas.submit([drawable])
    rig.hub.note([(drawable, outcome.rects)], now)


def test_latency_runs_from_the_drawing_to_the_pong() -> None:
    rig = Rig()
    client, sender = rig.connect()
    sender.counts = True
    client.receive(INIT, 0.0)
    for ping in sender.pings:
        client.receive(answer(ping), 0.5)
    assert client.numbers().latency_count == 0, "the first picture answers no damage"
    sender.pings.clear()
    submit(rig, fill(1), 1.0)
    submit(rig, fill(2), 1.5)
    rig.hub.push(2.0)
    (ping,) = sender.pings
    assert client.numbers().under_way > 0
    client.receive(answer(ping), 2.25)
    numbers = client.numbers()
    assert (numbers.latency_count, numbers.latency_p50, numbers.latency_sum) == (1, 1.25, 1.25)
    assert numbers.under_way == 0 and numbers.round_trip is not None
    assert numbers.frames == 2 and numbers.coders["solid"].images >= 1


def test_the_host_says_when_a_scanout_is_new() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0.0)
    client.receive(answer(sender.pings.pop()), 0.0)
    (outcome,) = rig.canvas.submit([fill(9)])
    rig.hub.changed(outcome.rects, 3.0)
    rig.hub.push(4.0)
    client.receive(answer(sender.pings.pop()), 4.5)
    assert client.numbers().latency_p95 == 1.5


def test_a_client_that_takes_nothing_is_behind() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0.0)
    client.receive(answer(sender.pings.pop()), 0.0)
    sender.blocked = True
    submit(rig, fill(7), 1.0)
    rig.hub.look(1.0 + FRAME_S)
    assert client.numbers().stale_pixels == BOX.area
    assert client.numbers().lossy_pixels == 0


def test_damage_that_was_declared_is_held_against_what_changed() -> None:
    rig = Rig()
    client, _ = rig.connect()
    client.receive(INIT, 0.0)
    whole = SPEC.width * SPEC.height
    before = rig.hub.damage.numbers()
    assert (before.looks, before.declared) == (1, whole)
    submit(rig, fill(7), 1.0)
    rig.hub.changed([Rect(0, 0, SPEC.width, SPEC.height)], 1.0)
    rig.hub.look(2.0)
    damage = rig.hub.damage.numbers()
    assert damage.looks == 2 and damage.declared == 2 * whole
    assert damage.changed - before.changed == BOX.area and damage.moved == 0


def test_a_client_is_not_late_with_what_was_drawn_before_it_came() -> None:
    rig = Rig()
    submit(rig, fill(1), 1.0)
    client, sender = rig.connect()
    client.receive(INIT, 100.0)
    client.receive(answer(sender.pings.pop()), 100.0)
    submit(rig, fill(2), 101.0)
    rig.hub.push(101.5)
    client.receive(answer(sender.pings.pop()), 102.0)
    assert client.numbers().latency_sum == 1.0


def test_a_client_is_not_late_with_a_screen_that_is_gone() -> None:
    rig = Rig()
    client, sender = rig.connect()
    client.receive(INIT, 0.0)
    client.receive(answer(sender.pings.pop()), 0.0)
    sender.blocked = True
    submit(rig, fill(1), 1.0)
    rig.hub.look(1.0)
    rig.hub.primary_destroyed()
    rig.hub.primary_created(SPEC)
    sender.blocked = False
    submit(rig, fill(2), 100.0)
    rig.hub.push(100.5)
    client.receive(answer(sender.pings.pop()), 101.0)
    assert client.numbers().latency_sum == 1.0
