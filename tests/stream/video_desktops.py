"""All labelled scenes: those with videos, and those without."""

from collections.abc import Callable

import numpy as np

from gspice.geometry import Rect
from tests.stream import video_scenes as films
from tests.stream import video_stills as stills
from tests.stream.video_scenes import HEIGHT, WIDTH, Picture, Player, Scene, photo

PLACE = Rect.sized(253, 91, 322, 182)
SCREEN = Rect(0, 0, WIDTH, HEIGHT)
OTHER = Rect.sized(420, 330, 260, 150)


def at(rect: Rect) -> Callable[[float], Rect]:
    return lambda t: rect


def drag(rect: Rect, begin: float, dx: int, dy: int) -> Callable[[float], Rect]:
    """It is dragged for a second."""

    def place(t: float) -> Rect:
        part = min(1.0, max(0.0, t - begin))
        return rect.translate(int(dx * part), int(dy * part))

    return place


def then(first: Rect, second: Rect, when: float) -> Callable[[float], Rect]:
    return lambda t: first if t < when else second


def cropped(rect: Rect) -> Rect:
    """The picture between black bars."""
    bar = rect.height // 8
    return Rect(rect.left, rect.top + bar, rect.right, rect.bottom - bar)


def moving_mouse(t: float) -> tuple[int, int]:
    return int(380 + 150 * np.sin(t)), int(170 + 110 * np.sin(1.7 * t))


def photo_screen() -> Picture:
    return photo(WIDTH, HEIGHT, 61)


def covered(t: float) -> Rect | None:
    return Rect(PLACE.left, PLACE.top, 430, PLACE.bottom) if t >= 6.0 else None


def in_the_dark(t: float) -> Rect | None:
    return films.lit(PLACE) if t < films.EARLIEST + films.DARK_S else None


VIDEOS = [
    Scene("window, same-size copies", [Player(place=at(PLACE))]),
    Scene("window, slivers", [Player(place=at(PLACE), declares="slivers")]),
    Scene("window, whole screen declared", [Player(place=at(PLACE))], whole_screen=True),
    Scene("whole screen declared, caret and clock beside", [
        Player(place=at(PLACE)), stills.blinking(Rect.sized(40, 40, 8, 16), 1.0),
        stills.clock(Rect.sized(660, 20, 120, 24)), stills.typing(Rect.sized(20, 320, 240, 200)),
    ], whole_screen=True),
    Scene("full screen", [Player(place=at(SCREEN))]),
    Scene("full screen, letterboxed", [Player(place=at(SCREEN), picture=cropped)]),
    Scene("window, letterboxed", [Player(place=at(Rect.sized(240, 80, 320, 240)), picture=cropped)]),
    Scene("15 frames/s", [Player(place=at(PLACE), fps=15)]),
    Scene("24 frames/s", [Player(place=at(PLACE), fps=24)]),
    Scene("30 frames/s", [Player(place=at(PLACE), fps=30)]),
    Scene("60 frames/s", [Player(place=at(PLACE), fps=60)]),
    Scene("small, 128x96", [Player(place=at(Rect.sized(301, 203, 128, 96)))]),
    Scene("dragged while playing, copies", [Player(place=drag(PLACE, 6.0, 150, 190))]),
    Scene("dragged while playing, slivers", [Player(place=drag(PLACE, 6.0, 150, 190), declares="slivers")]),
    Scene("dragged a little", [Player(place=drag(PLACE, 6.0, 40, 20), declares="slivers")]),
    Scene("dragged over a photograph", [
        Player(place=drag(PLACE, 6.0, 190, 120), declares="slivers"),
    ], backdrop=photo_screen),
    Scene("jumps elsewhere", [
        Player(place=then(PLACE, PLACE.translate(-200, 300), 6.0), declares="slivers"),
    ]),
    Scene("resized, larger", [
        Player(place=then(PLACE, Rect.sized(200, 60, 480, 270), 6.0), declares="slivers"),
    ]),
    Scene("resized, smaller", [
        Player(place=then(Rect.sized(200, 60, 480, 270), PLACE, 6.0), declares="slivers"),
    ]),
    Scene("resized, smaller, over a photograph", [
        Player(place=then(Rect.sized(200, 60, 480, 270), PLACE, 6.0), declares="slivers"),
    ], backdrop=photo_screen),
    Scene("to full screen", [Player(place=then(PLACE, SCREEN, 6.0))]),
    Scene("from full screen", [Player(place=then(SCREEN, PLACE, 6.0))]),
    Scene("subtitled", [Player(place=at(PLACE)), stills.Subtitles(Rect.sized(290, 240, 240, 28))]),
    Scene("captions in the picture", [Player(film=films.with_text, place=at(PLACE))]),
    Scene("mouse over it", [Player(place=at(PLACE)), stills.mouse(moving_mouse)]),
    Scene("mouse over it, whole screen declared", [
        Player(place=at(PLACE)), stills.mouse(moving_mouse)], whole_screen=True),
    Scene("two at once", [
        Player(place=at(Rect.sized(60, 40, 320, 180))),
        Player(place=at(OTHER), fps=30, film=films.panning, start=2.0),
    ]),
    Scene("two side by side", [
        Player(place=at(Rect.sized(60, 40, 320, 180))),
        Player(place=at(Rect.sized(392, 40, 320, 180)), fps=30, film=films.panning),
    ], whole_screen=True),
    Scene("two, corner to corner", [
        Player(place=at(Rect.sized(60, 40, 320, 180))),
        Player(place=at(Rect.sized(384, 224, 320, 180)), film=films.panning),
    ], whole_screen=True),
    Scene("half covered by a window", [
        Player(place=at(PLACE), hides=covered), stills.window(at(Rect.sized(430, 60, 300, 300)), 6.0),
    ]),
    Scene("paused for two seconds, thrice", [
        Player(place=at(PLACE), pauses=((4.0, 6.0), (8.0, 10.0), (13.0, 15.0))),
    ]),
    Scene("dark at first", [Player(film=films.darkening, place=at(PLACE), declares="slivers", hides=in_the_dark)]),
    Scene("half of the picture holds still", [
        Player(film=films.half_still, place=at(PLACE), declares="slivers")], seconds=40.0),
    Scene("gradients without noise", [Player(film=films.gradients, place=at(PLACE))]),
    Scene("camera pan, sharp", [Player(film=films.panning, place=at(PLACE))]),
    Scene("over a photograph, while typing", [
        Player(place=at(PLACE)), stills.typing(Rect.sized(20, 320, 240, 200)),
    ], backdrop=photo_screen),
    Scene("beside a scrolling terminal", [
        Player(place=at(PLACE)),
        stills.scrolling(Rect.sized(20, 320, 400, 240), lambda t: int(t * 10) * 30,
                         stills.terminal(400, 6000)),
    ]),
]  # fmt: skip

WINDOW = Rect.sized(80, 60, 560, 420)
STILLS = [
    Scene("typing", [stills.typing(WINDOW)]),
    Scene("typing, whole screen declared", [
        stills.typing(WINDOW), stills.blinking(Rect.sized(700, 40, 8, 16), 1.0)], whole_screen=True),
    Scene("fast typing", [stills.typing(WINDOW, 30)]),
    Scene("caret", [stills.blinking(Rect.sized(100, 100, 2, 16), 1.0)]),
    Scene("large block that blinks", [stills.blinking(Rect.sized(100, 100, 200, 160), 1.0)]),
    Scene("large block that blinks fast", [stills.blinking(Rect.sized(100, 100, 200, 160), 8.0)]),
    Scene("terminal, jump scroll", [
        stills.scrolling(WINDOW, lambda t: int(t * 30) * 30, stills.terminal(560, 6000))]),
    Scene("terminal, other lines each time", [
        stills.scrolling(WINDOW, lambda t: int(t * 30) * 790, stills.terminal(560, 6000))]),
    Scene("terminal, smooth scroll", [
        stills.scrolling(WINDOW, lambda t: int(t * 90), stills.terminal(560, 6000))]),
    Scene("article with photographs, smooth scroll", [
        stills.scrolling(WINDOW, lambda t: int(t * 400), stills.article(560, 9000))]),
    Scene("article with photographs, wheel", [
        stills.scrolling(WINDOW, lambda t: int(t * 5) * 100 + min(100, int(t % 0.2 * 900)),
                         stills.article(560, 9000))]),
    Scene("article with photographs, full screen", [
        stills.scrolling(SCREEN, lambda t: int(t * 700), stills.article(WIDTH, 9000))], whole_screen=True),
    Scene("window over a photograph", [
        stills.dragged(Rect.sized(60, 60, 300, 220), lambda t: (int(150 + 150 * np.sin(t)), int(40 * t) % 250)),
    ], backdrop=photo_screen),
    Scene("window with a shadow over a photograph", [
        stills.dragged(Rect.sized(60, 60, 300, 220), lambda t: (int(150 + 150 * np.sin(t)), int(20 * t) % 250), 24),
    ], backdrop=photo_screen),
    Scene("spinner", [stills.spinner(Rect.sized(300, 200, 64, 64))]),
    Scene("large spinner", [stills.spinner(Rect.sized(300, 200, 200, 200))]),
    Scene("progress bar", [stills.progress(Rect.sized(200, 300, 400, 24))]),
    Scene("slides, hard cuts", [stills.slides(WINDOW, 3.0, 0.0)]),
    Scene("slides, fades of 0.3 s", [stills.slides(WINDOW, 3.0, 0.3)]),
    Scene("slides, fades of 0.5 s", [stills.slides(SCREEN, 4.0, 0.5)], whole_screen=True),
    Scene("clock", [stills.clock(Rect.sized(300, 200, 260, 120))]),
    Scene("mouse over a photograph", [stills.mouse(moving_mouse)], backdrop=photo_screen),
]  # fmt: skip
