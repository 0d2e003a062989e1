"""The terminal: shell, line editing and text grid as text; its pixels against a full repaint."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gspice.geometry import Rect
from gspice.hosts.desktop.keyboard import KeyEvent
from gspice.hosts.desktop.terminal import CELL_HEIGHT, CELL_WIDTH, Terminal
from gspice.hosts.desktop.text_grid import HISTORY_LINES, TextGrid

PROMPT = "guest@gspice:~$ "


class Typist:
    """A terminal that has the focus, and time for it."""

    def __init__(self, width: int = 658, height: int = 420) -> None:
        self.now = 50.0
        wall = lambda now: datetime(2026, 5, 17, 10, 0) + timedelta(seconds=now)  # noqa: E731
        self.terminal = Terminal(width, height, wall, self.now)
        self.terminal.set_focus(True)
        self.run(0.01)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        self.terminal.tick(self.now)
        while (due := max(self.now, self.terminal.deadline())) <= end:
            self.now = due + 1e-6
            self.terminal.tick(self.now)
        self.now = end

    def type(self, text: str) -> None:
        for character in text:
            self.terminal.key(KeyEvent("Enter") if character == "\n" else KeyEvent(character, character))
        self.run(0.2)

    def press(self, *keys: str, ctrl: bool = False, shift: bool = False) -> None:
        for key in keys:
            self.terminal.key(KeyEvent(key, ctrl=ctrl, shift=shift))
        self.run(0.05)

    def screen(self) -> list[str]:
        """What stands on the screen, without empty lines at the end."""
        lines = [line.rstrip() for line in self.terminal.grid.screen_text()]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def last(self) -> str:
        return self.screen()[-1]


@pytest.fixture
def typist() -> Typist:
    return Typist()


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("echo a  b", ["a b"]),
        ("echo 'a  b'", ["a  b"]),
        ("date", ["Sun 17 May 2026 10:00:50"]),
        ("uname", ["GSpice"]),
        ("seq 3", ["1", "2", "3"]),
        ("seq 2 4", ["2", "3", "4"]),
        ("seq x", ["seq: takes whole numbers"]),
        ("yes 2 ok", ["ok", "ok"]),
        ("ls", ["Documents  Music  Pictures  Videos  hello.txt  notes.txt  colours.txt"]),
        ("cat hello.txt nothing", ["Hello from the other end of the wire.", "cat: nothing: no such file"]),
        ("frobnicate", ["frobnicate: command not found (try help)"]),
        ("echo 'open", ["sh: No closing quotation"]),
        ("   ", []),
        ("pwd # where", ["/home/guest"]),
    ],
)
def test_commands(typist: Typist, line: str, output: list[str]) -> None:
    typist.type(line + "\n")
    assert typist.screen()[3:] == [(PROMPT + line).rstrip(), *output, PROMPT.rstrip()]


def test_help_names_every_command_that_is_asked_for(typist: Typist) -> None:
    typist.type("help\n")
    text = "\n".join(typist.screen())
    for name in ("help", "echo", "date", "clear", "uname", "ls", "seq", "yes"):
        assert f"  {name} " in text


def test_editing_in_the_middle(typist: Typist) -> None:
    typist.type("echo abd")
    typist.press("Left")
    typist.type("c")
    typist.press("Home", "Delete", "End", "Backspace")
    assert typist.last() == PROMPT + "cho abc"
    typist.press("u", ctrl=True)
    assert typist.last() == PROMPT.rstrip()


def test_history(typist: Typist) -> None:
    typist.type("echo 1\necho 2\ndraft")
    typist.press("Up", "Up")
    assert typist.last() == PROMPT + "echo 1"
    typist.press("Down", "Down")
    assert typist.last() == PROMPT + "draft"


def test_completion(typist: Typist) -> None:
    typist.type("una")
    typist.press("Tab")
    typist.type("-a")
    assert typist.last() == PROMPT + "uname -a"
    typist.press("c", ctrl=True)
    typist.type("cat no")
    typist.press("Tab")
    assert typist.last() == PROMPT + "cat notes.txt"
    typist.press("c", ctrl=True)
    typist.type("c")
    typist.press("Tab")
    assert typist.screen()[-2:] == ["cat  clear  colors", PROMPT + "c"]


def test_interrupt_and_typing_ahead(typist: Typist) -> None:
    typist.type("yes\n")
    assert typist.last() == "y"
    typist.type("lost")
    typist.press("c", ctrl=True)
    assert typist.last() == PROMPT.rstrip()
    typist.type("seq 30\necho next\n")
    typist.run(1)
    assert typist.screen()[-2:] == ["next", PROMPT.rstrip()]


@pytest.mark.parametrize("how", ["key", "command"])
def test_clearing(typist: Typist, how: str) -> None:
    typist.type("seq 5\n")
    if how == "key":
        typist.type("kept")
        typist.press("l", ctrl=True)
    else:
        typist.type("clear\nkept")
    assert typist.screen() == [PROMPT + "kept"]


def test_long_lines_go_on_below(typist: Typist) -> None:
    typist.type("echo " + "0123456789" * 20)
    rows = typist.screen()[3:]
    assert len(rows) == 3
    assert "".join(rows) == PROMPT + "echo " + "0123456789" * 20
    typist.press("Home")
    assert typist.terminal.grid.column == len(PROMPT)
    typist.press("k", ctrl=True)
    assert typist.screen()[3:] == [PROMPT.rstrip()]


def test_line_never_outgrows_the_screen() -> None:
    typist = Typist(260, 160)
    typist.type("x" * 3000)
    grid = typist.terminal.grid
    assert typist.screen()[0].startswith("guest@") or "guest@" in "".join(typist.screen())
    assert len("".join(typist.screen())) < grid.rows * grid.columns


def test_scrolling_back_and_forth(typist: Typist) -> None:
    typist.type("seq 100\n")
    typist.run(1)
    terminal, store = typist.terminal, typist.terminal.store
    bottom = terminal.grid.top
    end = store.copy()
    terminal.wheel(-3)
    typist.run(0.01)
    assert not np.array_equal(end, store)
    typist.press("PageDown", shift=True)
    terminal.wheel(-1000)
    typist.run(0.01)
    assert terminal.grid.top == bottom
    typist.type("x")
    assert typist.last() == PROMPT + "x"


def test_cursor_blinks_only_with_the_focus(typist: Typist) -> None:
    looks = set()
    for _ in range(8):
        typist.run(0.3)
        looks.add(typist.terminal.store.tobytes())
    assert len(looks) == 2
    typist.terminal.set_focus(False)
    typist.run(0.1)
    assert typist.terminal.deadline() == float("inf")


_inputs = st.one_of(
    st.sampled_from(["seq 9\n", "help\n", "clear\n", "ls\n", "echo " + "wide" * 40, "\n", "abc"]),
    st.sampled_from(["Left", "Home", "Backspace", "PageUp", "Up", "ctrl-c", "ctrl-l"]),
    st.integers(-5, 5),
    st.tuples(st.integers(200, 700), st.integers(120, 450)),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_inputs, max_size=10))
def test_store_equals_a_full_repaint(inputs: list[str | int | tuple[int, int]]) -> None:
    typist = Typist(400, 220)
    terminal = typist.terminal
    for given_input in inputs:
        if isinstance(given_input, int):
            terminal.wheel(given_input)
        elif isinstance(given_input, tuple):
            terminal.set_size(*given_input)
        elif given_input.startswith("ctrl-"):
            typist.press(given_input[-1], ctrl=True)
        elif given_input in ("Left", "Home", "Backspace", "PageUp", "Up"):
            typist.press(given_input, shift=given_input == "PageUp")
        else:
            typist.type(given_input)
        typist.run(0.02)
        drawn = terminal.store.copy()
        terminal.paint()
        assert np.array_equal(drawn, terminal.store)
        assert terminal.grid.top <= terminal.grid.line < terminal.grid.top + terminal.grid.rows


# The grid on its own.


def test_grid_forgets_what_is_too_old() -> None:
    grid = TextGrid(10, 4)
    for number in range(HISTORY_LINES + 50):
        grid.write(f"{number}\n")
    assert grid.top - grid.first == HISTORY_LINES
    assert grid.text(grid.first) == str(grid.first)
    assert grid.text(0) == ""


def test_grid_tabs_and_wraps() -> None:
    grid = TextGrid(12, 4)
    grid.write("a\tb\x07c" + "d" * 5)
    assert grid.screen_text()[:2] == ["a       bcdd", "ddd"]


def test_grid_tells_what_changed() -> None:
    grid = TextGrid(12, 4)
    grid.write("hello")
    assert grid.changed == {0: (0, 5)}
    grid.changed.clear()
    grid.erase_from(0, 3)
    assert grid.changed == {0: (3, 5)}


def test_cells_fit_the_window(typist: Typist) -> None:
    content = typist.terminal.content
    grid = typist.terminal.grid
    cells = Rect(0, 0, grid.columns * CELL_WIDTH, grid.rows * CELL_HEIGHT)
    assert cells.width <= content.width - 16 < cells.width + CELL_WIDTH
    assert cells.height <= content.height - 16 < cells.height + CELL_HEIGHT
