"""The terminal window: a shell in a text grid, drawn cell by cell and scrolled by moving pixels."""

from collections.abc import Iterator
from datetime import datetime
from math import inf

from gspice.geometry import Rect
from gspice.hosts.desktop import fonts, paint, theme
from gspice.hosts.desktop.cursors import CursorShape
from gspice.hosts.desktop.icons import Icon
from gspice.hosts.desktop.keyboard import KeyEvent
from gspice.hosts.desktop.line_editor import Edit, LineEditor
from gspice.hosts.desktop.screen import Raster
from gspice.hosts.desktop.shell import BANNER, Line, Shell
from gspice.hosts.desktop.text_grid import Cell, TextGrid
from gspice.hosts.desktop.wall_clock import WallClock
from gspice.hosts.desktop.window import Window

CELL_WIDTH, CELL_HEIGHT = 8, 17
_FONT_SIZE = 13
_PADDING = 8

_BLINK = 0.55
"""Seconds that the cursor is shown, and hidden, in turn."""

_FRAME = 1 / 60
_LINES_PER_FRAME = 6
"""Output taken from a command per frame: fast, but a picture that one can follow."""

_WHEEL_LINES = 3
_MOST_TYPEAHEAD = 256
"""Keys remembered while a command runs."""


class Terminal(Window):
    """Takes keys while it has the focus; output appears at ticks."""

    def __init__(self, width: int, height: int, wall: WallClock, now: float) -> None:
        super().__init__("Terminal", Icon.TERMINAL, width, height)
        self.grid = TextGrid(*self._grid_size())
        self.editor = LineEditor()
        self._now = now
        self._wall = wall
        self._shell = Shell(self._time, self.editor.history)
        self._output: Iterator[Line] | None = None
        self._typeahead: list[KeyEvent] = []
        self._anchor = (0, 0)
        """Line and column where the typed text begins."""
        self._view: int | None = None
        """First line shown while scrolled back; None: the end."""
        self._shown_top = 0
        self._shown_cursor = (0, 0)
        self._shown_look = ""
        self._lit = True
        self._blink_at = now + _BLINK
        self._relight = False
        """The blinking begins anew at the next tick."""
        self._output_at = inf
        self._pictures: dict[tuple[Cell, str], Raster] = {}
        for line in BANNER:
            self._print(line)
        self._prompt()
        self.paint()

    # Geometry.

    def _grid_size(self) -> tuple[int, int]:
        content = self.content
        columns = (content.width - 2 * _PADDING) // CELL_WIDTH
        return max(1, columns), max(1, (content.height - 2 * _PADDING) // CELL_HEIGHT)

    def _cells_rect(self) -> Rect:
        content = self.content
        width, height = self.grid.columns * CELL_WIDTH, self.grid.rows * CELL_HEIGHT
        return Rect.sized(content.left + _PADDING, content.top + _PADDING, width, height)

    def sized(self) -> None:
        self.grid.resize(*self._grid_size())
        if self._output is None:
            line = max(self._anchor[0], self.grid.top)
            self.grid.erase_from(line, 0)
            self.grid.move_to(line, 0)
            self._prompt()

    def content_cursor(self) -> CursorShape:
        return CursorShape.TEXT

    # The shell.

    def _time(self) -> datetime:
        return self._wall(self._now)

    def _print(self, line: Line) -> None:
        for text, style in line:
            self.grid.write(text, style)
        self.grid.new_line()

    def _prompt(self) -> None:
        for text, style in self._shell.prompt:
            self.grid.write(text, style)
        self._anchor = (self.grid.line, self.grid.column)
        self._show_input()

    def _show_input(self) -> None:
        """Write the typed text again from its start, and put the cursor into it."""
        grid = self.grid
        line, column = self._anchor
        self.editor.limit = max(1, (grid.rows - 1) * grid.columns - column - 1)
        self.editor.text = self.editor.text[: self.editor.limit]
        self.editor.position = min(self.editor.position, len(self.editor.text))
        grid.erase_from(line, column)
        grid.move_to(line, column)
        grid.write(self.editor.text)
        if grid.column >= grid.columns:
            grid.new_line()
        rows, columns = divmod(column + self.editor.position, grid.columns)
        grid.move_to(line + rows, columns)

    def _to_input_end(self) -> None:
        self.editor.position = len(self.editor.text)
        self._show_input()

    def key(self, event: KeyEvent) -> None:
        if event.shift and event.key in ("PageUp", "PageDown"):
            page = max(1, self.grid.rows - 1)
            self._scroll_view(-page if event.key == "PageUp" else page)
            return
        self._view = None
        self._relight = True
        if self._output is None:
            self._edit(event)
        elif event.ctrl and event.key == "c":
            self.grid.write("^C")
            self.grid.new_line()
            self._typeahead.clear()
            self._finish()
        elif len(self._typeahead) < _MOST_TYPEAHEAD:
            self._typeahead.append(event)

    def _edit(self, event: KeyEvent) -> None:
        edit = self.editor.key(event)
        if edit is Edit.CHANGED:
            self._show_input()
        elif edit is Edit.SUBMIT:
            self._to_input_end()
            self.grid.new_line()
            self._output = self._shell.run(self.editor.take())
            self._output_at = self._now
        elif edit is Edit.INTERRUPT:
            self._to_input_end()
            self.grid.write("^C")
            self.grid.new_line()
            self.editor.discard()
            self._prompt()
        elif edit is Edit.CLEAR_SCREEN:
            self._clear()
        elif edit is Edit.COMPLETE:
            self._complete()

    def _clear(self) -> None:
        self.grid.move_to(self._anchor[0], 0)
        self.grid.erase_from(self.grid.line, 0)
        self.grid.clear()
        self._prompt()

    def _complete(self) -> None:
        head = self.editor.text[: self.editor.position]
        found = self._shell.complete(head)
        if len(found) == 1:
            ending = "" if found[0].endswith("/") else " "
            self.editor.insert(found[0][len(head.rpartition(" ")[2]) :] + ending)
            self._show_input()
        elif found:
            self._to_input_end()
            self.grid.new_line()
            self._print([("  ".join(found), 0)])
            self._prompt()

    def _finish(self) -> None:
        self._output, self._output_at = None, inf
        if self._shell.clear_wanted:
            self._shell.clear_wanted = False
            self.grid.clear()
        self._prompt()
        keys, self._typeahead = self._typeahead, []
        for index, event in enumerate(keys):
            if self._output is not None:
                self._typeahead = keys[index:]
                break
            self._edit(event)

    def _take_output(self) -> None:
        for _ in range(_LINES_PER_FRAME):
            if self._output is None:
                return
            line = next(self._output, None)
            if line is None:
                self._finish()
                return
            self._print(line)

    # What is seen.

    def wheel(self, steps: int) -> None:
        self._scroll_view(steps * _WHEEL_LINES)

    def _scroll_view(self, lines: int) -> None:
        top = (self.grid.top if self._view is None else self._view) + lines
        self._view = None if top >= self.grid.top else max(top, self.grid.first)

    def _top(self) -> int:
        return self.grid.top if self._view is None else max(self._view, self.grid.first)

    def tick(self, now: float) -> None:
        self._now = now
        if now >= self._output_at:
            self._take_output()
            if self._output is not None:
                self._output_at = now + _FRAME
        if self._relight:
            self._lit, self._blink_at, self._relight = True, now + _BLINK, False
        elif now >= self._blink_at:
            self._lit = not self._lit
            self._blink_at = now + _BLINK
        self._render()

    def deadline(self) -> float:
        blink = self._blink_at if self.focused else inf
        return min(blink, self._output_at)

    def focus_changed(self) -> None:
        self._relight = True

    def _cursor_look(self) -> str:
        if not self.focused:
            return "hollow"
        return "block" if self._lit else ""

    def _render(self) -> None:
        """Bring the store up to the grid: move what scrolled, then draw the cells that changed."""
        grid, top = self.grid, self._top()
        place = (grid.line, min(grid.column, grid.columns - 1))
        look = self._cursor_look()
        rows_moved = top - self._shown_top
        if abs(rows_moved) >= grid.rows:
            self.paint_content()
            self.touch(self.content)
            return
        if rows_moved:
            self.scroll(self._cells_rect(), -rows_moved * CELL_HEIGHT)
            first = top + grid.rows - rows_moved if rows_moved > 0 else top
            for line in range(first, first + abs(rows_moved)):
                grid.mark(line, 0, grid.columns)
            self._shown_top = top
        if (self._shown_cursor, self._shown_look) != (place, look):
            for line, column in (self._shown_cursor, place):
                grid.mark(line, column, column + 1)
        self._shown_cursor, self._shown_look = place, look
        for line, (start, end) in grid.changed.items():
            if top <= line < top + grid.rows and start < grid.columns:
                self.touch(self._draw_cells(line, start, min(end, grid.columns)))
        grid.changed.clear()

    def paint_content(self) -> None:
        grid = self.grid
        paint.fill(self.store, self.content, theme.TERMINAL)
        self._shown_top = self._top()
        self._shown_cursor = (grid.line, min(grid.column, grid.columns - 1))
        self._shown_look = self._cursor_look()
        for row in range(grid.rows):
            self._draw_cells(self._shown_top + row, 0, grid.columns)
        grid.changed.clear()

    def _draw_cells(self, line: int, start: int, end: int) -> Rect:
        """Draw some cells of a shown line into the store; the rectangle they take in the window."""
        area = self._cells_rect()
        top = area.top + (line - self._shown_top) * CELL_HEIGHT
        rect = Rect(area.left + start * CELL_WIDTH, top, area.left + end * CELL_WIDTH, top + CELL_HEIGHT)
        paint.fill(self.store, rect, theme.TERMINAL)
        cells = self.grid.cells(line)
        for column in range(start, min(end, len(cells))):
            if cells[column][0] != " ":
                self._draw_cell(cells[column], "", area.left + column * CELL_WIDTH, top)
        cursor_line, cursor_column = self._shown_cursor
        if line == cursor_line and start <= cursor_column < end and self._shown_look:
            cell = cells[cursor_column] if cursor_column < len(cells) else (" ", 0)
            self._draw_cell(cell, self._shown_look, area.left + cursor_column * CELL_WIDTH, top)
        return rect

    def _draw_cell(self, cell: Cell, look: str, x: int, y: int) -> None:
        picture = self._pictures.get((cell, look))
        if picture is None:
            block = look == "block"
            picture = paint.raster(
                CELL_WIDTH, CELL_HEIGHT, theme.TERMINAL_CURSOR if block else theme.TERMINAL
            )
            color = theme.TERMINAL if block else theme.TERMINAL_COLORS[cell[1]]
            face = fonts.mono(_FONT_SIZE)
            face.draw(picture, 0, (CELL_HEIGHT - face.height) // 2, cell[0], color)
            if look == "hollow":
                inside = picture[1:-1, 1:-1].copy()
                picture[:] = paint.bgrx(theme.TERMINAL_CURSOR)
                picture[1:-1, 1:-1] = inside
            self._pictures[cell, look] = picture
        self.store[y : y + CELL_HEIGHT, x : x + CELL_WIDTH] = picture
