"""The terminal's text: lines of styled cells with a history, a cursor, and what is not drawn yet."""

from collections import deque

Cell = tuple[str, int]
"""A character, and its colour as an index into the terminal's palette."""

HISTORY_LINES = 2000
"""Lines kept above the screen."""

_TAB = 8


class TextGrid:
    """Lines are numbered from the first ever written, so that a number names the same line for good.

    The screen is the ``rows`` lines from ``top`` on.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self.top = 0
        self.line = 0
        """Number of the cursor's line."""
        self.column = 0
        self.first = 0
        """Number of the oldest line that is kept."""
        self._lines: deque[list[Cell]] = deque([[]])
        self.changed: dict[int, tuple[int, int]] = {}
        """Changed columns of lines, first and end; who draws them clears it."""

    def cells(self, line: int) -> list[Cell]:
        """The cells of a line, as far as it was written; empty for lines that are not kept."""
        index = line - self.first
        return self._lines[index] if 0 <= index < len(self._lines) else []

    def text(self, line: int) -> str:
        """A line's characters."""
        return "".join(character for character, _ in self.cells(line))

    def screen_text(self) -> list[str]:
        """The text of the lines on the screen."""
        return [self.text(self.top + row) for row in range(self.rows)]

    def resize(self, columns: int, rows: int) -> None:
        """Take another size; lines that are longer stay so, and the cursor stays on the screen."""
        columns, rows = max(1, columns), max(1, rows)
        # A taller screen shows more of the history, a lower one keeps the cursor.
        self.top = max(self.first, self.top - max(0, rows - self.rows))
        self.columns, self.rows = columns, rows
        self.column = min(self.column, columns)
        self.top = max(self.top, self.line - self.rows + 1)
        self.changed.clear()

    def mark(self, line: int, start: int, end: int) -> None:
        """Count columns of a line as changed."""
        low, high = self.changed.get(line, (start, end))
        self.changed[line] = (min(low, start), max(high, end))

    def write(self, text: str, style: int = 0) -> None:
        """Write at the cursor; tabs reach the next stop, long lines go on below."""
        for character in text:
            if character == "\n":
                self.new_line()
            elif character == "\t":
                self.write(" " * (_TAB - self.column % _TAB), style)
            elif character.isprintable():
                self._put(character, style)

    def _put(self, character: str, style: int) -> None:
        if self.column >= self.columns:
            self.new_line()
        cells = self.cells(self.line)
        while len(cells) < self.column:
            cells.append((" ", 0))
        cells[self.column : self.column + 1] = [(character, style)]
        self.mark(self.line, self.column, self.column + 1)
        self.column += 1

    def new_line(self) -> None:
        """Go to the start of the next line; the screen scrolls where it must."""
        self.line += 1
        self.column = 0
        while self.line - self.first >= len(self._lines):
            self._lines.append([])
        if self.line >= self.top + self.rows:
            self.top += 1
        self._forget()

    def _forget(self) -> None:
        while self.top - self.first > HISTORY_LINES:
            self._lines.popleft()
            self.changed.pop(self.first, None)
            self.first += 1

    def move_to(self, line: int, column: int) -> None:
        """Put the cursor onto a kept line of the screen."""
        self.line = min(max(line, self.top), self.first + len(self._lines) - 1)
        self.column = min(max(column, 0), self.columns)

    def erase_from(self, line: int, column: int) -> None:
        """Clear from a place on the screen to the end of all text."""
        for number in range(max(line, self.first), self.first + len(self._lines)):
            cells = self.cells(number)
            start = column if number == line else 0
            if len(cells) > start:
                self.mark(number, start, len(cells))
                del cells[start:]

    def clear(self) -> None:
        """Bring the cursor's line to the top of the screen, with nothing below it."""
        self.erase_from(self.line + 1, 0)
        self.top = self.line
        self._forget()
