import inspect

from gspice.qxl.worker_port import WorkerPort
from gspice.server.qxl_worker import QXLWorker
from tests.qxl.fake_worker import FakeWorker, attached


def test_fake_and_server_have_every_call_with_the_same_parameters() -> None:
    asked = {name: method for name, method in vars(WorkerPort).items() if not name.startswith("_")}
    assert len(asked) == 21
    for name, method in asked.items():
        wanted = list(inspect.signature(method).parameters)
        for kind in (FakeWorker, QXLWorker):
            assert list(inspect.signature(getattr(kind, name)).parameters) == wanted, (kind, name)


def test_a_fake_worker_is_a_worker_port() -> None:
    _, worker = attached()
    port: WorkerPort = worker
    port.wakeup()
    assert worker.names() == ["wakeup"]
