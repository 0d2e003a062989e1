"""The line that a person is typing at the shell's prompt."""

from enum import Enum

from gspice.hosts.desktop.keyboard import KeyEvent

_MOST_HISTORY = 200


class Edit(Enum):
    """What a key did to the line."""

    NOTHING = 0
    CHANGED = 1
    SUBMIT = 2
    INTERRUPT = 3
    CLEAR_SCREEN = 4
    COMPLETE = 5


class LineEditor:
    """Text and a position in it, moved by keys as readline moves them; remembers former lines."""

    def __init__(self) -> None:
        self.text = ""
        self.position = 0
        self.limit = 1000
        """Most characters that a line takes."""
        self.history: list[str] = []
        self._recalled = 0
        """Index into the history; its length while the line is a new one."""
        self._draft = ""

    def insert(self, text: str) -> None:
        """Type text at the position, as far as the limit lets it."""
        text = text[: max(0, self.limit - len(self.text))]
        self.text = self.text[: self.position] + text + self.text[self.position :]
        self.position += len(text)

    def take(self) -> str:
        """The line as it stands; an empty one takes its place, and the history remembers it."""
        line, self.text, self.position, self._draft = self.text, "", 0, ""
        if line.strip() and self.history[-1:] != [line]:
            self.history.append(line)
            del self.history[:-_MOST_HISTORY]
        self._recalled = len(self.history)
        return line

    def discard(self) -> None:
        """Drop the line."""
        self.text, self.position, self._draft = "", 0, ""
        self._recalled = len(self.history)

    def key(self, event: KeyEvent) -> Edit:
        """Carry out a key; the caller does what only a terminal can."""
        if event.ctrl:
            return self._control(event.key)
        if event.key == "Enter":
            return Edit.SUBMIT
        if event.key == "Tab":
            return Edit.COMPLETE
        before = (self.text, self.position)
        if event.text:
            self.insert(event.text)
        else:
            self._named(event.key)
        return Edit.NOTHING if before == (self.text, self.position) else Edit.CHANGED

    def _control(self, key: str) -> Edit:
        if key == "c":
            return Edit.INTERRUPT
        if key == "l":
            return Edit.CLEAR_SCREEN
        before = (self.text, self.position)
        if key == "u":
            self.text, self.position = self.text[self.position :], 0
        elif key == "k":
            self.text = self.text[: self.position]
        elif key == "w":
            kept = self.text[: self.position].rstrip()
            kept = kept[: kept.rfind(" ") + 1]
            self.text, self.position = kept + self.text[self.position :], len(kept)
        elif key in _CONTROL_NAMES:
            self._named(_CONTROL_NAMES[key])
        return Edit.NOTHING if before == (self.text, self.position) else Edit.CHANGED

    def _named(self, key: str) -> None:
        if key == "Backspace" and self.position:
            self.text = self.text[: self.position - 1] + self.text[self.position :]
            self.position -= 1
        elif key == "Delete":
            self.text = self.text[: self.position] + self.text[self.position + 1 :]
        elif key == "Left":
            self.position = max(0, self.position - 1)
        elif key == "Right":
            self.position = min(len(self.text), self.position + 1)
        elif key == "Home":
            self.position = 0
        elif key == "End":
            self.position = len(self.text)
        elif key == "Up":
            self._recall(self._recalled - 1)
        elif key == "Down":
            self._recall(self._recalled + 1)

    def _recall(self, index: int) -> None:
        if not 0 <= index <= len(self.history):
            return
        if self._recalled == len(self.history):
            self._draft = self.text
        self._recalled = index
        self.text = self.history[index] if index < len(self.history) else self._draft
        self.text = self.text[: self.limit]
        self.position = len(self.text)


_CONTROL_NAMES = {
    "a": "Home",
    "e": "End",
    "b": "Left",
    "f": "Right",
    "p": "Up",
    "n": "Down",
    "d": "Delete",
    "h": "Backspace",
}
"""Readline's control keys for what other keys do too."""
