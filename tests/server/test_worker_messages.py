"""The messages of a worker: all of them have a handler, and none but them."""

import dataclasses
import inspect
from typing import Any

import pytest

from gspice.server import worker_messages
from gspice.server.qxl_worker import QXLWorker
from tests.server.worker_rig import worker_rig

MESSAGES: set[type[Any]] = {
    value
    for value in vars(worker_messages).values()
    if inspect.isclass(value) and value.__module__ == worker_messages.__name__
}


def test_every_message_has_a_handler_and_every_handler_a_message() -> None:
    assert MESSAGES, "no message was found"
    with worker_rig() as rig:
        rig.call(worker_messages.ReadStatistics())  # it has started
        assert set(rig.worker._handlers) == MESSAGES
        assert set(rig.worker._handlers_without_display) < MESSAGES


@pytest.mark.parametrize("kind", sorted(MESSAGES, key=str))
def test_a_message_is_a_plain_value(kind: type[Any]) -> None:
    assert dataclasses.is_dataclass(kind)
    assert "__dict__" not in dir(kind), "messages have slots"
    fields = {field.name: None for field in dataclasses.fields(kind)}
    message = kind(**fields)
    for name in fields:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(message, name, 1)


def test_asynchronous_calls_are_those_with_a_cookie() -> None:
    """Whatever a host can begin with a cookie ends with one."""
    begun = {
        name.removesuffix("_async").replace("_", "").replace("surface", "")
        for name in vars(QXLWorker)
        if name.endswith("_async")
    }
    with_cookie = {
        kind.__name__.lower().removesuffix("async").replace("surface", "")
        for kind in MESSAGES
        if "cookie" in {field.name for field in dataclasses.fields(kind)}
    }
    assert begun == with_cookie
