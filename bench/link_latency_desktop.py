"""A busy desktop for latencies: text that scrolls without end, a window that moves, and one that answers to keys."""

import math
import re

from tests.peers.peers import SYSTEM_PYTHON
from tests.peers.xorg import Screen, desktop

SIZE = (1280, 800)
LINES, LINES_S = 10, 0.010
"""So many lines at a time: about a thousand a second, of a hundred characters that no coder has seen before."""
SCROLL = (
    "import random, sys, time\n"
    "while True:\n"
    f"    for _ in range({LINES}): print('%096x' % random.getrandbits(384))\n"
    "    sys.stdout.flush()\n"
    f"    time.sleep({LINES_S})\n"
)
MOVE_S = 0.030
STEPS_A_ROUND = 90
CENTRE, RADIUS = (700, 140), 100

LEVELS = (0, 95, 135, 175, 215, 255)
"""Of the colours that xterm has in its 6x6x6 cube."""
COLOURS, STEP = 216, 43
"""With each key all three components go to their next level: no colour comes again that a client may have kept."""
FLIP = (
    "i=0; printf '\\033[?25l\\033[48;5;16m\\033[2J'; "
    f"while read -rsn1; do i=$(((i + {STEP}) % {COLOURS})); printf '\\033[48;5;%dm\\033[2J' $((16 + i)); done"
)
XTERM = ("xterm", "-fn", "fixed", "+sb")


def keys_window(screen: Screen) -> tuple[int, int]:
    """Show the window that answers to keys, with the focus; gives a place in it, far from its text and its edge."""
    screen.start(*XTERM, "-T", "keys", "-geometry", "20x5+1050+650", "-e", "bash", "-c", FLIP)
    window = screen.wait_window("--name", "^keys$")
    screen.ask("xdotool", "windowfocus", "--sync", window)
    where = dict(re.findall(r"(\w+)=(\d+)", screen.ask("xdotool", "getwindowgeometry", "--shell", window)))
    return int(where["X"]) + int(where["WIDTH"]) // 2, int(where["Y"]) + int(where["HEIGHT"]) // 2


def busy_desktop(screen: Screen, seconds: float) -> tuple[int, int]:
    """Start all of it; a place in the window that answers to keys. The moving one stands still after ``seconds``."""
    desktop(screen)
    screen.start(
        *XTERM, "-T", "moves", "-geometry", "60x20+600+40", "-e", "sh", "-c", "seq 40; exec sleep 1000"
    )
    screen.start(*XTERM, "-T", "scrolls", "-geometry", "100x40+10+10", "-e", SYSTEM_PYTHON, "-c", SCROLL)
    window = screen.wait_window("--name", "^moves$")
    screen.wait_window("--name", "^scrolls$")
    place = keys_window(screen)
    moves: list[str] = []
    for step in range(int(seconds / MOVE_S)):
        angle = 2 * math.pi * step / STEPS_A_ROUND
        x, y = (int(c + RADIUS * f(angle)) for c, f in zip(CENTRE, (math.cos, math.sin), strict=True))
        moves += ["windowmove", window, str(x), str(y), "sleep", str(MOVE_S)]
    screen.start("xdotool", *moves)
    return place


def colour(presses: int) -> tuple[int, int, int]:
    """R, G, B of the window that answers to keys, after so many of them."""
    place = presses * STEP % COLOURS
    return LEVELS[place // 36], LEVELS[place // 6 % 6], LEVELS[place % 6]
