"""Input devices that write down what they are told."""

from gspice.vdi import HostButtons, KeyboardInterface, Leds, MouseInterface, TabletInterface

Call = tuple[object, ...]


class FakeKeyboard(KeyboardInterface):
    def __init__(self, leds: int = 0) -> None:
        self.leds = Leds(leds)
        self.fragments = bytearray()

    def push_scan_freg(self, fragment: int) -> None:
        self.fragments.append(fragment)

    def get_leds(self) -> Leds:
        return self.leds

    def taken(self) -> bytes:
        """What came since the last call."""
        got, self.fragments = bytes(self.fragments), bytearray()
        return got


class FakeMouse(MouseInterface):
    def __init__(self) -> None:
        self.calls: list[Call] = []

    def motion(self, dx: int, dy: int, dz: int, buttons: HostButtons) -> None:
        self.calls.append(("motion", dx, dy, dz, buttons))

    def buttons(self, buttons: HostButtons) -> None:
        self.calls.append(("buttons", buttons))


class FakeTablet(TabletInterface):
    def __init__(self) -> None:
        self.calls: list[Call] = []

    def set_logical_size(self, width: int, height: int) -> None:
        self.calls.append(("size", width, height))

    def position(self, x: int, y: int, buttons: HostButtons) -> None:
        self.calls.append(("position", x, y, buttons))

    def wheel(self, dz: int, buttons: HostButtons) -> None:
        self.calls.append(("wheel", dz, buttons))

    def buttons(self, buttons: HostButtons) -> None:
        self.calls.append(("buttons", buttons))


class FakeAgentMouse:
    def __init__(self) -> None:
        self.calls: list[Call] = []

    def mouse_state(self, x: int, y: int, buttons: int, display: int) -> None:
        self.calls.append((x, y, buttons, display))
