"""Our own client as one that notes which video streams there are, where and when, from what comes on the wire."""

import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from gspice.client.channel import Handlers
from gspice.client.connection import Client
from gspice.client.display import DisplayChannel
from gspice.client.drawing import DRAWING_MESSAGES, clip_of
from gspice.client.session import Session
from gspice.client.tls import TlsOptions
from gspice.client.uri import parse_uri
from gspice.geometry import Rect
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import VideoCodec
from gspice.wire.message import Message
from gspice.wire.messages import display as wire

Frame = wire.DisplayStreamData | wire.DisplayStreamDataSized
CONNECT_S = 15.0


@dataclass(slots=True)
class Stream:
    """One stream from its creation on."""

    created_at: float
    codec: int
    dest: Rect
    clip: tuple[Rect, ...] | None
    frames: list[tuple[float, int]] = field(default_factory=list)
    """When each came, and its bytes."""

    def shown(self) -> tuple[Rect, ...]:
        """Where its frames are drawn."""
        if self.clip is None:
            return (self.dest,)
        parts = [self.dest.intersect(rect) for rect in self.clip]
        return tuple(part for part in parts if not part.empty)


@dataclass(slots=True)
class StreamLog:
    """All streams of a session."""

    streams: list[Stream] = field(default_factory=list)
    """Those there have been, in order."""
    times: list[float] = field(default_factory=list)
    """When something changed, and in ``areas`` what was streamed from then on."""
    areas: list[tuple[Rect, ...]] = field(default_factory=list)
    _live: dict[int, Stream] = field(default_factory=dict)

    def note(self, message: Message, now: float) -> None:
        """A message that came."""
        match message:
            case wire.DisplayStreamCreate():
                stream = Stream(now, message.codec, message.dest, clip_of(message.clip))
                self._live[message.id] = stream
                self.streams.append(stream)
            case wire.DisplayStreamClip():
                if message.id in self._live:
                    self._live[message.id].clip = clip_of(message.clip)
            case wire.DisplayStreamData() | wire.DisplayStreamDataSized():
                self._frame(message, now)
            case wire.DisplayStreamDestroy():
                self._live.pop(message.id, None)
            case wire.DisplayStreamDestroyAll():
                self._live.clear()
            case _:
                return
        area = tuple(rect for stream in self._live.values() for rect in stream.shown())
        if area != self.at(now):
            self.times.append(now)
            self.areas.append(area)

    def _frame(self, message: Frame, now: float) -> None:
        stream = self._live.get(message.id)
        if stream is None:
            return
        stream.frames.append((now, len(message.data)))
        if isinstance(message, wire.DisplayStreamDataSized):
            stream.dest = message.dest

    def at(self, now: float) -> tuple[Rect, ...]:
        """What was streamed at that time."""
        index = bisect_right(self.times, now)
        return self.areas[index - 1] if index else ()

    def codecs(self) -> list[str]:
        """The names of those in use."""
        names = {int(codec): codec.name for codec in VideoCodec}
        return sorted({names.get(stream.codec, str(stream.codec)) for stream in self.streams})


class WatchedDisplay(DisplayChannel):
    """A display channel whose streams are noted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(video=True)
        self.log = StreamLog()
        self._clock = clock

    def receive(self, message: Message, serial: int) -> None:
        self.log.note(message, self._clock())
        super().receive(message, serial)


class NotedDisplay(WatchedDisplay):
    """One that decodes nothing, so that it is never what a server waits for."""

    HANDLERS: ClassVar[Handlers] = {
        **DisplayChannel.HANDLERS,
        **dict.fromkeys(DRAWING_MESSAGES, DisplayChannel._on_ignored),
        **dict.fromkeys((wire.DisplayStreamData, wire.DisplayStreamDataSized), DisplayChannel._on_ignored),
    }


def connected(port: int, display: WatchedDisplay) -> Client:
    """A client of a server on this machine; ``close`` it. Errors of Client.connect."""
    wanted = {ChannelType.DISPLAY}
    client = Client(
        parse_uri(f"spice://127.0.0.1:{port}"),
        Session(wanted=wanted, display=display),
        password="",
        tls=TlsOptions(),
    )
    try:
        spent = client.open_main(CONNECT_S)
        client.run_until(lambda: display.up, CONNECT_S, "the display channel to be linked", spent=spent)
    except BaseException:
        client.close()
        raise
    return client
