"""Options that contradict each other are refused, with what to do about it."""

import pytest

from gspice.errors import ConfigError
from gspice.gpu.select import backend_names
from gspice.server.options import ServerOptions
from gspice.server.security import ChannelSecurity
from gspice.wire.channel_types import ChannelType

GOOD: list[dict[str, object]] = [
    {},
    {"port": 0},
    {"port": 65535},
    {"uuid": bytes(16)},
]
GOOD += [{"renderer": name} for name in backend_names()]
BAD: list[tuple[dict[str, object], str]] = [
    ({"port": -1}, "port -1 is not between"),
    ({"port": 65536}, "port 65536 is not between"),
    ({"tls_port": 70000}, "tls-port 70000 is not between"),
    ({"tls_port": 0}, "--tls-dir"),
    ({"uuid": bytes(15)}, "16 bytes, not 15"),
    ({"renderer": "nonsense"}, "no renderer 'nonsense': choose one of cpu"),
    ({"renderer": ""}, "no renderer ''"),
]


@pytest.mark.parametrize("options", GOOD, ids=str)
def test_what_goes(options: dict[str, object]) -> None:
    ServerOptions(**options).check()  # type: ignore[arg-type]


@pytest.mark.parametrize(("options", "reason"), BAD, ids=str)
def test_what_does_not(options: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        ServerOptions(**options).check()  # type: ignore[arg-type]


def test_servers_do_not_share_their_security_map() -> None:
    first, second = ServerOptions(), ServerOptions()
    first.security.set("inputs", ChannelSecurity.SSL)
    assert second.security.rule(ChannelType.INPUTS) == ChannelSecurity.ANY
