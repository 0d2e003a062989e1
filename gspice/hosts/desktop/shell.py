"""The terminal's commands: each gives its output line by line, so that long ones can be interrupted."""

import shlex
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import count

Span = tuple[str, int]
"""Text, and its colour as an index into the terminal's palette."""
Line = list[Span]

PLAIN, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, GREY = range(8)

_HOST = "gspice"
_USER = "guest"
_PROMPT: Line = [(f"{_USER}@{_HOST}", GREEN), (":", PLAIN), ("~", BLUE), ("$ ", PLAIN)]

_DIRECTORIES = ("Documents", "Music", "Pictures", "Videos")
_FILES = {
    "hello.txt": ["Hello from the other end of the wire."],
    "notes.txt": [
        "Every pixel of this desktop travels as a SPICE message:",
        "  fills and copies for the windows,",
        "  copy-bits for scrolling and dragging,",
        "  a stream for what moves like video.",
    ],
    "colours.txt": ["red green yellow blue magenta cyan grey: try `colors`"],
}

BANNER: list[Line] = [
    [("Welcome to ", PLAIN), ("GSpice", CYAN), (", a desktop drawn over SPICE.", PLAIN)],
    [("Type ", PLAIN), ("help", YELLOW), (" for the list of commands.", PLAIN)],
    [],
]


class Shell:
    """Runs command lines. ``wall`` gives the time of day."""

    def __init__(self, wall: Callable[[], datetime], history: list[str]) -> None:
        self._wall = wall
        self._history = history
        self.clear_wanted = False
        """A command asked for an empty screen; the terminal does that and resets it."""

    @property
    def prompt(self) -> Line:
        return _PROMPT

    def run(self, line: str) -> Iterator[Line]:
        """The output of a command line. Endless commands end when the iterator is dropped."""
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            return iter([[(f"sh: {error}", RED)]])
        if not words:
            return iter(())
        command = _COMMANDS.get(words[0])
        if command is None:
            return iter([[(f"{words[0]}: command not found", RED), (" (try help)", GREY)]])
        return iter(command[0](self, words[1:]))

    def complete(self, text: str) -> list[str]:
        """What the last word of ``text`` could become: a command at the start of the line, else a file."""
        start, _, word = text.rpartition(" ")
        names = (*_FILES, *(f"{name}/" for name in _DIRECTORIES)) if start.strip() else _COMMANDS
        return sorted(name for name in names if name.startswith(word))

    # The commands. Each takes the words behind its name.

    def _help(self, words: list[str]) -> Iterable[Line]:
        yield [("Commands of this shell:", PLAIN)]
        for name, (_, text) in _COMMANDS.items():
            yield [(f"  {name:<9}", YELLOW), (text, PLAIN)]
        yield [("Keys: ", GREY), ("Tab completes, Ctrl-C stops, Ctrl-L clears, wheel scrolls back", GREY)]

    def _echo(self, words: list[str]) -> Iterable[Line]:
        return [[(" ".join(words), PLAIN)]]

    def _date(self, words: list[str]) -> Iterable[Line]:
        return [[(f"{self._wall():%a %d %b %Y %H:%M:%S %Z}".rstrip(), PLAIN)]]

    def _clear(self, words: list[str]) -> Iterable[Line]:
        self.clear_wanted = True
        return ()

    def _uname(self, words: list[str]) -> Iterable[Line]:
        return [[(f"GSpice {_HOST} 0.1 embedded qxl" if "-a" in words else "GSpice", PLAIN)]]

    def _ls(self, words: list[str]) -> Iterable[Line]:
        if "-l" in words:
            for name in _DIRECTORIES:
                yield [(f"drwxr-xr-x  2 {_USER} {_USER}   4096  ", PLAIN), (name, BLUE)]
            for name, lines in _FILES.items():
                size = sum(len(line) + 1 for line in lines)
                yield [(f"-rw-r--r--  1 {_USER} {_USER} {size:6}  {name}", PLAIN)]
            return
        spans: Line = []
        for name in _DIRECTORIES:
            spans += [(name, BLUE), ("  ", PLAIN)]
        yield [*spans, ("  ".join(_FILES), PLAIN)]

    def _cat(self, words: list[str]) -> Iterable[Line]:
        for word in words:
            if word not in _FILES:
                yield [(f"cat: {word}: no such file", RED)]
            for line in _FILES.get(word, ()):
                yield [(line, PLAIN)]

    def _seq(self, words: list[str]) -> Iterable[Line]:
        try:
            numbers = [int(word) for word in words]
        except ValueError:
            return [[("seq: takes whole numbers", RED)]]
        if len(numbers) not in (1, 2):
            return [[("usage: seq [first] last", RED)]]
        first, last = (1, numbers[0]) if len(numbers) == 1 else numbers
        return ([(str(number), PLAIN)] for number in range(first, last + 1))

    def _yes(self, words: list[str]) -> Iterable[Line]:
        times = int(words[0]) if words and words[0].isdecimal() and len(words[0]) < 10 else None
        text = " ".join(words if times is None else words[1:]) or "y"
        return ([(text, PLAIN)] for _ in (count() if times is None else range(times)))

    def _colors(self, words: list[str]) -> Iterable[Line]:
        names = ("default", "red", "green", "yellow", "blue", "magenta", "cyan", "grey")
        return [[(f"  {name:<9}the quick brown fox", style)] for style, name in enumerate(names)]

    def _whoami(self, words: list[str]) -> Iterable[Line]:
        return [[(_USER, PLAIN)]]

    def _pwd(self, words: list[str]) -> Iterable[Line]:
        return [[(f"/home/{_USER}", PLAIN)]]

    def _show_history(self, words: list[str]) -> Iterable[Line]:
        return [[(f"{index:5}  {line}", PLAIN)] for index, line in enumerate(self._history, 1)]


_COMMANDS: dict[str, tuple[Callable[[Shell, list[str]], Iterable[Line]], str]] = {
    "help": (Shell._help, "this list"),
    "echo": (Shell._echo, "print the words"),
    "date": (Shell._date, "the date and time"),
    "clear": (Shell._clear, "empty the screen"),
    "uname": (Shell._uname, "the system's name; -a for more"),
    "ls": (Shell._ls, "list files; -l for more"),
    "cat": (Shell._cat, "print files"),
    "seq": (Shell._seq, "count: seq [first] last"),
    "yes": (Shell._yes, "print y over and over: yes [times] [words]"),
    "colors": (Shell._colors, "the terminal's colours"),
    "history": (Shell._show_history, "the lines typed before"),
    "pwd": (Shell._pwd, "the working directory"),
    "whoami": (Shell._whoami, "who you are"),
}
