"""A server that sends its one client just the drawing messages of a test, so that a picture is made of chosen bytes."""

import contextlib
import socket
import threading
from collections.abc import Sequence

from gspice.geometry import Rect
from gspice.pixels import SurfaceFormat
from gspice.server.keys import LinkKey
from gspice.wire.caps import CapSet, CommonCap
from gspice.wire.channel_types import ChannelType
from gspice.wire.enums import Ropd, ScaleMode, SurfaceFlags
from gspice.wire.framing import FrameReader, FrameWriter
from gspice.wire.images import Image
from gspice.wire.link_server import LinkRequested, LinkServer, TicketReceived
from gspice.wire.message import Message
from gspice.wire.messages.display import DisplayInit, DisplayMark, DisplaySurfaceCreate
from gspice.wire.messages.draw import DisplayCopy
from gspice.wire.messages.main import MainAttachChannels, MainChannelsList, MainInit
from gspice.wire.registry import client_messages
from gspice.wire.types import ChannelId, DisplayBase

COMMON = CapSet.of(CommonCap.AUTH_SELECTION, CommonCap.AUTH_SPICE, CommonCap.MINI_HEADER)
MAX_MESSAGE = 1 << 20
SESSION = 7


def copy(image: Image, left: int, top: int) -> DisplayCopy:
    """The whole of an image drawn with its upper left corner there."""
    return DisplayCopy(
        base=DisplayBase(surface_id=0, box=Rect(left, top, left + image.width, top + image.height)),
        src=image,
        src_area=Rect(0, 0, image.width, image.height),
        ropd=Ropd.OP_PUT,
        scale_mode=ScaleMode.NEAREST,
    )


class SentImages:
    """Listens at ``port``; whoever opens the display channel gets a primary surface of that size and the messages.

    ``others``: what further display channels get, which are then there.
    """

    def __init__(
        self, width: int, height: int, messages: Sequence[Message], *others: Sequence[Message]
    ) -> None:
        create = DisplaySurfaceCreate(
            surface_id=0,
            width=width,
            height=height,
            format=SurfaceFormat.XRGB32,
            flags=SurfaceFlags.PRIMARY,
        )
        displays = range(1 + len(others))
        channels = tuple(ChannelId(type=ChannelType.DISPLAY, id=number) for number in displays)
        self._answers: dict[tuple[type[Message], int], Sequence[Message]] = {
            (MainAttachChannels, 0): [MainChannelsList(channels=channels)],
            **{
                (DisplayInit, number): [create, *sent, DisplayMark()]
                for number, sent in enumerate((messages, *others))
            },
        }
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, name="sent-images")]
        self._threads[0].start()

    def close(self) -> None:
        for one in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):  # gone already
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in (self._listener, *self._sockets):
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            self._sockets.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), name="sent-images")
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            link, channel_type, channel_id = _linked(connection)
            reader = FrameReader(client_messages(channel_type), mini=True, max_size=MAX_MESSAGE)
            writer = FrameWriter(mini=True)
            if channel_type == ChannelType.MAIN:
                connection.sendall(b"".join(writer.encode(_INIT)))
            data = link.leftover()
            while True:
                reader.feed(data)
                while (message := reader.next_message()) is not None:
                    for answer in self._answers.get((type(message), channel_id), ()):
                        connection.sendall(b"".join(writer.encode(answer)))
                data = connection.recv(1 << 16)
                if not data:
                    return
        except OSError:
            return  # the client, or the test, is done


_INIT = MainInit(
    session_id=SESSION,
    display_channels_hint=1,
    supported_mouse_modes=1,
    current_mouse_mode=1,
    agent_connected=0,
    agent_tokens=0,
    multi_media_time=0,
    ram_hint=0,
)


def _linked(connection: socket.socket) -> tuple[LinkServer, ChannelType, int]:
    link = LinkServer()
    channel_type, channel_id = ChannelType.MAIN, 0
    while not link.done:
        data = connection.recv(4096)
        if not data:
            raise ConnectionError("closed in the link stage")
        link.receive(data)
        while (event := link.next_event()) is not None:
            if isinstance(event, LinkRequested):
                channel_type, channel_id = ChannelType(event.channel_type), event.channel_id
                link.accept(LinkKey().public_key_der, COMMON, CapSet())
            elif isinstance(event, TicketReceived):
                link.grant()
            else:
                raise ConnectionError(f"link stage: {event}")
        connection.sendall(link.data_to_send())
    return link, channel_type, channel_id
