"""Headless chromium, driven by the DevTools protocol over its pipe."""

import base64
import contextlib
import fcntl
import itertools
import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.peers.peers import need_program

ANSWER_S = 90.0
LOWEST_FD = 10
"""Descriptors below are the shell's, and the two that chromium wants."""
PIPED = 'exec 3<&"$0" 4>&"$1"; shift; exec "$@"'

Answer = dict[str, Any]


class ChromiumError(Exception):
    """What the page, or chromium, has to say against a call."""


class Chromium:
    """A browser with pages that do not know of each other; ``close`` it."""

    def __init__(self, directory: Path) -> None:
        program = need_program("chromium", "chromium")
        there, self._to = _pipe()
        self._from, back = _pipe()
        self._errors = (directory / "chromium.log").open("wb")
        try:
            self._process = subprocess.Popen(
                [
                    "bash", "-c", PIPED, str(there), str(back), program, "--headless", "--no-sandbox",
                    "--disable-gpu", "--remote-debugging-pipe", f"--user-data-dir={directory / 'profile'}",
                    "--no-first-run", "--window-size=1000,800", "about:blank",
                ],
                pass_fds=[there, back],
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
            )  # fmt: skip
        finally:
            os.close(there)
            os.close(back)
        self._buffer = b""
        self._numbers = itertools.count(1)
        self._console: dict[str, list[str]] = {}

    def open(self, url: str) -> "Page":
        """A page at that address, being loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._console[session] = []
        for domain in ("Runtime", "Log", "Page"):
            self.call(f"{domain}.enable", session)
        self.call("Page.navigate", session, url=url)
        return Page(self, target, session)

    def console(self, session: str) -> list[str]:
        """What that page has logged: console lines, uncaught errors, and what the browser says of it."""
        return self._console[session]

    def call(self, method: str, session: str | None = None, **parameters: Any) -> Answer:
        """One call of the protocol's. ChromiumError: it failed."""
        number = next(self._numbers)
        call: Answer = {"id": number, "method": method, "params": parameters}
        if session is not None:
            call["sessionId"] = session
        data = json.dumps(call).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        end = time.monotonic() + ANSWER_S
        while (message := self._receive(end)).get("id") != number:
            self._event(message)
        if "error" in message:
            raise ChromiumError(f"{method}: {message['error']}")
        answer: Answer = message["result"]
        return answer

    def _receive(self, end: float) -> Answer:
        while b"\0" not in self._buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._from], [], [], left)[0]:
                raise TimeoutError(f"chromium has not answered within {ANSWER_S} s")
            data = os.read(self._from, 1 << 20)
            if not data:
                raise ChromiumError(f"chromium ended; see {self._errors.name}")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: Answer = json.loads(line)
        return message

    def _event(self, message: Answer) -> None:
        lines = self._console.get(message.get("sessionId", ""))
        read = _CONSOLE.get(message.get("method", ""))
        if lines is not None and read is not None:
            lines.append(read(message["params"]))

    def close(self) -> None:
        # One that has ended by itself takes no call.
        with contextlib.suppress(ChromiumError, BrokenPipeError, TimeoutError):
            self.call("Browser.close")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._errors.close()


class Page:
    """One page of a browser."""

    def __init__(self, browser: Chromium, target: str, session: str) -> None:
        self._browser = browser
        self._target = target
        self._session = session

    def value(self, expression: str) -> Any:
        """What JavaScript makes of the expression, promises awaited. ChromiumError: it threw."""
        answer = self._browser.call(
            "Runtime.evaluate", self._session, expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise ChromiumError(_exception(answer))
        return answer["result"].get("value")

    def mouse(self, kind: str, x: float, y: float, *, down: bool = False) -> None:
        """An event of DevTools' (mouseMoved, mousePressed, mouseReleased) there, with the left button or none."""
        button = (
            {"button": "left", "buttons": int(down), "clickCount": 1} if kind != "mouseMoved" or down else {}
        )
        self._browser.call("Input.dispatchMouseEvent", self._session, type=kind, x=x, y=y, **button)

    def type(self, text: str) -> None:
        """Press and release a key for each letter or digit."""
        for letter in text:
            for kind in ("rawKeyDown", "keyUp"):
                key = {"key": letter, "windowsVirtualKeyCode": ord(letter.upper())}
                self._browser.call("Input.dispatchKeyEvent", self._session, type=kind, **key)

    def console(self) -> list[str]:
        """Everything that was logged so far."""
        self.value("0")  # what came before its answer has come
        return list(self._browser.console(self._session))

    def screenshot(self, path: Path) -> None:
        """Its picture, as PNG."""
        data = self._browser.call("Page.captureScreenshot", self._session)["data"]
        path.write_bytes(base64.b64decode(data))

    def close(self) -> None:
        self._browser.call("Target.closeTarget", targetId=self._target)


def _pipe() -> tuple[int, int]:
    """As ``os.pipe``, but out of the way of the descriptors that chromium uses."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, LOWEST_FD) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


def _exception(parameters: Answer) -> str:
    details = parameters["exceptionDetails"]
    return f"{details['text']} {details.get('exception', {}).get('description', '')}"


def _console_line(parameters: Answer) -> str:
    return " ".join([str(each.get("value", each.get("description", ""))) for each in parameters["args"]])


def _log_entry(parameters: Answer) -> str:
    entry = parameters["entry"]
    return f"{entry['level'].upper()}: {entry['text']} {entry.get('url', '')}"


_CONSOLE = {
    "Runtime.consoleAPICalled": _console_line,
    "Runtime.exceptionThrown": _exception,
    "Log.entryAdded": _log_entry,
}
