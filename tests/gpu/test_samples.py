"""What tiles are like, found on the device: the video detector's numbers, and its decisions, are those of the CPU."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from random import Random

import pytest

from gspice.geometry import Rect
from gspice.gpu.canvas import Canvas
from gspice.gpu.compute.canvas import ComputeCanvas
from gspice.gpu.compute.device import ComputeDevice
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.pixels import BitmapFormat, SurfaceFormat, SurfaceSpec
from gspice.qxl.ops import BitmapImage, Copy, Drawable, Mask
from gspice.stream.detect.tile_history import SLOTS_PER_S, TileHistory
from gspice.stream.detect.video_detector import VideoDetector, VideoRegion
from gspice.stream.screen import Screen
from tests.gpu.devices import APIS, open_device
from tests.gpu.test_comparison import Pair, draw_something
from tests.stream.video_desktops import STILLS, VIDEOS
from tests.stream.video_scenes import LOOKS_PER_S, Scene

FORMS = (SurfaceFormat.XRGB32, SurfaceFormat.ARGB32, SurfaceFormat.RGB555, SurfaceFormat.A8)
SIZES = ((203, 131), (16, 16), (1, 1), (2, 33), (97, 18))
SCENES = ("window, slivers", "two side by side", "terminal, jump scroll", "window over a photograph")
SECONDS = 1.2


@pytest.fixture(scope="module", params=APIS)
def device(request: pytest.FixtureRequest) -> Iterator[ComputeDevice]:
    with open_device(request.param) as made:
        yield made


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", SIZES)
def test_sums_are_those_of_the_cpu(device: ComputeDevice, form: SurfaceFormat, size: tuple[int, int]) -> None:
    values = Random(f"{form} {size}")
    pair = Pair(device, SurfaceSpec(*size, form))
    with closing(pair):
        histories = [TileHistory(screen.frame) for screen in pair.screens]
        whole = pair.screens[0].bounds
        across, down = (whole.right + 15) // 16, (whole.bottom + 15) // 16
        slight = 0
        for slot in range(30):
            for _ in range(values.randrange(4)):
                draw_something(pair, values)
            changed = pair.look().changed
            assert pair.screens[0].samples is not None and pair.screens[1].samples is None
            counts = values.random() < 0.8
            found = [
                history.note(changed, slot, counts=counts, samples=screen.samples)
                for history, screen in zip(histories, pair.screens, strict=True)
            ]
            assert found[0] == found[1]
            left, top = values.randrange(across), values.randrange(down)
            box = Rect(left, top, values.randint(left + 1, across), values.randint(top + 1, down))
            ours, theirs = (
                (
                    history.sums(box, slot),
                    history.sums(Rect(0, 0, across, down), slot),
                    history.presence(whole, slot),
                    history.left_behind(whole, Rect(0, 0, 1, 1), slot),
                )
                for history in histories
            )
            assert ours == theirs, slot
            slight += ours[1].slight
        assert slight > 0 or min(size) < 3


def test_samples_of_another_frame_are_refused() -> None:
    canvas = CpuCanvas()
    canvas.create_surface(0, SurfaceSpec(33, 16, SurfaceFormat.XRGB32))
    history = TileHistory(Screen(SurfaceSpec(33, 16, SurfaceFormat.XRGB32), canvas).frame)
    with pytest.raises(ValueError, match="40 bytes of samples of 3x1 tiles"):
        history.note([Rect(0, 0, 1, 1)], 0, samples=memoryview(bytes(40)))


class Watcher:
    """A canvas on which a scene is drawn, and what a detector says of it."""

    def __init__(self, canvas: Canvas, scene: Scene) -> None:
        self.canvas = canvas
        height, width = scene.backdrop().shape[:2]
        spec = SurfaceSpec(width, height, SurfaceFormat.XRGB32)
        canvas.create_surface(0, spec)
        self.screen = Screen(spec, canvas)
        self.detector = VideoDetector(self.screen)
        self.said: list[Sequence[VideoRegion]] = []

    def see(self, picture: bytes, stride: int, rects: Sequence[Rect], now: float) -> None:
        for rect in rects:
            rows = b"".join(
                [picture[y * stride + 4 * rect.left : y * stride + 4 * rect.right]
                 for y in range(rect.top, rect.bottom)]
            )  # fmt: skip
            image = BitmapImage(
                id=0, flags=0, width=rect.width, height=rect.height, format=BitmapFormat.XRGB32, top_down=True,
                stride=4 * rect.width, data=rows,
            )  # fmt: skip
            op = Copy(image, Rect(0, 0, rect.width, rect.height), 8, 0, Mask())
            (outcome,) = self.canvas.submit([Drawable(surface_id=0, bbox=rect, op=op)])
            self.screen.declare(outcome.rects)
        if self.screen.dirty:
            self.said.append(self.detector.looked(self.screen.look(now), now))


@pytest.mark.parametrize("name", SCENES)
def test_decisions_are_those_of_the_cpu(device: ComputeDevice, name: str) -> None:
    scene = next(each for each in (*VIDEOS, *STILLS) if each.name == name)
    ours = ComputeCanvas(device, owns_device=False)
    with closing(ours):
        watchers = [Watcher(ours, scene), Watcher(CpuCanvas(), scene)]
        empty = scene.backdrop()
        whole = watchers[0].screen.bounds
        for number in range(int(SECONDS * LOOKS_PER_S)):
            now = number / LOOKS_PER_S + 0.003
            picture = empty.copy()
            damage = (
                [rect for actor in scene.actors for rect in actor.draw(picture, now)] if number else [whole]
            )
            rects = [part for rect in damage if not (part := rect.intersect(whole)).empty]
            for watcher in watchers:
                watcher.see(picture.tobytes(), 4 * whole.width, rects, now)
        assert watchers[0].screen.samples is not None
        assert watchers[0].said == watchers[1].said
        assert any(watchers[0].said) == (scene in VIDEOS)
        assert SLOTS_PER_S == LOOKS_PER_S
