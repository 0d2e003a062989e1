"""Options that contradict each other are refused, with what to do about it."""

import pytest

from gspice.errors import ConfigError
from gspice.gpu import backends
from gspice.gpu.backends import Backend
from gspice.server.options import ServerOptions
from gspice.server.security import ChannelSecurity
from gspice.wire.channel_types import ChannelType

GOOD: list[dict[str, object]] = [
    {},
    {"port": 0},
    {"port": 65535},
    {"uuid": bytes(16)},
]
GOOD += [{"renderer": name} for name in ("auto", "cpu")]
BAD: list[tuple[dict[str, object], str]] = [
    ({"port": -1}, "port -1 is not between"),
    ({"port": 65536}, "port 65536 is not between"),
    ({"tls_port": 70000}, "tls-port 70000 is not between"),
    ({"tls_port": 0}, "--tls-dir"),
    ({"uuid": bytes(15)}, "16 bytes, not 15"),
    ({"renderer": "nonsense"}, "no renderer 'nonsense': choose one of cpu"),
    ({"renderer": ""}, "no renderer ''"),
    ({"renderer_device": "0"}, "renderer auto takes no device: choose opengl or vulkan for '0'"),
]


@pytest.mark.parametrize("options", GOOD, ids=str)
def test_what_goes(options: dict[str, object]) -> None:
    ServerOptions(**options).check()  # type: ignore[arg-type]


@pytest.mark.parametrize(("options", "reason"), BAD, ids=str)
def test_what_does_not(options: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        ServerOptions(**options).check()  # type: ignore[arg-type]


def test_a_renderer_needs_its_package_and_may_have_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(backends.GPU_BACKENDS, "opengl", Backend("json.decoder:X", "", "json"))
    ServerOptions(renderer="opengl", renderer_device="1").check()
    monkeypatch.setitem(backends.GPU_BACKENDS, "opengl", Backend("json.decoder:X", "", "no_such_package"))
    with pytest.raises(ConfigError, match=r"renderer opengl: .* pip install no_such_package"):
        ServerOptions(renderer="opengl").check()


def test_servers_do_not_share_their_security_map() -> None:
    first, second = ServerOptions(), ServerOptions()
    first.security.set("inputs", ChannelSecurity.SSL)
    assert second.security.rule(ChannelType.INPUTS) == ChannelSecurity.ANY
