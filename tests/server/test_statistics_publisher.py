"""Publishing: a copy now and then while something happens, and none while nothing does."""

from collections import Counter

from gspice.channels.display import DisplayChannel
from gspice.gpu.cpu.canvas import CpuCanvas
from gspice.server.connection import Connection
from gspice.server.loop import PollLoop
from gspice.server.statistics_publisher import PUBLISH_MS, StatisticsPublisher
from tests.server.net import Clock


class Rig:
    def __init__(self) -> None:
        self.clock = Clock()
        self.loop = PollLoop(self.clock)
        self.canvas = CpuCanvas()
        self.commands: Counter[str] = Counter()
        self.connections: dict[object, Connection] = {}
        self.publisher = StatisticsPublisher(0)
        self.display = DisplayChannel(self.canvas)

    def start(self) -> None:
        self.publisher.start(self.loop, self.canvas, self.commands, self.display, self.connections)

    def later(self, parts: float = 1.0) -> None:
        self.clock.now += parts * PUBLISH_MS / 1000 + 0.001
        self.loop.run_once(0.0)

    @property
    def waits(self) -> bool:
        return any(timer.due is not None for _, _, timer in self.loop._heap)


def test_a_change_is_published_after_a_while() -> None:
    rig = Rig()
    rig.publisher.touch()
    assert not rig.waits, "not before it is started"
    rig.start()
    assert rig.publisher.newest.canvas == "cpu"
    rig.commands["Fill"] += 1
    rig.publisher.touch()
    rig.publisher.touch()
    rig.later(0.5)
    assert not rig.publisher.newest.commands
    rig.later(0.5)
    published = rig.publisher.newest
    assert published.commands == {"Fill": 1}
    rig.commands["Fill"] += 1
    rig.display.damage.looks += 1
    assert published.commands == {"Fill": 1} and published.damage.looks == 0, "a copy"
    rig.later()
    assert rig.publisher.newest.commands == {"Fill": 2} and rig.publisher.newest.damage.looks == 1


def test_when_nothing_happens_nothing_wakes_the_worker() -> None:
    rig = Rig()
    rig.start()
    rig.publisher.touch()
    rig.later()
    assert not rig.waits
    rig.publisher.touch()
    assert rig.waits
